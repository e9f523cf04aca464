/**
 * SQL functions of the embedded store for the hashes of a log's rows, so that bytes need
 * not leave the thread that reads them. `sqlite-engine.ts` has the expressions.
 */
import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

const hashBytes = 32;

export function addHashing(db: DatabaseSync): void {
  const leafHashOf = (leaf: unknown) => {
    const bytes = leaf as Uint8Array;
    const prefixed = new Uint8Array(1 + bytes.length);
    prefixed.set(bytes, 1);
    return hash("sha256", prefixed, "buffer");
  };
  db.function("leaf_hash_of", { deterministic: true }, leafHashOf);
  db.function("in_place", { deterministic: true }, inPlace);
  db.function("leaf_hashes_in_place", { deterministic: true }, leafHashesInPlace);
}

/** `places`: "2,0,1". `found`: their hashes in that order. */
function inPlace(places: unknown, found: unknown): Uint8Array | null {
  const hashes = found as Uint8Array;
  return putInPlace(places, (i, put, to) => {
    put.set(hashes.subarray(i * hashBytes, (i + 1) * hashBytes), to);
  });
}

/** `leaves` has a zero before each leaf: the prefix with which RFC 6962 hashes it. */
function leafHashesInPlace(places: unknown, lengths: unknown, leaves: unknown): Uint8Array | null {
  const bytes = leaves as Uint8Array;
  const long = (lengths as string).split(",");
  let from = 0;
  return putInPlace(places, (i, put, to) => {
    const end = from + 1 + Number(long[i]);
    // As a string of 32 characters: a Buffer for each costs more to make than the digest.
    put.write(hash("sha256", bytes.subarray(from, end), "binary"), to, "binary");
    from = end;
  });
}

/** Null of no rows, as of other aggregates; nothing where a place is left out. */
function putInPlace(
  places: unknown,
  put: (i: number, bytes: Buffer, at: number) => void,
): Uint8Array | null {
  if (places === null) return null;
  const at = (places as string).split(",").map(Number);
  if (at.some((place) => place >= at.length)) return new Uint8Array();
  const bytes = Buffer.alloc(at.length * hashBytes);
  for (const [i, place] of at.entries()) put(i, bytes, place * hashBytes);
  return bytes;
}
