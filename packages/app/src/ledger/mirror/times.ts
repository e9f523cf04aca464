/**
 * Tokens of time authorities (RFC 3161) in a mirror: an object `times/<N>` beside each
 * bundle `tile/entries/<N>` under whose sizes there are any, a line for each token. Unlike
 * a bundle it may grow, so it is replaced. Nothing in it is believed: a token counts if
 * the checkpoint that it is over is the log's and of this tree. The authority's address
 * and our own clocks beside it are signed by nobody.
 */
import { createHash } from "node:crypto";
import { openLogCheckpoint, TILE_WIDTH, type LogVerifier } from "@countermand/tlog";
import { messageOf } from "../error.ts";
import { sameBytes } from "../start-up.ts";
import type { TimeCheck } from "../timestamps/check-time.ts";
import { maxTokenBytes } from "../timestamps/openssl.ts";
import { tokenSizes, tokensBetween, type TokenOfCheckpoint } from "../timestamps/token-rows.ts";
import type { MirroredLog } from "./mirror.ts";
import { maxTimes, MirrorError, timesPath, type MirrorTarget } from "./target.ts";

/** `parseTimes(formatTimes(tokens))` gives `tokens`. */
export function formatTimes(tokens: readonly TokenOfCheckpoint[]): Uint8Array {
  return new Uint8Array(Buffer.from(tokens.map(lineOf).join("")));
}

function lineOf(token: TokenOfCheckpoint): string {
  const { size, authority, attestedAt, receivedAt, publishedAt } = token;
  const note = Buffer.from(token.note).toString("base64");
  const bytes = Buffer.from(token.token).toString("base64");
  return `${[size, authority, attestedAt, receivedAt, publishedAt, note, bytes].join(" ")}\n`;
}

/** Throws a `MirrorError` "contradiction" that names the line. */
export function parseTimes(bytes: Uint8Array): TokenOfCheckpoint[] {
  const tokens: TokenOfCheckpoint[] = [];
  const lines = Buffer.from(bytes).toString("utf8").split("\n");
  if (lines.pop() !== "") throw damaged(lines.length + 1, "it does not end");
  for (const [i, line] of lines.entries()) {
    const parts = line.split(" ");
    const [size = "", authority = "", attestedAt = "", receivedAt = "", publishedAt = ""] = parts;
    const token: TokenOfCheckpoint = {
      size: Number(size),
      authority,
      attestedAt,
      receivedAt,
      publishedAt,
      note: Buffer.from(parts[5] ?? "", "base64").toString("utf8"),
      token: new Uint8Array(Buffer.from(parts[6] ?? "", "base64")),
    };
    // What would print differently is refused: numbers, times, base64 and UTF-8 have one spelling.
    if (lineOf(token) !== `${line}\n` || !/^[1-9]\d{0,15}$/.test(size)) {
      throw damaged(i + 1, "it is no token as this program writes them");
    }
    for (const time of [attestedAt, receivedAt, publishedAt]) {
      const date = new Date(time);
      if (Number.isNaN(date.getTime()) || date.toISOString() !== time) {
        throw damaged(i + 1, "it names no time");
      }
    }
    if (authority === "" || token.token.length === 0 || token.token.length > maxTokenBytes) {
      throw damaged(i + 1, `a token has an authority and 1 to ${maxTokenBytes} bytes`);
    }
    const before = tokens.at(-1);
    if (before !== undefined && !isBefore(before, token)) {
      throw damaged(i + 1, "it is not in order of sizes and authorities");
    }
    tokens.push(token);
  }
  return tokens;
}

function isBefore(a: TokenOfCheckpoint, b: TokenOfCheckpoint): boolean {
  return a.size < b.size || (a.size === b.size && a.authority < b.authority);
}

function damaged(line: number, problem: string): MirrorError {
  return new MirrorError("contradiction", `line ${line}: ${problem}`);
}

/** Which object has the tokens over checkpoints of `size`. */
const pageOf = (size: number) => Math.floor((size - 1) / TILE_WIDTH);

