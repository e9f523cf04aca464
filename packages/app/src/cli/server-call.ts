/**
 * Asking a server. It is not trusted: its answers are limited in size and checked
 * against the contract, redirects are refused, and its problem documents become
 * the errors that the embedded service throws.
 */
import { RecordError, Refusal, type RecordErrorCode, type RuleId } from "@countermand/record";
import type { z } from "zod";
import {
  problem,
  problemMediaType,
  problemPrefix,
  type Problem,
} from "../http/contract/problem.ts";
import { tenantHeader } from "../http/contract/tenant-header.ts";
import { RollbacksError, type RollbacksErrorCode } from "../rollbacks/error.ts";
import { usage } from "./exit.ts";
import { plain } from "./terminal.ts";

export type RemoteErrorCode =
  /** No answer at all. */
  | "unreachable"
  /** An answer that no Countermand server gives. */
  | "not-understood"
  /** A problem of HTTP's own, or of the server. */
  | "server";

export class RemoteError extends Error {
  override readonly name = "RemoteError";
  readonly code: RemoteErrorCode;
  constructor(code: RemoteErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

export interface RemoteOptions {
  /** A session's, an API token, or what lies in the server's data folder; sent with every request. */
  readonly token?: string;
  /** Which of the ledgers behind a loopback address. */
  readonly tenant?: string;
  readonly fetch?: typeof globalThis.fetch;
  /** For a whole answer, in milliseconds; a package may take ten times as long. */
  readonly timeout?: number;
  /** Largest JSON answer, and largest package or artefact, in bytes. */
  readonly maxJsonBytes?: number;
  readonly maxBytes?: number;
}

interface Call {
  readonly method?: "POST";
  readonly query?: Readonly<
    Record<string, string | number | boolean | readonly string[] | undefined>
  >;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
}

/** One server. Errors that it answers with are thrown as the embedded service throws them. */
export interface Connection {
  readonly base: URL;
  /** What it answers, checked against the contract. */
  readonly askJson: <T>(path: string, schema: z.ZodType<T>, call?: Call) => Promise<T>;
  readonly askBytes: (path: string, query?: Call["query"]) => Promise<Uint8Array>;
}

/** Throws a usage error unless the address is https, or this machine. */
export function connect(baseUrl: string, options: RemoteOptions = {}): Connection {
  const base = checkBase(baseUrl);
  const maxJsonBytes = options.maxJsonBytes ?? 64 * 1024 * 1024;
  const maxBytes = options.maxBytes ?? 1024 * 1024 * 1024;
  const timeout = options.timeout ?? 60_000;

  async function ask(
    path: string,
    call: Call,
    limit: number,
    patience: number,
  ): Promise<Uint8Array> {
    const url = new URL(path, base);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      for (const item of Array.isArray(value) ? value : [value]) {
        if (item !== undefined) url.searchParams.append(name, String(item));
      }
    }
    let response: Response;
    let body: Uint8Array;
    try {
      response = await (options.fetch ?? globalThis.fetch)(url, {
        method: call.method ?? "GET",
        headers: headersOf(call, options),
        // A redirect would carry the token, or a signed statement, somewhere else.
        redirect: "error",
        signal: AbortSignal.timeout(patience),
        ...bodyOf(call),
      });
      body = await readBody(response, limit);
    } catch (cause) {
      if (cause instanceof RemoteError) throw cause;
      throw unreachable(base, cause, patience);
    }
    if (response.ok) return body;
    throw errorOf(problemIn(response, body, base));
  }

  async function askJson<T>(path: string, schema: z.ZodType<T>, call: Call = {}): Promise<T> {
    const body = await ask(path, call, maxJsonBytes, timeout);
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    } catch (cause) {
      throw notUnderstood(base, "its answer is not JSON", cause);
    }
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const where = plain((issue?.path ?? []).join("."), 100);
    throw notUnderstood(
      base,
      `its answer has another form than this version expects, at ${where === "" ? "its root" : where}`,
      result.error,
    );
  }

  const askBytes = (path: string, query: Call["query"] = {}) =>
    ask(path, { query }, maxBytes, timeout * 10);

  return { base, askJson, askBytes };
}

