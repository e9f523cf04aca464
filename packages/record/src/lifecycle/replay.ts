/**
 * Entries folded in log order into the registry and the records: what a
 * verifier does with a package and what `rebuild` does with a ledger.
 */
import { leafHash } from "@countermand/tlog";
import { encodeHex } from "../bytes/encoding.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import { parseEntry, registryStream, type Entry } from "../entry/entry.ts";
import { personById, type Registry } from "../registry/registry.ts";
import {
  claimedSigner,
  openEnvelope,
  type SignedStatement,
} from "../statements/signed-statement.ts";
import type { Judging } from "../policy/judge.ts";
import { advance, advanceRegistry } from "./advance.ts";
import type { RecordState } from "./state.ts";

export interface World {
  registry: Registry | undefined;
  readonly records: Map<string, RecordState>;
  /** The ledger's clock at the newest entry. */
  recordedAt?: string;
  /** How the policy's rules are held. */
  readonly judging: Judging;
}

export interface Replayed {
  readonly entry: Entry;
  readonly statement: SignedStatement;
}

export function emptyWorld(judging: Judging): World {
  return { registry: undefined, records: new Map(), judging };
}

/** An entry that was read, and whose signature may be in the making. */
export interface BegunEntry {
  readonly entry: Entry;
  readonly index: number;
  readonly leafHash: string;
  /** The key that it was begun with, and what came of it; not if nobody could say who must have signed. */
  readonly opening?: { readonly key: string; readonly statement: Promise<SignedStatement> };
}

/**
 * Reads an entry before its turn, and begins to check its signature with the key that
 * must have signed as far as `world` is known. Signatures are checked beside each other
 * and beside the rules; if the entries before it say another key, it is checked again.
 * Throws a `RecordError` if the bytes are no entry.
 */
export function beginEntry(world: World, index: number, bytes: Uint8Array): BegunEntry {
  const entry = parseEntry(bytes);
  const begun = { entry, index, leafHash: encodeHex(leafHash(bytes)) };
  let key: string;
  try {
    key = signingKey(world.registry, entry, world.records.get(entry.stream));
  } catch {
    // When its turn comes it may be known, or is refused then.
    return begun;
  }
  const statement = openEnvelope(entry.envelope, key);
  statement.catch(() => {});
  return { ...begun, opening: { key, statement } };
}

/**
 * Checks the entry's signature and every rule, and moves `world` forward.
 * Throws a `RecordError`, often a `Refusal`, and leaves `world` as it was.
 */
export async function replayEntry(
  world: World,
  { entry, index, leafHash, opening }: BegunEntry,
): Promise<Replayed> {
  const key = signingKey(world.registry, entry, world.records.get(entry.stream));
  const statement = await (opening?.key === key
    ? opening.statement
    : openEnvelope(entry.envelope, key));
  applyEntry(world, entry, statement, { index, leafHash });
  return { entry, statement };
}

/** The rules alone, for an entry whose signature is known to be good. */
export function applyEntry(
  world: World,
  entry: Entry,
  statement: SignedStatement,
  at: { readonly index: number; readonly leafHash: string },
): void {
  const { registry, recordedAt } = world;
  rule(
    "clock",
    recordedAt === undefined || entry.recordedAt >= recordedAt,
    () =>
      `the entry was recorded at ${entry.recordedAt}, and one before it at ${recordedAt}: the ledger's clock went back`,
  );
  if (entry.stream === registryStream) {
    world.registry = advanceRegistry(registry, entry, statement, at);
  } else {
    if (registry === undefined) throw new Refusal("lifecycle", "a ledger begins with log-opened");
    const before = world.records.get(entry.stream);
    world.records.set(entry.stream, advance(before, registry, entry, statement, at, world.judging));
  }
  world.recordedAt = entry.recordedAt;
}

/**
 * The public key line with which the envelope's signature must verify: the key
 * enrolled for the actor, revoked or not (`advance` judges that), the system's
 * key, or, for the opening entry, the key that it names.
 */
export function signingKey(
  registry: Registry | undefined,
  entry: Pick<Entry, "envelope">,
  state?: RecordState,
): string {
  const { head, systemKey, ownKey } = claimedSigner(entry.envelope);
  if (registry === undefined) {
    if (systemKey === undefined) throw new Refusal("lifecycle", "a ledger begins with log-opened");
    return systemKey;
  }
  if (head.actor === registry.system.actor) return registry.system.publicKey;
  const person = personById(registry, head.actor);
  if (person === undefined) {
    throw new Refusal("signer-enrolled", `${head.actor} is not enrolled in this ledger`);
  }
  if (ownKey !== undefined) return ownKey;
  const key = [...person.keys, ...ownKeysOf(state, head.actor)].find(
    (item) => item.fingerprint === head.key,
  );
  if (key === undefined) {
    throw new Refusal("key-bound", `the key ${head.key} is not enrolled for ${head.actor}`);
  }
  return key.publicKey;
}

function ownKeysOf(state: RecordState | undefined, actor: string) {
  return (state?.workloadKeys ?? []).filter((key) => key.actor === actor);
}
