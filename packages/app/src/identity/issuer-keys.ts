/**
 * The keys that an issuer of identity tokens publishes: its discovery document
 * (OpenID Connect Discovery 1.0 §4) names where. Issuers come from what
 * administrators signed, yet an answer is a stranger's: https only (http on this
 * machine), no redirects, bounded in size and time, and the document must be the
 * issuer's own.
 */
import { maxKeySetBytes } from "@countermand/record";
import { LoginError } from "./error.ts";

export interface IssuerKeys {
  /** The key set's bytes as they are served. */
  fetchKeys(issuer: string): Promise<Uint8Array>;
  /** Whether every key in `keys` is among those that the issuer publishes. */
  isPublished(issuer: string, keys: Uint8Array): Promise<boolean>;
}

const patience = 5_000;
/** Keys are asked for again after this, and when one is not known. */
const freshFor = 5 * 60_000;

interface Known {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export function issuerKeys(now: () => Date, ask: typeof fetch = fetch): IssuerKeys {
  const known = new Map<string, Known>();

  async function read(url: URL, what: string): Promise<Uint8Array> {
    let response: Response;
    try {
      response = await ask(url, {
        redirect: "error",
        signal: AbortSignal.timeout(patience),
        headers: { accept: "application/json" },
      });
    } catch (cause) {
      throw new LoginError("login-unavailable", `${url.origin} does not answer with its ${what}`, {
        cause,
      });
    }
    if (!response.ok) {
      throw new LoginError(
        "login-unavailable",
        `${url.href} answers ${response.status}, not its ${what}`,
      );
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      const bytes = chunk as Uint8Array;
      size += bytes.length;
      if (size > maxKeySetBytes) {
        throw new LoginError(
          "login-unavailable",
          `${url.href} answers more than ${maxKeySetBytes} bytes`,
        );
      }
      chunks.push(bytes);
    }
    return new Uint8Array(Buffer.concat(chunks, size));
  }

  async function fetchKeys(issuer: string): Promise<Uint8Array> {
    const base = secure(issuer);
    const discovery = new URL(`${base.href.replace(/\/$/, "")}/.well-known/openid-configuration`);
    const document = parse(await read(discovery, "discovery document"), discovery.href);
    if (document["issuer"] !== issuer) {
      throw new LoginError(
        "login-unavailable",
        `${discovery.href} is the document of ${JSON.stringify(document["issuer"])}, not of ${issuer}`,
      );
    }
    const address = document["jwks_uri"];
    const bytes = await read(secure(typeof address === "string" ? address : ""), "key set");
    known.set(issuer, { at: now().getTime(), bytes });
    return bytes;
  }

  return {
    fetchKeys,
    async isPublished(issuer, keys) {
      const wanted = keysIn(keys);
      if (wanted.length === 0) return false;
      const before = known.get(issuer);
      const fresh = before !== undefined && now().getTime() - before.at < freshFor;
      if (fresh && covers(before.bytes, wanted)) return true;
      return covers(await fetchKeys(issuer), wanted);
    },
  };
}

function secure(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const loopback = ["127.0.0.1", "localhost", "[::1]"];
  if (
    url === undefined ||
    url.username !== "" ||
    !(url.protocol === "https:" || (url.protocol === "http:" && loopback.includes(url.hostname)))
  ) {
    throw new LoginError(
      "login-unavailable",
      `an issuer and its keys are at an https:// address; found ${JSON.stringify(address.slice(0, 100))}`,
    );
  }
  return url;
}

function parse(bytes: Uint8Array, where: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // Told below.
  }
  throw new LoginError("login-unavailable", `${where} is not a JSON object`);
}

/** What makes a key that key, one text each; other members may differ from day to day. */
function keysIn(bytes: Uint8Array): readonly string[] {
  const { keys } = parse(bytes, "the key set");
  if (!Array.isArray(keys)) return [];
  return keys.map((key: Readonly<Record<string, unknown>> | null) =>
    JSON.stringify(["kty", "crv", "n", "e", "x", "y", "kid"].map((name) => key?.[name] ?? null)),
  );
}

function covers(published: Uint8Array, wanted: readonly string[]): boolean {
  const there = new Set(keysIn(published));
  return wanted.every((key) => there.has(key));
}