/** What a mirror is known to have: by page, how many tokens. */
export interface KnownTimes {
  /** Pages before it were compared once. */
  readonly from: number;
  readonly counts: ReadonlyMap<number, number>;
}

/**
 * Writes the tokens over checkpoints of at most `size`. With nothing known every page
 * is compared; with what the last call answered, the newest alone.
 */
export async function mirrorTimes(
  target: MirrorTarget,
  { database, log }: MirroredLog,
  size: number,
  known: KnownTimes = { from: 0, counts: new Map() },
): Promise<KnownTimes> {
  const sizes = await tokenSizes(database, log.logId, known.from * TILE_WIDTH, size);
  const counts = new Map<number, number>();
  for (const one of sizes) counts.set(pageOf(one), (counts.get(pageOf(one)) ?? 0) + 1);
  for (const [n, count] of counts) {
    if (known.counts.get(n) === count) continue;
    const end = Math.min(size, (n + 1) * TILE_WIDTH);
    const bytes = formatTimes(await tokensBetween(database, log.logId, n * TILE_WIDTH, end));
    const there = await target.get(timesPath(n), maxTimes);
    // Another server was faster: the next round sees what it wrote.
    if (!(await target.replace(timesPath(n), there, bytes))) return known;
  }
  const newest = Math.max(known.from, ...counts.keys());
  return { from: newest, counts: new Map([[newest, counts.get(newest) ?? 0]]) };
}

/** Judges tokens with roots that somebody believes. */
export type CheckTime = (token: Uint8Array, sha256: string, at: Date) => Promise<TimeCheck>;

export interface TimesOfPage {
  /** Those that are of this tree, and true where that was asked. */
  readonly tokens: readonly TokenOfCheckpoint[];
  readonly problems: readonly string[];
}

/** The tokens beside bundle `n`, as far as the mirror's checkpoint, of `size`, goes. */
export async function readTimes(
  /** What is there under `timesPath(n)`. */
  page: Promise<Uint8Array | undefined>,
  n: number,
  size: number,
  verifier: LogVerifier,
  /** Of the tree when it had so many entries, which are in this bundle. */
  rootAt: (size: number) => Uint8Array,
  checkTime?: CheckTime,
): Promise<TimesOfPage> {
  const problems: string[] = [];
  let listed: TokenOfCheckpoint[];
  try {
    const bytes = await page;
    if (bytes === undefined) return { tokens: [], problems };
    listed = parseTimes(bytes);
  } catch (error) {
    if (!(error instanceof MirrorError) || error.code !== "contradiction") throw error;
    return { tokens: [], problems: [error.message] };
  }
  const tokens: TokenOfCheckpoint[] = [];
  for (const one of listed) {
    // Newer than the checkpoint that was read: it came meanwhile.
    if (one.size > size && pageOf(one.size) === n) continue;
    const problem = await problemOf(one, n, verifier, rootAt, checkTime);
    if (problem === undefined) tokens.push(one);
    else problems.push(`the token of ${one.authority} over ${one.size} entries: ${problem}`);
  }
  return { tokens, problems };
}

async function problemOf(
  { size, note, token, attestedAt }: TokenOfCheckpoint,
  n: number,
  verifier: LogVerifier,
  rootAt: (size: number) => Uint8Array,
  checkTime: CheckTime | undefined,
): Promise<string | undefined> {
  if (pageOf(size) !== n) return "it does not belong here";
  try {
    const checkpoint = await openLogCheckpoint(Buffer.from(note), verifier);
    if (checkpoint.size !== size || !sameBytes(checkpoint.root, rootAt(size))) {
      return "its checkpoint is not of this tree";
    }
  } catch (error) {
    return `its checkpoint is not this log's: ${messageOf(error)}`;
  }
  if (checkTime === undefined) return undefined;
  const digest = createHash("sha256").update(note).digest("hex");
  const found = await checkTime(token, digest, new Date(attestedAt));
  if ("problem" in found) return found.problem;
  if (found.time.toISOString() === attestedAt) return undefined;
  return `it names ${found.time.toISOString()}, and not ${attestedAt}`;
}
