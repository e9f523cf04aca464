/**
 * A log as a stranger reads it: checkpoint, tiles and bundles over HTTP. Nothing of
 * it is believed here; lengths are limited, redirects are not followed. Addresses
 * come from who runs the monitor.
 */
import {
  decodeBundle,
  decodeTile,
  entriesPath,
  TILE_WIDTH,
  tilePath,
  type TileId,
} from "@countermand/tlog";
import { WitnessError } from "./error.ts";

export interface RemoteLog {
  /** The checkpoint's address, for evidence. */
  readonly checkpointUrl: string;
  /** A note, unchecked. */
  checkpoint(): Promise<Uint8Array>;
  tile(tile: TileId): Promise<readonly Uint8Array[]>;
  /** At least `width` entries. */
  bundle(n: number, width: number): Promise<readonly Uint8Array[]>;
}

const maxNote = 1_000_000;
const maxBundle = TILE_WIDTH * 65_537;
/** Full tiles that are kept: parents of those that are being read. */
const maxCached = 64;

/** Throws a `WitnessError` "log" for an address that is none. */
export function remoteLog(prefix: string, timeout = 30_000): RemoteLog {
  const base = URL.canParse(prefix) ? new URL(prefix) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol) || base.search + base.hash !== "") {
    throw new WitnessError(
      "log",
      "a log is an https:// or http:// address without query and fragment, such as https://log.example.com/log",
    );
  }
  const root = base.href.replace(/\/$/, "");
  const cache = new Map<string, Promise<readonly Uint8Array[]>>();

  /** Undefined for a 404. */
  async function get(path: string, limit: number): Promise<Uint8Array | undefined> {
    const refuse = (problem: string, cause?: unknown) =>
      new WitnessError("log", `${root}/${path}: ${problem}`, { cause });
    let response: Response;
    const chunks: Uint8Array[] = [];
    let length = 0;
    try {
      response = await fetch(`${root}/${path}`, {
        redirect: "manual",
        signal: AbortSignal.timeout(timeout),
      });
      for await (const chunk of response.body ?? []) {
        const bytes = chunk as Uint8Array;
        length += bytes.length;
        if (length > limit) break;
        chunks.push(bytes);
      }
    } catch (error) {
      const late = error instanceof Error && error.name === "TimeoutError";
      const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
      throw refuse(late ? `no answer within ${timeout / 1000} s` : (code ?? message), error);
    }
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw refuse(`answered ${response.status}`);
    if (length > limit) throw refuse(`has more than ${limit} bytes`);
    return Buffer.concat(chunks);
  }

  /** What is partial may be there no more once it is full. */
  async function partialOrFull(
    path: (width: number) => string,
    width: number,
    limit: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly width: number }> {
    const bytes = await get(path(width), limit);
    if (bytes !== undefined) return { bytes, width };
    const full = width === TILE_WIDTH ? undefined : await get(path(TILE_WIDTH), limit);
    if (full !== undefined) return { bytes: full, width: TILE_WIDTH };
    throw new WitnessError(
      "missing",
      `${root}/${path(width)} is not there, and the checkpoint says it is`,
    );
  }

  return {
    checkpointUrl: `${root}/checkpoint`,
    async checkpoint() {
      const note = await get("checkpoint", maxNote);
      if (note !== undefined) return note;
      throw new WitnessError("log", `there is no checkpoint at ${root}/checkpoint`);
    },
    async tile({ level, n, width }) {
      const key = tilePath(level, n, width);
      const known = cache.get(key);
      if (known !== undefined) return await known;
      const read = partialOrFull((w) => tilePath(level, n, w), width, TILE_WIDTH * 32).then(
        (found) => decodeTile(found.bytes, found.width),
      );
      const [oldest] = cache.keys();
      if (cache.size >= maxCached && oldest !== undefined) cache.delete(oldest);
      // Only what was read; a failure is asked for again.
      cache.set(key, read);
      read.catch(() => cache.delete(key));
      return await read;
    },
    async bundle(n, width) {
      const found = await partialOrFull((w) => entriesPath(n, w), width, maxBundle);
      return decodeBundle(found.bytes, found.width);
    },
  };
}
