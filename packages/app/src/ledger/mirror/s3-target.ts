/**
 * A mirror in a bucket of any S3-compatible store. Objects are put with
 * `If-None-Match: *` and the checkpoint with `If-Match`, so that the store itself refuses
 * to overwrite what another server wrote; one that ignores these conditions is found out
 * when the target is opened. Addresses, region and prefix come from who runs the server,
 * credentials from the environment; they are in no message.
 */
import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseTilePath } from "@countermand/tlog";
import { bodyOf, unreachable } from "./http-source.ts";
import { signS3, type S3Credentials, type S3Request } from "./s3-sign.ts";
import {
  assertMirrorPath,
  MirrorError,
  replaceable,
  type MirrorSource,
  type MirrorTarget,
} from "./target.ts";

export interface S3Place {
  readonly bucket: string;
  /** Without slashes at the ends; may be empty. */
  readonly prefix: string;
  readonly region: string;
  readonly endpoint: URL;
  /** The bucket in the path, as most own stores want it, or in the host's name, as AWS does. */
  readonly style: "path" | "virtual";
}

const form = "s3://<bucket>/<prefix>?endpoint=https://…&region=…&style=path|virtual";

/** `s3://bucket/prefix?endpoint=…&region=…&style=…`. Throws a `MirrorError` "place". */
export function parseS3Place(text: string): S3Place {
  const refuse = (problem: string) => new MirrorError("place", `${problem}; a mirror is ${form}`);
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(
    text,
  );
  if (match === null) throw refuse("this is no bucket");
  const [, bucket = "", rawPrefix = "", query = ""] = match;
  const prefix = rawPrefix.replace(/\/$/, "");
  if (prefix !== "" && !/^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*$/.test(prefix)) {
    throw refuse("a prefix is made of letters, digits, dots, dashes and single slashes");
  }
  if (prefix.split("/").some((part) => part === "." || part === "..")) {
    throw refuse("a prefix has no . and .. in it");
  }
  const given = new URLSearchParams(query);
  const foreign = [...given.keys()].find((key) => !["endpoint", "region", "style"].includes(key));
  if (foreign !== undefined) throw refuse("an option is not known");
  const region = given.get("region") ?? "us-east-1";
  if (!/^[a-z0-9-]{1,40}$/.test(region)) throw refuse("the region is none");
  const address = given.get("endpoint") ?? `https://s3.${region}.amazonaws.com`;
  const endpoint = URL.canParse(address) ? new URL(address) : undefined;
  if (
    endpoint === undefined ||
    !/^https?:$/.test(endpoint.protocol) ||
    endpoint.pathname !== "/" ||
    endpoint.search + endpoint.hash + endpoint.username + endpoint.password !== ""
  ) {
    throw refuse("the endpoint is an https:// address without user, path and query");
  }
  const isLoopback = /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(endpoint.hostname);
  if (endpoint.protocol === "http:" && !isLoopback) {
    throw refuse("an endpoint is reached by https, unless it is on this machine");
  }
  const style = given.get("style") ?? (given.has("endpoint") ? "path" : "virtual");
  if (style !== "path" && style !== "virtual") throw refuse("the style is path or virtual");
  return { bucket, prefix, region, endpoint, style };
}

export interface S3Options {
  readonly timeout?: number;
  /** Milliseconds before the first new try; doubled for each. */
  readonly backoff?: number;
  readonly now?: () => Date;
}

interface Reply {
  readonly status: number;
  readonly etag: string | undefined;
  readonly body: Uint8Array;
}

/** Tries for a call that the store was too busy for. */
const tries = 4;
/** Of an answer that says what went wrong, or of a page of a list. */
const maxAnswer = 2_000_000;

function s3Client(place: S3Place, credentials: S3Credentials, options: S3Options) {
  const { timeout = 30_000, backoff = 200, now = () => new Date() } = options;
  const { bucket, endpoint, prefix, region, style } = place;
  const host = style === "path" ? endpoint.host : `${bucket}.${endpoint.host}`;
  const base = style === "path" ? `/${bucket}` : "";
  const shown = `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
  const keyOf = (path: string) => (prefix === "" ? path : `${prefix}/${path}`);

  async function once(request: S3Request, limit: number): Promise<Reply> {
    const { pathAndQuery, headers } = signS3(request, credentials, region, now());
    const response = await fetch(`${endpoint.protocol}//${host}${pathAndQuery}`, {
      method: request.method,
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
      ...(request.body === undefined ? {} : { body: Buffer.from(request.body) }),
    });
    const { status } = response;
    const body = await bodyOf(
      response,
      `${shown}${request.path}`,
      status === 200 ? limit : maxAnswer,
    );
    return { status, etag: response.headers.get("etag") ?? undefined, body };
  }

  return {
    shown,
    /** An answer with one of the statuses; a status of 5xx or 429, or none, is tried again. */
    async call(
      request: Omit<S3Request, "host" | "path"> & { readonly key?: string },
      good: readonly number[],
      limit = maxAnswer,
    ): Promise<Reply> {
      const { key, ...rest } = request;
      const path = key === undefined ? `${base}/` : `${base}/${keyOf(key)}`;
      const what = `${shown}: ${request.method} ${key ?? ""}`;
      for (let turn = 1; ; turn++) {
        let failure: MirrorError;
        try {
          const reply = await once({ ...rest, host, path }, limit);
          if (good.includes(reply.status)) return reply;
          failure = refusal(what, reply);
          if (reply.status < 500 && reply.status !== 429 && reply.status !== 409) throw failure;
        } catch (error) {
          if (error instanceof MirrorError) throw error;
          failure = unreachable(what, error, timeout);
        }
        if (turn === tries || failure.code === "full") throw failure;
        await sleep(backoff * 2 ** turn * (0.5 + Math.random() / 2));
      }
    },
    keyOf,
  };
}

