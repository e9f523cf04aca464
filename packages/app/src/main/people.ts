/**
 * Who is who for a login, from the registry of the ledger. Asked at every
 * request, so the registry is read again only when it has a newer entry. An
 * account's subject is a commitment: it is known as long as its opening is kept,
 * and one whose opening was deleted is linked to nobody.
 */
import {
  doubtful,
  personById,
  registryStream,
  usableKey,
  type Person,
  type Registry,
} from "@countermand/record";
import type { GroupRoles } from "../identity/groups.ts";
import type { People } from "../identity/people.ts";
import { knownRegistry } from "../rollbacks/known-registry.ts";
import type { RollbackService } from "../rollbacks/service.ts";
import type { OpenStore } from "../rollbacks/store.ts";
import { readOpenings, readRegistry } from "../rollbacks/views.ts";

interface Known {
  readonly idx: number;
  readonly registry: Registry;
  /** Person by issuer and subject. */
  readonly accounts: ReadonlyMap<string, string>;
}

export function registryPeople(service: RollbackService, now: () => Date): People {
  let known: Known | undefined;

  /** Undefined before the ledger is open. */
  async function current(): Promise<Known | undefined> {
    const store = service.opened;
    if (store === undefined) return undefined;
    const row = await store.database.read
      .selectFrom("registry")
      .select("registry.idx")
      .where("registry.log_id", "=", store.logId)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    if (known?.idx !== row.idx) known = await read(store, row.idx);
    return known;
  }

  async function find(id: string): Promise<Person | undefined> {
    const it = await current();
    const person = it === undefined ? undefined : personById(it.registry, id);
    return person !== undefined && person.permissions.length > 0 ? person : undefined;
  }

  return {
    async personOf(issuer, subject) {
      return (await current())?.accounts.get(accountKey(issuer, subject));
    },
    async isEnrolled(person) {
      return (await find(person)) !== undefined;
    },
    async mayAdminister(person) {
      return (await find(person))?.permissions.includes("administer") === true;
    },
    async keysOf(id) {
      const it = await current();
      const person = await find(id);
      if (it === undefined || person === undefined) return [];
      const time = now().toISOString();
      return person.keys
        .filter(
          ({ fingerprint }) =>
            usableKey(person, fingerprint, time) !== undefined &&
            !doubtful(it.registry, fingerprint, time),
        )
        .map(({ publicKey }) => publicKey);
    },
    async humans() {
      const it = await current();
      const persons = Object.values(it?.registry.persons ?? {}).filter(
        ({ kind, permissions }) => kind === "human" && permissions.length > 0,
      );
      const rank = ({ permissions }: Person) => (permissions.includes("administer") ? 0 : 1);
      return persons.sort((a, b) => rank(a) - rank(b)).map(({ id }) => id);
    },
  };
}

/** The mapping of the policy in force. */
export function policyGroups(service: RollbackService): GroupRoles {
  return {
    async mapping() {
      const { opened } = service;
      const registry = opened === undefined ? undefined : await knownRegistry(opened);
      return registry?.policy.groups ?? [];
    },
  };
}

async function read(store: OpenStore, idx: number): Promise<Known | undefined> {
  const { database, logId } = store;
  const [registry, openings] = await Promise.all([
    readRegistry(database.read, logId),
    readOpenings(database.read, logId, registryStream),
  ]);
  if (registry === undefined) return undefined;
  const texts = new Map(openings.map(({ commitment, value }) => [commitment, value]));
  const accounts = new Map<string, string>();
  const twice = new Set<string>();
  for (const { id, accounts: linked } of Object.values(registry.persons)) {
    for (const { issuer, subject } of linked) {
      const text = texts.get(subject);
      if (typeof text !== "string") continue;
      const key = accountKey(issuer, text);
      // One account of two persons is nobody's: whose login it is cannot be said.
      if (accounts.has(key) && accounts.get(key) !== id) twice.add(key);
      accounts.set(key, id);
    }
  }
  for (const key of twice) accounts.delete(key);
  return { idx, registry, accounts };
}

/** An issuer has no spaces, so no two accounts have one key. */
function accountKey(issuer: string, subject: string): string {
  return `${issuer} ${subject}`;
}
