/**
 * One POST to an address that an operator configured, which reaches nothing else.
 * The name is resolved once, every address that it has must be public (unless the
 * operator said that the host is inside), and the connection goes to the address
 * that was looked at: a name that changes its mind in between changes nothing.
 * Redirects are answers, not orders. Proxies of the environment are not asked:
 * they would resolve the name again. Of the answer the status counts; the body is
 * read no further than `maxAnswer`.
 */
import { lookup } from "node:dns/promises";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isPublicAddress } from "./addresses.ts";

export interface SafeTarget {
  readonly url: URL;
  /** The operator said that this host is inside. */
  readonly inside: boolean;
}

export interface SafeOptions {
  /** For everything together, in milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** All addresses of a name; the system's resolver unless told. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

export interface SafeAnswer {
  readonly status: number;
  readonly retryAfter?: string;
}

/** The sentence says the host and never more of the address: a path may be a secret. */
export class SafeRequestError extends Error {
  override readonly name = "SafeRequestError";
  readonly code: "refused-address" | "unreachable" | "timeout";
  constructor(code: SafeRequestError["code"], message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

const maxAnswer = 64 * 1024;

/** Sends `body`. Throws a `SafeRequestError`, or what `signal` was aborted with. */
export async function postSafely(
  { url, inside }: SafeTarget,
  headers: Readonly<Record<string, string>>,
  body: string,
  options: SafeOptions,
): Promise<SafeAnswer> {
  const limit = AbortSignal.timeout(options.timeout);
  const signal = AbortSignal.any([limit, options.signal]);
  try {
    const address = await within(signal, addressOf(url, inside, options.resolve ?? systemLookup));
    return await exchange(url, address, headers, body, signal);
  } catch (error) {
    if (error instanceof SafeRequestError) throw error;
    options.signal.throwIfAborted();
    if (limit.aborted) {
      throw new SafeRequestError(
        "timeout",
        `${url.host} did not answer within ${options.timeout / 1000} s`,
        { cause: error },
      );
    }
    const { code = "no answer" } = error as NodeJS.ErrnoException;
    throw new SafeRequestError("unreachable", `${url.host} cannot be reached (${code})`, {
      cause: error,
    });
  }
}

async function addressOf(
  url: URL,
  inside: boolean,
  resolve: NonNullable<SafeOptions["resolve"]>,
): Promise<string> {
  // The URL parser has already made 2130706433, 0x7f.1 and the like into dotted form.
  const host = url.hostname.replaceAll(/^\[|\]$/g, "");
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  const [first] = addresses;
  if (first === undefined) throw new SafeRequestError("unreachable", `${host} has no address`);
  const refused = inside ? undefined : addresses.find((item) => !isPublicAddress(item));
  if (refused !== undefined) {
    throw new SafeRequestError(
      "refused-address",
      `${host} is ${refused}, which is no public address; if that is meant, set "inside": true for the channel`,
    );
  }
  return first;
}

async function systemLookup(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}

/** A name server that does not answer must not outlast the limit. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function exchange(
  url: URL,
  address: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<SafeAnswer> {
  const pinned: LookupFunction = (_host, { all }, done) => {
    const family = isIP(address);
    if (all === true) done(null, [{ address, family }]);
    else done(null, address, family);
  };
  const secure = url.protocol === "https:";
  // An agent of its own: nothing is shared or kept, and it knows of no proxy.
  const agent = secure ? new HttpsAgent() : new HttpAgent();
  const bytes = Buffer.from(body);
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(
        url,
        {
          method: "POST",
          agent,
          lookup: pinned,
          signal,
          maxHeaderSize: 16 * 1024,
          headers: {
            ...headers,
            "content-length": String(bytes.length),
            "user-agent": "Countermand",
          },
        },
        resolve,
      );
      request.on("error", reject);
      request.end(bytes);
    });
    // The status is the answer, however the body ends.
    await readAway(answer).catch(() => undefined);
    const { statusCode: status = 0 } = answer;
    const after = answer.headers["retry-after"];
    return { status, ...(after === undefined ? {} : { retryAfter: after }) };
  } finally {
    agent.destroy();
  }
}

async function readAway(answer: IncomingMessage): Promise<void> {
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Uint8Array).length;
    // Leaving the loop destroys the connection; the status is known.
    if (size > maxAnswer) return;
  }
}
