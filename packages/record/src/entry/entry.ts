/**
 * A ledger entry: a signed statement with what only the sequencer knows. Its
 * bytes are the leaf of the log, kept and hashed as they are. Format:
 * docs/spec/entries.md.
 *
 * `parseEntry(formatEntry(e))` gives `e`; `formatEntry(parseEntry(b))` gives `b`.
 */
import { sha256 } from "@countermand/tlog";
import { canonicalBytes, parseCanonical, type JsonValue } from "../bytes/canonical-json.ts";
import { encodeUtf8 } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import {
  anyObject,
  bool,
  int,
  literal,
  object,
  sha256Hex,
  string,
  timestamp,
  type Infer,
} from "../bytes/shape.ts";
import { formatEnvelope, parseEnvelope, type Envelope } from "../dsse/envelope.ts";
import { recordId } from "../statements/words.ts";

/** An entry is at most this long; larger things are evidence, in by digest. */
export const maxEntryBytes = 16_384;

export const entryType = "urn:countermand:entry:v1";
export const registryStream = "registry";

export interface Entry {
  /** The ledger's clock, RFC 3339 with milliseconds, UTC. */
  readonly recordedAt: string;
  /** `registry`, or a record number. */
  readonly stream: string;
  /** Leaf hash of the stream's previous entry, in hex; none for a stream's first. */
  readonly prev?: string;
  /** Leaf hash of the registry's newest entry, in hex; none for the very first entry. */
  readonly registry?: string;
  /** What the record's own entries cannot give and a rule needs; see `LedgerFacts`. */
  readonly context?: LedgerFacts;
  readonly envelope: Envelope;
}

const factsShape = object(
  {
    overdueOfActor: int(0, 1_000_000),
    overdueOfService: int(0, 1_000_000),
    ranBefore: bool,
  },
  { drill: object({ plan: recordId, openedAt: timestamp }) },
);
/**
 * Facts of the whole ledger as the sequencer knew them, on the entries whose
 * rules need them (a proposal of an emergency, an assessment, a drill that was
 * held). A check of the whole ledger computes them again; one record alone shows
 * them as its word.
 *
 * `overdueOfActor`, `overdueOfService`: retrospectives overdue after emergencies
 * of the actor, and of the service. `ranBefore`: the target was seen running in
 * this service and environment. `drill`: the exercise that the statement names
 * was proposed from this plan, was opened then, and ran.
 */
export type LedgerFacts = Infer<typeof factsShape>;

const shape = object(
  {
    _type: literal(entryType),
    recordedAt: timestamp,
    stream: string({
      max: 20,
      pattern: /^(?:registry|(?:RB|DR|PL)-[0-9]{4}-[1-9][0-9]{0,8})$/,
      what: "`registry` or a record number such as RB-2026-7",
    }),
    envelope: anyObject,
  },
  { prev: sha256Hex, registry: sha256Hex, context: factsShape },
);

/** Throws a `RecordError` "entry" if the entry is longer than `maxEntryBytes`. */
export function formatEntry(entry: Entry): Uint8Array<ArrayBuffer> {
  const bytes = canonicalBytes({
    _type: entryType,
    recordedAt: entry.recordedAt,
    stream: entry.stream,
    ...(entry.prev === undefined ? {} : { prev: entry.prev }),
    ...(entry.registry === undefined ? {} : { registry: entry.registry }),
    ...(entry.context === undefined ? {} : { context: entry.context }),
    envelope: formatEnvelope(entry.envelope) as JsonValue,
  });
  if (bytes.length > maxEntryBytes) {
    throw new RecordError(
      "entry",
      `the entry has ${bytes.length} bytes; at most ${maxEntryBytes} are allowed, larger things belong in evidence`,
    );
  }
  return bytes;
}

export function parseEntry(bytes: Uint8Array): Entry {
  const { _type, envelope, ...rest } = shape(
    parseCanonical(bytes, { maxBytes: maxEntryBytes, maxDepth: 8 }),
  );
  return { ...rest, envelope: parseEnvelope(envelope) };
}

/**
 * What makes two submissions the same: 32 bytes over the statement's id. A
 * retry gets the first one's receipt; the ledger holds one entry for each.
 */
export function identityOf(statementId: string): Uint8Array {
  return sha256(encodeUtf8(`urn:countermand:statement:${statementId}`));
}