/** Only where nobody on the way can read or change it: https, or this machine. */
function checkBase(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const loopback = ["127.0.0.1", "localhost", "[::1]"];
  const safe =
    url !== undefined &&
    (url.protocol === "https:" || (url.protocol === "http:" && loopback.includes(url.hostname)));
  if (!safe) {
    throw usage(
      `The server is an https:// address, or http:// on this machine; found ${plain(text, 100)}.`,
    );
  }
  if (
    url.pathname !== "/" ||
    url.search !== "" ||
    url.hash !== "" ||
    url.username !== "" ||
    url.password !== ""
  ) {
    throw usage(
      `The server's address is a scheme, a host and a port, such as ${url.protocol}//${url.host}; found more than that.`,
    );
  }
  return url;
}

function headersOf(call: Call, { token, tenant }: RemoteOptions): Record<string, string> {
  return {
    accept: `application/json, application/octet-stream, application/x-tar, ${problemMediaType}`,
    ...(call.json === undefined ? {} : { "content-type": "application/json" }),
    ...(call.bytes === undefined ? {} : { "content-type": "application/octet-stream" }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(tenant === undefined ? {} : { [tenantHeader]: tenant }),
  };
}

function bodyOf(call: Call): { readonly body?: string | Uint8Array<ArrayBuffer> } {
  if (call.bytes !== undefined) return { body: new Uint8Array(call.bytes) };
  return call.json === undefined ? {} : { body: JSON.stringify(call.json) };
}

/** The body, counted while it arrives. */
async function readBody(response: Response, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    total += bytes.length;
    if (total > limit) {
      throw new RemoteError("not-understood", `The server's answer is longer than ${limit} bytes.`);
    }
    chunks.push(bytes);
  }
  return new Uint8Array(Buffer.concat(chunks, total));
}

function problemIn(response: Response, body: Uint8Array, base: URL): Problem {
  const type = response.headers.get("content-type")?.split(";", 1)[0];
  if (type === problemMediaType) {
    try {
      return problem.parse(JSON.parse(new TextDecoder().decode(body)));
    } catch {
      // Told below: it is no problem document of ours.
    }
  }
  throw notUnderstood(base, `it answers ${response.status} without saying why`);
}

const recordCodes: Readonly<Record<Exclude<RecordErrorCode, "refused">, true>> = {
  encoding: true,
  canonical: true,
  shape: true,
  envelope: true,
  signature: true,
  key: true,
  commitment: true,
  archive: true,
  entry: true,
  package: true,
};

const rollbacksCodes: Readonly<Record<RollbacksErrorCode, true>> = {
  "not-found": true,
  invalid: true,
  "missing-opening": true,
  rationale: true,
  "missing-artefact": true,
  conflict: true,
  "no-ledger": true,
  "not-witnessed": true,
  busy: true,
  unavailable: true,
};

/** The error that the embedded service would have thrown. */
function errorOf(found: Problem): Error {
  const code = found.type.slice(problemPrefix.length);
  const detail = plain(found.detail, 4000);
  if (code === "refused" && found.rule !== undefined) {
    return new Refusal(found.rule as RuleId, detail);
  }
  if (Object.hasOwn(recordCodes, code)) {
    const { where } = found;
    const begin = `${where}: `;
    return where === undefined || !detail.startsWith(begin)
      ? new RecordError(code as RecordErrorCode, detail)
      : new RecordError(code as RecordErrorCode, detail.slice(begin.length), { where });
  }
  if (Object.hasOwn(rollbacksCodes, code)) {
    const { remarks = [] } = found;
    return new RollbacksError(code as RollbacksErrorCode, detail, { remarks });
  }
  return new RemoteError("server", `The server refuses: ${detail}.`);
}

function unreachable(base: URL, cause: unknown, patience: number): RemoteError {
  if (cause instanceof Error && cause.name === "TimeoutError") {
    return new RemoteError(
      "unreachable",
      `The server at ${base.origin} did not answer within ${patience / 1000} s.`,
      { cause },
    );
  }
  const reason = (cause as { cause?: { code?: unknown } } | undefined)?.cause?.code;
  const why = typeof reason === "string" ? ` (${plain(reason, 40)})` : "";
  return new RemoteError(
    "unreachable",
    `The server at ${base.origin} cannot be reached${why}; see that it runs, or name another with --server.`,
    { cause },
  );
}

export function notUnderstood(base: URL, problem: string, cause?: unknown): RemoteError {
  return new RemoteError(
    "not-understood",
    `What answers at ${base.origin} cannot be used: ${problem}.`,
    { cause },
  );
}
