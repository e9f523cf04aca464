/**
 * One question to a time-stamping authority (RFC 3161 §3.4, over HTTP). It is a
 * stranger's server: no redirect is followed, no more is read than an answer can have,
 * and it has some seconds.
 */
import { createHash } from "node:crypto";
import { messageOf } from "../error.ts";
import { TimestampError } from "./error.ts";
import { formatQuery, maxTokenBytes, readAnswer } from "./openssl.ts";

export interface TimeAuthority {
  /** Where it is asked. */
  readonly url: string;
  /** A file of PEM certificates: who vouches that it is a time authority. */
  readonly roots: string;
}

export interface Stamped {
  /** DER, CMS: what `openssl ts -verify -token_in` takes. */
  readonly token: Uint8Array;
  /** What the authority's clock said. */
  readonly time: Date;
  /** What ours said before the question and after the answer. */
  readonly asked: Date;
  readonly answered: Date;
}

/** A token over `bytes`, verified. Throws a `TimestampError`. */
export async function askAuthority(
  { url, roots }: TimeAuthority,
  bytes: Uint8Array,
  { now, timeout }: { readonly now: () => Date; readonly timeout: number },
): Promise<Stamped> {
  const query = await formatQuery(createHash("sha256").update(bytes).digest("hex"));
  const asked = now();
  const answer = await post(url, query, timeout);
  const answered = now();
  return { ...(await readAnswer(query, answer, roots)), asked, answered };
}

async function post(url: string, query: Uint8Array, timeout: number): Promise<Uint8Array> {
  let response: Response;
  const chunks: Uint8Array[] = [];
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/timestamp-query" },
      body: new Uint8Array(query),
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    let length = 0;
    for await (const chunk of response.body ?? []) {
      const part = chunk as Uint8Array;
      length += part.length;
      if (length > maxTokenBytes) break;
      chunks.push(part);
    }
    if (length > maxTokenBytes) {
      throw new TimestampError("refused", `its answer has more than ${maxTokenBytes} bytes`);
    }
  } catch (error) {
    if (error instanceof TimestampError) throw error;
    const late = error instanceof Error && error.name === "TimeoutError";
    const reason = (error as { cause?: unknown }).cause ?? error;
    throw new TimestampError(
      "unreachable",
      late ? `it did not answer within ${timeout / 1000} s` : messageOf(reason),
      { cause: error },
    );
  }
  const type = response.headers.get("content-type") ?? "";
  if (response.status !== 200) {
    throw new TimestampError("unreachable", `it answered ${response.status}`);
  }
  if (!/^application\/timestamp-reply(?:\s*;|$)/i.test(type)) {
    throw new TimestampError(
      "refused",
      `it answered ${JSON.stringify(type.slice(0, 60))}, and not application/timestamp-reply`,
    );
  }
  return Buffer.concat(chunks);
}