function refusal(what: string, { status, body }: Reply): MirrorError {
  const text = Buffer.from(body.subarray(0, 10_000)).toString("utf8");
  const code = /<Code>([A-Za-z0-9]{1,60})<\/Code>/.exec(text)?.[1];
  const isFull =
    status === 507 || /^(?:XMinioStorageFull|QuotaExceeded|InsufficientCapacity)$/.test(code ?? "");
  return new MirrorError(
    isFull ? "full" : "unreachable",
    `${what} was answered ${status}${code === undefined ? "" : ` ${code}`}`,
  );
}

export function s3Source(
  place: S3Place,
  credentials: S3Credentials,
  options: S3Options = {},
): MirrorSource {
  const client = s3Client(place, credentials, options);
  return {
    place: client.shown,
    async get(path, limit) {
      assertMirrorPath(path);
      const { status, body } = await client.call({ method: "GET", key: path }, [200, 404], limit);
      return status === 404 ? undefined : body;
    },
  };
}

export function s3Target(
  place: S3Place,
  credentials: S3Credentials,
  options: S3Options = {},
): MirrorTarget {
  const client = s3Client(place, credentials, options);
  const source = s3Source(place, credentials, options);
  let honest: Promise<void> | undefined;

  /** A store that overwrites in spite of the condition would lose what another server wrote. */
  async function checkConditions(): Promise<void> {
    const key = `.conditions/${randomUUID()}`;
    const put = (good: readonly number[]) =>
      client.call({ method: "PUT", key, headers: { "if-none-match": "*" }, body: probe }, good);
    try {
      await put([200, 412]);
      if ((await put([200, 412])).status === 200) {
        throw new MirrorError(
          "place",
          `${client.shown}: the store ignores If-None-Match, so servers could overwrite each other there; use one that supports conditional writes`,
        );
      }
    } finally {
      await client.call({ method: "DELETE", key }, [200, 204, 404]);
    }
  }

  async function conditions(): Promise<void> {
    honest ??= checkConditions().catch((error: unknown) => {
      honest = undefined;
      throw error;
    });
    await honest;
  }

  return {
    ...source,
    async create(path, bytes) {
      parseTilePath(path);
      await conditions();
      const { status } = await client.call(
        { method: "PUT", key: path, headers: { "if-none-match": "*", ...octets }, body: bytes },
        [200, 412],
      );
      if (status === 200) return;
      const found = await source.get(path, bytes.length);
      if (found === undefined) {
        throw new MirrorError(
          "unreachable",
          `${client.shown}/${path} went away while it was written`,
        );
      }
      if (Buffer.compare(found, bytes) !== 0) {
        throw new MirrorError(
          "contradiction",
          `${client.shown}/${path} holds other bytes than the log has there`,
        );
      }
    },
    async replace(key, expected, bytes) {
      const limit = replaceable(key);
      await conditions();
      const now = await client.call({ method: "GET", key }, [200, 404], limit);
      const current = now.status === 404 ? undefined : now.body;
      if (current !== undefined && Buffer.compare(current, bytes) === 0) return true;
      if (current === undefined || expected === undefined) {
        if (current !== expected) return false;
      } else if (Buffer.compare(current, expected) !== 0) return false;
      if (current !== undefined && now.etag === undefined) {
        throw new MirrorError("unreachable", `${client.shown}/${key} came without an ETag`);
      }
      const condition: Record<string, string> =
        now.etag === undefined || current === undefined
          ? { "if-none-match": "*" }
          : { "if-match": now.etag };
      const { status } = await client.call(
        { method: "PUT", key, headers: { ...condition, ...noteHeaders }, body: bytes },
        [200, 404, 412],
      );
      if (status === 200) return true;
      // The first try may have been done, and its answer lost: then ours is there.
      const after = await source.get(key, limit);
      return after !== undefined && Buffer.compare(after, bytes) === 0;
    },
    async removePartials(path) {
      parseTilePath(path);
      const prefix = `${client.keyOf(path)}.p/`;
      const query = { "list-type": "2", "max-keys": "256", prefix };
      const { body } = await client.call({ method: "GET", query }, [200]);
      for (const [, key = ""] of Buffer.from(body)
        .toString("utf8")
        .matchAll(/<Key>([^<]*)<\/Key>/g)) {
        const width = key.startsWith(prefix) ? key.slice(prefix.length) : "";
        if (!/^[1-9][0-9]{0,2}$/.test(width)) continue;
        await client.call({ method: "DELETE", key: `${path}.p/${width}` }, [200, 204, 404]);
      }
    },
  };
}

const probe = createHash("sha256").update("condition").digest();
const octets = {
  "cache-control": "public, max-age=604800, immutable",
  "content-type": "application/octet-stream",
};
const noteHeaders = { "cache-control": "no-store", "content-type": "text/plain; charset=utf-8" };
