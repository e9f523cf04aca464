/** For tests: a server over a fake, to inject into or to listen. */
import {
  appendLeafHashes,
  emptyTree,
  encodeBundle,
  encodeTile,
  formatCheckpoint,
  leafHash,
  rootOf,
} from "@countermand/tlog";
import { httpDefaults, type HttpConfig } from "../config.ts";
import type { LogReader } from "../log-port.ts";
import { buildServer } from "../server.ts";
import { FakeCountermand } from "./fake-countermand.ts";
import { logKey, origin } from "./sample.ts";

export const token = "a-token-of-the-data-folder";
export const host = "127.0.0.1:7400";
export const now = new Date("2026-11-23T02:41:00.000Z");

/** A log of `size` entries under one checkpoint. Full and partial tiles of levels 0 and 1 only. */
export function fakeLog(size: number): LogReader {
  const entries = Array.from({ length: size }, (_, i) => new TextEncoder().encode(`entry ${i}`));
  const hashes = entries.map((entry) => leafHash(entry));
  const note = `${formatCheckpoint({ origin, size, root: rootOf(appendLeafHashes(emptyTree, hashes)) })}\n— ${origin} AAAA\n`;
  const slice = <T>(from: readonly T[], n: number, width: number): readonly T[] | undefined => {
    const last = Math.floor(size / 256);
    const there = width === 256 ? n < last : n === last && width <= size % 256;
    return there ? from.slice(n * 256, n * 256 + width) : undefined;
  };
  return {
    checkpoint: () => new TextEncoder().encode(note),
    verifierKeys: () => [logKey],
    async tile(level, n, width) {
      const found = level === 0 ? slice(hashes, n, width) : undefined;
      return found === undefined ? undefined : encodeTile(found);
    },
    async bundle(n, width) {
      const found = slice(entries, n, width);
      return found === undefined ? undefined : encodeBundle(found);
    },
  };
}

export async function testServer(config: Partial<HttpConfig> = {}) {
  const countermand = new FakeCountermand();
  const reported: unknown[] = [];
  const state = { log: fakeLog(300) as LogReader | undefined };
  const app = await buildServer(
    {
      countermand,
      log: () => state.log,
      now: () => now,
      report: (error) => void reported.push(error),
    },
    { ...httpDefaults, token, ...config },
  );
  return { app, countermand, reported, state };
}
