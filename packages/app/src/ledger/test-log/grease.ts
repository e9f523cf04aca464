/**
 * Grease for readers of a test log: lines by keys that nobody has, of no type that there
 * is, around the true one and in any order. C2SP signed-note has readers ignore such
 * lines; one that does not shows it here, and not when a key is changed for real.
 */
import { formatNote, parseNote, type NoteSignature } from "@countermand/tlog";
import type { LogReader } from "../log-reader.ts";

/** `bytes(n)`: n random bytes. */
export type Random = (length: number) => Uint8Array;

/** The note with more lines in another order; the text and the true lines are as they were. */
export function greaseNote(note: Uint8Array, bytes: Random): Uint8Array {
  const { text, signatures } = parseNote(note);
  const [first] = signatures;
  if (first === undefined) throw new TypeError("a note has a signature");
  const hex = Buffer.from(bytes(4)).toString("hex");
  const lines: NoteSignature[] = [
    ...signatures,
    // The log's own name with another key, as during a change of keys.
    { name: first.name, keyId: otherId(signatures, bytes), signature: bytes(64) },
    { name: `grease.example/${hex}`, keyId: numberOf(bytes), signature: bytes(length(bytes)) },
  ];
  return formatNote({ text, signatures: shuffled(lines, bytes) });
}

/** A reader whose checkpoints are greased: each note once, so that it stays the same while it is the newest. */
export function greasedLog(log: LogReader, bytes: Random): Pick<LogReader, GreasedParts> {
  let plain: string | undefined;
  let greased = new Uint8Array();
  return {
    checkpoint() {
      const note = log.checkpoint();
      const key = Buffer.from(note).toString("latin1");
      if (key !== plain) [plain, greased] = [key, new Uint8Array(greaseNote(note, bytes))];
      return greased;
    },
    verifierKeys: () => log.verifierKeys(),
    tile: (level, n, width) => log.tile(level, n, width),
    bundle: (n, width) => log.bundle(n, width),
  };
}
type GreasedParts = "checkpoint" | "verifierKeys" | "tile" | "bundle";

function otherId(signatures: readonly NoteSignature[], bytes: Random): number {
  const id = numberOf(bytes);
  return signatures.some(({ keyId }) => keyId === id) ? (id + 1) % 2 ** 32 : id;
}

function numberOf(bytes: Random): number {
  return Buffer.from(bytes(4)).readUInt32BE();
}

/** Ed25519 has 64 bytes, ML-DSA-44 2,428: whatever comes. */
function length(bytes: Random): number {
  return 1 + (numberOf(bytes) % 3_000);
}

function shuffled<T>(items: readonly T[], bytes: Random): T[] {
  return items
    .map((item) => ({ item, order: numberOf(bytes) }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
