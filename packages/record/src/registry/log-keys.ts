/**
 * The log's keys as its entries announce them, and the note with which one key hands over
 * to the next: a C2SP signed note that both sign. The old one says who follows it, the new
 * one whom it follows, so that whoever knows either can tell. docs/design/log-keys.md.
 *
 * `parseRotation(formatRotation(r))` gives `r`, and back.
 */
import {
  keyTypes,
  openNote,
  parseNote,
  parseVerifierKey,
  TlogError,
  type LogKey,
  type LogKeys,
} from "@countermand/tlog";
import { encodeUtf8 } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import type { Registry } from "./registry.ts";

export interface AnnouncedKey {
  readonly vkey: string;
  /** Tree sizes that it may sign: `from` and above, below `until`. */
  readonly from: number;
  readonly until?: number;
  /** Index of the entry that announced it. */
  readonly announcedAt: number;
}

/** Why a key is followed by another. */
export const rotationReasons = ["scheduled", "custody", "compromised"] as const;
export type RotationReason = (typeof rotationReasons)[number];

export interface Rotation {
  readonly origin: string;
  /** C2SP verifier keys. */
  readonly old: string;
  readonly next: string;
  /** For how many more entries the old key signs, too. */
  readonly overlap: number;
  readonly reason: RotationReason;
}

export const maxOverlap = 1_000_000_000;
/** Two keys and two signatures of a name of 255 bytes. */
export const maxRotationNote = 3_000;
const header = "countermand log key rotation v1";

/** The text that both keys sign. */
export function formatRotation({ origin, old, next, overlap, reason }: Rotation): string {
  return `${header}\n${origin}\nold ${old}\nnew ${next}\noverlap ${overlap}\nreason ${reason}\n`;
}

/** Throws a `RecordError` "signature". No signature is looked at. */
export function parseRotation(text: string): Rotation {
  const match =
    /^countermand log key rotation v1\n(\S+)\nold (\S+)\nnew (\S+)\noverlap (0|[1-9]\d{0,9})\nreason (\S+)\n$/.exec(
      text,
    );
  const [, origin = "", old = "", next = "", overlapText = "", reasonText = ""] = match ?? [];
  const overlap = Number(overlapText);
  const reason = rotationReasons.find((one) => one === reasonText);
  if (match === null || reason === undefined || overlap > maxOverlap) {
    throw new RecordError(
      "signature",
      `the note is not \`${header}\` with origin, old and new key, overlap and reason`,
    );
  }
  for (const vkey of [old, next]) {
    const { name, type } = key(vkey);
    if (name !== origin || type !== keyTypes.ed25519) {
      throw new RecordError("signature", `${vkey} is no key of the log ${origin}`);
    }
  }
  if (old === next) throw new RecordError("signature", "a key cannot follow itself");
  return { origin, old, next, overlap, reason };
}

/** The rotation in a note that both keys signed. Throws a `RecordError` "signature". */
export async function openRotation(note: string): Promise<Rotation> {
  const rotation = readRotation(note);
  try {
    const keys = [key(rotation.old), key(rotation.next)];
    const { verified } = await openNote(encodeUtf8(note), keys);
    const signed = keys.filter((one) => verified.some(({ verifier }) => verifier === one));
    if (signed.length === keys.length) return rotation;
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw new RecordError("signature", `the note about the keys: ${error.message}`, {
      cause: error,
    });
  }
  throw new RecordError("signature", "the note about the keys is to be signed by both of them");
}

/** What a note says whose signatures are known to be good. */
export function readRotation(note: string): Rotation {
  try {
    return parseRotation(parseNote(encodeUtf8(note)).text);
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw new RecordError("signature", `the note about the keys: ${error.message}`, {
      cause: error,
    });
  }
}

function key(vkey: string) {
  try {
    return parseVerifierKey(vkey);
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw new RecordError("signature", error.message, { cause: error });
  }
}

/** Oldest first; the last is the one that signs without an end. */
export function announcedKeys(
  registry: Pick<Registry, "logKey" | "logKeys">,
): readonly AnnouncedKey[] {
  return registry.logKeys ?? [{ vkey: registry.logKey, from: 0, announcedAt: 0 }];
}

/** The key without an end. */
export function currentLogKey(registry: Pick<Registry, "logKey" | "logKeys">): string {
  return announcedKeys(registry).at(-1)?.vkey ?? registry.logKey;
}

/** For verifying checkpoints; throws a `TlogError` where the opening named no verifier key. */
export function logKeysOf(registry: Pick<Registry, "instance" | "logKey" | "logKeys">): LogKeys {
  const keys = announcedKeys(registry).map(({ vkey, from, until }): LogKey => ({
    verifier: parseVerifierKey(vkey),
    from,
    until,
  }));
  return { name: registry.instance, keys };
}

/**
 * The keys after the rotation at `index`: the new one signs from the tree that holds this
 * entry on, the old one until `overlap` more entries are in. Without an overlap every
 * older key ends at once: none of them is trusted any more. Undefined if the rotation does
 * not follow from what is announced.
 */
export function rotated(
  keys: readonly AnnouncedKey[],
  { old, next, overlap }: Rotation,
  index: number,
): readonly AnnouncedKey[] | undefined {
  const current = keys.at(-1);
  if (current?.vkey !== old || keys.some((one) => one.vkey === next)) return undefined;
  const from = index + 1;
  const until = from + overlap;
  const older = keys.map((one) => ({ ...one, until: Math.min(one.until ?? until, until) }));
  return [...older, { vkey: next, from, announcedAt: index }];
}
