/**
 * What is decided about a request before any route sees it, and what every answer
 * carries. A server on loopback can be reached by every page that the user's
 * browser has open: by DNS rebinding (a name of theirs that turns into 127.0.0.1,
 * so the Host header is compared exactly) and by plain cross-site requests (so
 * what changes something must come from here, in a type that no form can send).
 * The session's cookie changes nothing about that: what a browser adds by itself
 * counts only in what this server's own pages send, and decides nothing.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { quote } from "@countermand/record";
import { HttpProblem } from "./problem.ts";

const directives = {
  "default-src": "'none'",
  "style-src": "'self'",
  "img-src": "'self'",
  "form-action": "'self'",
  "frame-ancestors": "'none'",
  "base-uri": "'none'",
} as const;

/** The policy of every answer, with what one page needs beside it. */
export function contentSecurityPolicy(more: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...directives, ...more })
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
}

/** Headers of every answer, errors too. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": contentSecurityPolicy(),
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

/**
 * Refuses a form of which no browser says that our own page sent it. Programs
 * need not say that, but they send no forms; browsers do say it.
 */
export function checkOwnForm(headers: IncomingHttpHeaders): void {
  if (headers["sec-fetch-site"] === "same-origin" || headers.origin !== undefined) return;
  throw new HttpProblem(
    "cross-site",
    "nothing says that this form is of this server's own page: Origin and Sec-Fetch-Site are missing",
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
  // A CloudEvent is JSON, and most senders know only that name for it.
  if (expected === "application/cloudevents+json" && type === "application/json") return;
  throw new HttpProblem(
    "unsupported-media-type",
    `the Content-Type is ${found === undefined ? "missing" : quote(found, 80)}; this route takes ${expected}`,
  );
}

/** The secret of `Authorization: Bearer`, if there is one. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? "")?.[1];
}

/** Compared in constant time. */
export function isToken(given: string, token: string): boolean {
  return timingSafeEqual(hash(given), hash(token));
}

/** Hashed, so that both sides have one length. */
function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
