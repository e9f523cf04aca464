/**
 * `/log/…`: what C2SP tlog-tiles asks of a log. Its addresses have one spelling:
 * anything else, a query string or an escape, is a 404 that nobody caches, and so
 * is what the published checkpoint does not imply, because it may come to exist.
 */
import { parseTilePath, TlogError } from "@countermand/tlog";
import { z } from "zod";
import { compressedBundles } from "../compressed-bundles.ts";
import { entityTag, matches } from "../entity-tag.ts";
import type { LogReader } from "../log-port.ts";
import { HttpProblem } from "../problem.ts";
import { route, type Answer, type Asked, type HttpDeps } from "../route.ts";

const text = "text/plain; charset=utf-8";
const octets = "application/octet-stream";
/** Whoever checks this log may do so from any page. */
const open = {
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
};
const immutable = "public, max-age=604800, immutable";
const notImplied = "the newest checkpoint does not imply it";

export const checkpointRoute = route({
  method: "GET",
  path: "/log/checkpoint",
  operationId: "logCheckpoint",
  tag: "log",
  summary: "The newest checkpoint",
  description: "A signed note, C2SP tlog-checkpoint.",
  responses: { 200: { description: "The note", mediaType: text } },
  async handle(asked, deps) {
    const bytes = await exactly(asked, "/log/checkpoint", deps).checkpoint();
    return served(asked, bytes, text, "no-store");
  },
});

export const keyRoute = route({
  method: "GET",
  path: "/log/key",
  operationId: "logKey",
  tag: "log",
  summary: "The log's verifier keys",
  description:
    "One C2SP verifier key a line: those that sign, and those that signed. Take them from where you first learnt them; this only helps to compare.",
  responses: { 200: { description: "One key a line", mediaType: text } },
  async handle(asked, deps) {
    const keys = await exactly(asked, "/log/key", deps).verifierKeys();
    return served(asked, Buffer.from(keys.map((key) => `${key}\n`).join("")), text, "no-store");
  },
});

export const tileRoute = route({
  method: "GET",
  path: "/log/tile/*",
  operationId: "logTile",
  tag: "log",
  summary: "A tile of hashes, or a bundle of entries",
  description:
    "C2SP tlog-tiles: `<L>/<N>[.p/<W>]` for hashes, `entries/<N>[.p/<W>]` for entries. Never changes once it is there.",
  params: z.object({ path: z.string().describe("For instance 0/x001/067.p/8 or entries/000") }),
  responses: { 200: { description: "Hashes or entries", mediaType: octets } },
  async handle(asked, deps) {
    const log = reader(deps);
    const path = tilePathOf(asked.url);
    // Hashes are noise to a compressor; entries are text.
    return path.kind === "entries"
      ? await servedBundle(asked, log, path)
      : served(asked, await log.tile(path.level, path.n, path.width), octets, immutable);
  },
});

function tilePathOf(url: string) {
  try {
    return parseTilePath(url.slice("/log/".length));
  } catch (error) {
    if (error instanceof TlogError) throw missing(error.message, error);
    throw error;
  }
}

/** The log, if the address is written exactly so. */
function exactly(asked: Asked<unknown, unknown, unknown>, path: string, deps: HttpDeps): LogReader {
  if (asked.url !== path)
    throw missing(`the address is ${path}, without a query and without escapes`);
  return reader(deps);
}

function reader(deps: HttpDeps): LogReader {
  const log = deps.log();
  if (log === undefined)
    throw missing(
      "no ledger is open here yet, or enough witnesses have not signed a checkpoint of it",
    );
  return log;
}

function served(
  asked: Asked<unknown, unknown, unknown>,
  bytes: Uint8Array | undefined,
  type: string,
  cache: string,
): Answer {
  if (bytes === undefined) throw missing(notImplied);
  const etag = entityTag(bytes);
  const headers = { ...open, "content-type": type, "cache-control": cache, etag };
  return matches(asked.headers, etag)
    ? { status: 304, headers, body: undefined }
    : { headers, body: bytes };
}

/** A bundle, compressed for who takes gzip. The two forms have tags of their own: they are other bytes. */
async function servedBundle(
  asked: Asked<unknown, unknown, unknown>,
  log: LogReader,
  { n, width }: { readonly n: number; readonly width: number },
): Promise<Answer> {
  const vary = { vary: "accept-encoding" };
  if (!takesGzip(asked.headers["accept-encoding"])) {
    const plain = served(asked, await log.bundle(n, width), octets, immutable);
    return { ...plain, headers: { ...plain.headers, ...vary } };
  }
  const small = await compressedBundles(log).get(n, width);
  if (small === undefined) throw missing(notImplied);
  const headers = {
    ...open,
    ...vary,
    "content-type": octets,
    "cache-control": immutable,
    "content-encoding": "gzip",
    etag: small.etag,
  };
  return matches(asked.headers, small.etag)
    ? { status: 304, headers, body: undefined }
    : { headers, body: small.bytes };
}

/** RFC 9110 §12.5.3, as far as it can say yes or no to gzip. */
function takesGzip(accept: string | string[] | undefined): boolean {
  const codings = String(accept ?? "")
    .split(",")
    .map((part) => part.trim().toLowerCase());
  const named = codings.find((coding) => /^(?:x-)?gzip(?:$|[ ;])/.test(coding));
  const coding = named ?? codings.find((part) => part.startsWith("*"));
  return coding !== undefined && !/;\s*q=0(?:\.0{0,3})?$/.test(coding);
}

function missing(problem: string, cause?: unknown): HttpProblem {
  return new HttpProblem("no-such-tile", problem, { cause, headers: open });
}
