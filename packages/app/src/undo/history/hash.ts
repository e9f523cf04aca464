/**
 * 64-bit fingerprints as pairs of 32-bit words, for finding candidates only.
 * They are fast and not collision-resistant: whoever can write commits can make
 * two collide, so every candidate is compared by content before it is believed.
 */

export type Word2 = { hi: number; lo: number };

function mix(h: number): number {
  let x = h;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Two independent multiplicative hashes over the bytes. */
export function hashBytes(bytes: Uint8Array, into: Word2): void {
  let hi = 0x811c9dc5;
  let lo = 0x9747b28c;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    hi = Math.imul(hi ^ byte, 0x01000193);
    lo = Math.imul(lo ^ byte, 0x5bd1e995);
  }
  into.hi = mix(hi);
  into.lo = mix(lo ^ bytes.length);
}

export function hashText(text: string): Word2 {
  const word = { hi: 0, lo: 0 };
  hashBytes(Buffer.from(text, "utf8"), word);
  return word;
}

/** Folds one more word into both halves; order matters. */
export function fold(word: Word2, value: number): void {
  word.hi = mix(word.hi ^ Math.imul(value, 0x9e3779b1));
  word.lo = mix((word.lo + Math.imul(value ^ 0x5bf03635, 0x85ebca77)) >>> 0);
}
