/**
 * Bundles of entries in their compressed form, made once: 256 entries take the database 1 ms
 * and gzip 12 ms, and a bundle never changes once it is there. Whoever reads the
 * log from its beginning asks for each once; those who follow it all ask for the newest.
 * Kept in memory, up to a number of bytes, the ones asked for last. A mirror holds plain
 * bundles: there the web server compresses.
 */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { entityTag } from "./entity-tag.ts";
import type { LogReader } from "./log-port.ts";

const compress = promisify(gzip);

export interface CompressedBundle {
  readonly bytes: Uint8Array;
  /** Of these bytes, not of the plain ones. */
  readonly etag: string;
}

export class CompressedBundles {
  readonly #log: LogReader;
  readonly #most: number;
  readonly #kept = new Map<string, CompressedBundle>();
  /** What several ask for at the same time is made once. */
  readonly #making = new Map<string, Promise<CompressedBundle | undefined>>();
  #bytes = 0;

  /** Keeps at most `most` bytes; 32 MB, which are some 500 bundles, unless told. */
  constructor(log: LogReader, most = 32 * 1024 * 1024) {
    this.#log = log;
    this.#most = most;
  }

  /** Undefined where there is no such bundle; that is not kept, it may come to be. */
  async get(n: number, width: number): Promise<CompressedBundle | undefined> {
    const key = `${n}/${width}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      // Used last, dropped last.
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept;
    }
    const running = this.#making.get(key);
    if (running !== undefined) return await running;
    const making = this.#make(key, n, width).finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return await making;
  }

  async #make(key: string, n: number, width: number): Promise<CompressedBundle | undefined> {
    const plain = await this.#log.bundle(n, width);
    if (plain === undefined) return undefined;
    const bytes = await compress(plain);
    const made = { bytes, etag: entityTag(plain).replace(/"$/, '-gzip"') };
    this.#kept.set(key, made);
    this.#bytes += bytes.length;
    for (const [oldest, { bytes: dropped }] of this.#kept) {
      if (this.#bytes <= this.#most) break;
      this.#kept.delete(oldest);
      this.#bytes -= dropped.length;
    }
    return made;
  }
}

const byLog = new WeakMap<LogReader, CompressedBundles>();

/** The bundles of `log`, for as long as it is open. */
export function compressedBundles(log: LogReader): CompressedBundles {
  let bundles = byLog.get(log);
  if (bundles === undefined) {
    bundles = new CompressedBundles(log);
    byLog.set(log, bundles);
  }
  return bundles;
}
