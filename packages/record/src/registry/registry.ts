/**
 * Who may speak: the state of the registry stream. Persons and their keys, the
 * system's key and the policy in force, as of one position in the log.
 */
import type { ActorKind, Permission, Policy } from "../statements/words.ts";

export interface EnrolledKey {
  readonly fingerprint: string;
  /** One line in authorized_keys form, without a comment. */
  readonly publicKey: string;
  /** Index of the entry that enrolled it. */
  readonly addedAt: number;
  /** Index of the entry that revoked it. */
  readonly revokedAt?: number;
}

export interface Person {
  readonly id: string;
  readonly kind: ActorKind;
  readonly permissions: readonly Permission[];
  readonly keys: readonly EnrolledKey[];
  /** Commitments to the name and to mail addresses, lower-cased; their openings can be deleted. */
  readonly name?: string;
  readonly emails: readonly string[];
  /** Enrolled by an administrator's word alone, not by an identity provider's. */
  readonly assurance: "administrator";
}

export interface Registry {
  readonly instance: string;
  readonly logKey: string;
  /** The system's own actor: it signs only what follows from entries and clock. */
  readonly system: {
    readonly actor: string;
    readonly fingerprint: string;
    readonly publicKey: string;
  };
  readonly policy: Policy;
  readonly policyDigest: string;
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

/** The person's key if it is enrolled and not revoked. */
export function usableKey(person: Person, fingerprint: string): EnrolledKey | undefined {
  return person.keys.find((key) => key.fingerprint === fingerprint && key.revokedAt === undefined);
}
