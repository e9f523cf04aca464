/**
 * What is decided about a request before any route sees it, and what every answer
 * carries. A server on loopback can be reached by every page that the user's
 * browser has open: by DNS rebinding (a name of theirs that turns into 127.0.0.1,
 * so the Host header is compared exactly) and by plain cross-site requests (so
 * what changes something must come from here, in a type that no form can send).
 * There are no cookies, so there is nothing that a browser would add by itself.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { quote } from "@countermand/record";
import { HttpProblem } from "./problem.ts";

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** Headers of every answer, errors too. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
};

/**
 * Refuses a Host that is neither loopback nor configured, compared whole. A name
 * without a port stands for itself, as behind a proxy, and for itself with our port.
 */
export function checkHost(host: string | undefined, port: number, names: readonly string[]): void {
  const loopback = ["127.0.0.1", "localhost", "[::1]"].flatMap((name) =>
    port === 80 ? [name, `${name}:80`] : [`${name}:${port}`],
  );
  const configured = names.flatMap((name) =>
    /:\d+$/.test(name) ? [name] : [name, `${name}:${port}`],
  );
  const found = host?.toLowerCase();
  if ([...loopback, ...configured].some((name) => name.toLowerCase() === found)) return;
  throw new HttpProblem(
    "misdirected",
    `this server does not answer for the host ${quote(host ?? "", 80)}; use ${loopback[0]}, or add the name to COUNTERMAND_NAMES`,
  );
}

/** Refuses a state-changing request that a browser says another site made. */
export function checkSameOrigin(headers: IncomingHttpHeaders): void {
  const site = headers["sec-fetch-site"];
  const { origin, host } = headers;
  const sameSite = site === undefined || site === "same-origin";
  const sameOrigin = origin === undefined || isOrigin(origin, host);
  if (sameSite && sameOrigin) return;
  throw new HttpProblem(
    "cross-site",
    "a page of another site sent this; only this server's own pages and programs may change something",
  );
}

/** `http://<host>` or `https://<host>`: behind a proxy the scheme is the proxy's. */
function isOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && [`http://${host}`, `https://${host}`].includes(origin);
}

/** Refuses another media type than the route's; parameters such as a charset may follow. */
export function checkMediaType(found: string | undefined, expected: string): void {
  const type = found?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === expected) return;
  throw new HttpProblem(
    "unsupported-media-type",
    `the Content-Type is ${found === undefined ? "missing" : quote(found, 80)}; this route takes ${expected}`,
  );
}

/** Refuses unless the request bears `token`; compared in constant time. */
export function checkBearer(authorization: string | undefined, token: string): void {
  const given = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? "")?.[1];
  if (given !== undefined && timingSafeEqual(hash(given), hash(token))) return;
  throw new HttpProblem(
    "unauthorised",
    "this needs the token that lies in the server's data folder, as Authorization: Bearer <token>",
    { headers: { "www-authenticate": "Bearer" } },
  );
}

/** Hashed, so that both sides have one length. */
function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
