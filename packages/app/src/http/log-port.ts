/**
 * The log as it is served. The promise: nothing is answered that the newest
 * published checkpoint does not imply, and what was answered once is answered
 * in the same bytes for ever. `undefined` is a 404.
 */
export interface LogReader {
  /** The newest checkpoint that may be shown, a signed note. */
  checkpoint(): Eventually<Uint8Array | undefined>;
  /** Hashes of `tile/<level>/<n>[.p/<width>]`; a width of 256 is the full tile. */
  tile(level: number, n: number, width: number): Promise<Uint8Array | undefined>;
  /** Entries of `tile/entries/<n>[.p/<width>]`. */
  bundle(n: number, width: number): Promise<Uint8Array | undefined>;
  /** Keys that sign or signed, `name+id+base64`. */
  verifierKeys(): Eventually<readonly string[]>;
}

type Eventually<T> = T | Promise<T>;
