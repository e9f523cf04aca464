/**
 * C2SP tlog-witness v1.0.0 on a socket: `POST <prefix>/add-checkpoint` and
 * `GET <prefix>/<hex SHA-256 of an origin>/checkpoint`. Left out: TLS and limits
 * by client, which are a proxy's, and `sign-subtree`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Witness, WitnessReply } from "./witness.ts";

export interface WitnessHttpOptions {
  /** Like `/witness`; empty unless told. */
  readonly prefix?: string;
  readonly report: (line: string) => void;
  /** Milliseconds for a whole request to arrive; 10,000 unless told. */
  readonly requestTimeout?: number;
  readonly onAnswered?: () => void;
}

/** 63 hashes and a note of a hundred signatures are a third of it. */
const maxBytes = 64 * 1024;
const maxConnections = 256;
const maxUnderWay = 128;

export function witnessServer(witness: Witness, options: WitnessHttpOptions): Server {
  const { prefix = "", report, requestTimeout = 10_000 } = options;
  let underWay = 0;
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    underWay += 1;
    try {
      send(request, response, await answer(witness, prefix, request, underWay > maxUnderWay));
      options.onAnswered?.();
    } catch (error) {
      report(`a request failed: ${(error as Error).message}`);
      const body = "the witness could not do this\n";
      if (!response.headersSent) send(request, response, { status: 500, mediaType: plain, body });
    } finally {
      underWay -= 1;
    }
  }
  const server = createServer(
    {
      requestTimeout,
      headersTimeout: Math.min(5_000, requestTimeout),
      connectionsCheckingInterval: Math.min(1_000, requestTimeout),
      // Logs come about once a second; the protocol asks to keep the connection.
      keepAliveTimeout: 75_000,
      maxHeaderSize: 8 * 1024,
    },
    (request, response) => {
      void serve(request, response);
    },
  );
  server.maxConnections = maxConnections;
  return server;
}

type Answered = WitnessReply & { readonly allow?: string };
const plain = "text/plain; charset=utf-8";

async function answer(
  witness: Witness,
  prefix: string,
  request: IncomingMessage,
  full: boolean,
): Promise<Answered> {
  const { method = "", url = "" } = request;
  const path = url.startsWith(`${prefix}/`) ? url.slice(prefix.length + 1) : "";
  if (path === "add-checkpoint") {
    if (method !== "POST") return notAllowed("POST");
    if (full) return { status: 429, mediaType: plain, body: "too many requests are under way\n" };
    const body = await bodyOf(request);
    return body === undefined
      ? { status: 413, mediaType: plain, body: `a request has at most ${maxBytes} bytes\n` }
      : await witness.addCheckpoint(body);
  }
  const hash = /^([0-9a-f]{64})\/checkpoint$/.exec(path)?.[1];
  if (hash === undefined) return { status: 404, mediaType: plain, body: "nothing is here\n" };
  if (method !== "GET" && method !== "HEAD") return notAllowed("GET, HEAD");
  return witness.checkpoint(hash);
}

function notAllowed(allow: string): Answered {
  return { status: 405, mediaType: plain, body: `this takes ${allow}\n`, allow };
}

/** Undefined if it is too long; no more of it is read then. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  const read = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of read) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(request: IncomingMessage, response: ServerResponse, reply: Answered): void {
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, {
    "content-type": reply.mediaType,
    "content-length": body.length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(reply.allow === undefined ? {} : { allow: reply.allow }),
    // The rest of a body that is too long is not waited for.
    ...(request.complete ? {} : { connection: "close" }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
