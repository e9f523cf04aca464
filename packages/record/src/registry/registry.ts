/**
 * Who may speak: the state of the registry stream. Persons and their keys, the
 * system's key and the policy in force, as of one position in the log.
 */
import type { ClaimMatch } from "../identity/key-binding.ts";
import type { Artefact } from "../lifecycle/state.ts";
import type { AnnouncedKey } from "./log-keys.ts";
import type { ActorKind, Permission, Policy } from "../statements/words.ts";

export interface EnrolledKey {
  readonly fingerprint: string;
  /** One line in authorized_keys form, without a comment. */
  readonly publicKey: string;
  /** Index of the entry that enrolled it. */
  readonly addedAt: number;
  /** When it was enrolled, by the ledger's clock. */
  readonly enrolledOn: string;
  /** Whose word it is that the key is this person's. An administrator's is the weaker one. */
  readonly assurance: "administrator" | "identity-provider";
  /** From then on it signs nothing. */
  readonly expiresAt?: string;
  /** Index of the entry that revoked it. */
  readonly revokedAt?: number;
  /** What it signed from then on may be somebody else's: said when it was revoked as compromised. */
  readonly doubtfulSince?: string;
}

/** An account at an identity provider. */
export interface Account {
  /** Id of the statement that linked it. */
  readonly id: string;
  readonly issuer: string;
  /** Commitment to the subject that the issuer knows the person by. */
  readonly subject: string;
}

/** Tokens of a pipeline: whose, and what they must say word for word. */
export interface Workload {
  readonly issuer: string;
  readonly claims: readonly ClaimMatch[];
}

/** A role, with the scope and the time in which it holds. */
export interface Role {
  /** Id of the statement that granted it. */
  readonly id: string;
  readonly role: string;
  /** Absent: all. */
  readonly services?: readonly string[];
  readonly environments?: readonly string[];
  readonly until?: string;
}

/** A policy that one administrator proposed and another has not decided on yet. */
export interface PolicyProposal {
  /** Id of the statement that proposed it. */
  readonly id: string;
  readonly by: string;
  readonly settings: Policy;
  readonly rules?: Artefact;
}

export interface Person {
  readonly id: string;
  readonly kind: ActorKind;
  readonly permissions: readonly Permission[];
  readonly keys: readonly EnrolledKey[];
  /** Commitments to the name and to mail addresses, lower-cased; their openings can be deleted. */
  readonly name?: string;
  readonly emails: readonly string[];
  readonly accounts: readonly Account[];
  /** Which pipelines it is; of a human none. */
  readonly workloads: readonly Workload[];
  readonly roles: readonly Role[];
}

/** By which entry, why, and where it goes on. */
export interface LogClosed {
  readonly index: number;
  readonly reason: string;
  readonly successor?: { readonly origin: string; readonly logKey: string };
}

export interface Predecessor {
  readonly origin: string;
  /** C2SP verifier key that signed its last checkpoint. */
  readonly logKey: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

/** Something was not as it was signed, and the log had stopped for it. */
export interface ClearedAlarm {
  /** Of the entry by which the log went on. */
  readonly index: number;
  readonly found: string;
  readonly foundAt?: string;
  readonly clearedBy: string;
  readonly clearedAt: string;
}

export interface Registry {
  readonly instance: string;
  /** The key that the log was opened with. */
  readonly logKey: string;
  /** All its keys, oldest first, since the first rotation; absent: `logKey` for every size. */
  readonly logKeys?: readonly AnnouncedKey[];
  /** The log has ended: nothing is said after this. */
  readonly closed?: LogClosed;
  /** The log that this one goes on from, as its last checkpoint has it. */
  readonly predecessor?: Predecessor;
  /** The system's own actor: it signs only what follows from entries and clock. */
  readonly system: {
    readonly actor: string;
    readonly fingerprint: string;
    readonly publicKey: string;
  };
  readonly policy: Policy;
  readonly policyDigest: string;
  /** The policy's rules in force, kept beside the ledger; absent: the settings are the whole policy. */
  readonly rules?: Artefact;
  readonly policyProposal?: PolicyProposal;
  /** Index of the entry that said the policy in force is due for review. */
  readonly policyReviewDue?: number;
  /** The newest times that the log had stopped and went on; absent: never. */
  readonly alarms?: readonly ClearedAlarm[];
  readonly persons: { readonly [id: string]: Person };
  /** Leaf hash of the stream's newest entry, in hex. */
  readonly head: string;
  readonly length: number;
}

/** The person who holds this key, revoked or not; keys are never shared or re-used. */
export function holderOf(registry: Registry, fingerprint: string): Person | undefined {
  return Object.values(registry.persons).find((person) =>
    person.keys.some((key) => key.fingerprint === fingerprint),
  );
}

/** The person by id. Ids come from outside, so `persons[id]` alone could find `constructor`. */
export function personById(registry: Registry, id: string): Person | undefined {
  return Object.hasOwn(registry.persons, id) ? registry.persons[id] : undefined;
}

/** The person's key if it is enrolled, not revoked, and not expired at `now`. */
export function usableKey(
  person: Person,
  fingerprint: string,
  now: string,
): EnrolledKey | undefined {
  return person.keys.find(
    (key) =>
      key.fingerprint === fingerprint &&
      key.revokedAt === undefined &&
      (key.expiresAt === undefined || now < key.expiresAt),
  );
}

/** Whose word it is that the key is its holder's; undefined: of no enrolled person. */
export function assuranceOf(
  registry: Registry,
  fingerprint: string,
): EnrolledKey["assurance"] | undefined {
  return holderOf(registry, fingerprint)?.keys.find((key) => key.fingerprint === fingerprint)
    ?.assurance;
}

/** Whether what this key signed at `when` may be somebody else's. */
export function doubtful(registry: Registry, fingerprint: string, when: string): boolean {
  const key = holderOf(registry, fingerprint)?.keys.find(
    (item) => item.fingerprint === fingerprint,
  );
  return key?.doubtfulSince !== undefined && when >= key.doubtfulSince;
}

/** The names of the roles that `person` has for a service in an environment at `now`, sorted. */
export function rolesFor(
  person: Person,
  where: { readonly service: string; readonly environment: string },
  now: string,
): readonly string[] {
  const held = person.roles.filter(
    (item) =>
      (item.services === undefined || item.services.includes(where.service)) &&
      (item.environments === undefined || item.environments.includes(where.environment)) &&
      (item.until === undefined || now < item.until),
  );
  return [...new Set(held.map((item) => item.role))].sort();
}

/** At least one person can still change the registry at `now`, or nobody ever could again. */
export function hasAdministrator(registry: Registry, now: string): boolean {
  return Object.values(registry.persons).some(
    (person) =>
      person.permissions.includes("administer") &&
      person.keys.some((key) => usableKey(person, key.fingerprint, now) !== undefined),
  );
}
