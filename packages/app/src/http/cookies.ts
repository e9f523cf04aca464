/**
 * Cookies after RFC 6265bis. Both are `__Host-`: the browser takes them from this
 * host alone, over a secure channel (or on this machine), for all paths, so no
 * other name under the same domain can plant one. `Lax`, because a link from a
 * chat to a record should open it: what a link can do only reads.
 */
import type { IncomingHttpHeaders } from "node:http";

export const sessionCookie = "__Host-countermand";
/** Ties a login at an identity provider to the browser that began it. */
export const loginCookie = "__Host-countermand-login";

type CookieName = typeof sessionCookie | typeof loginCookie;

/** The cookie's value; undefined where it is absent, or there twice and so nobody's. */
export function cookieOf(headers: IncomingHttpHeaders, name: CookieName): string | undefined {
  const values = (headers.cookie ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}

/** A `Set-Cookie` header; without `seconds` the browser keeps it until it is closed. */
export function setCookie(name: CookieName, value: string, seconds?: number): string {
  const life = seconds === undefined ? "" : `; Max-Age=${seconds}`;
  return `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax${life}`;
}

export function dropCookie(name: CookieName): string {
  return setCookie(name, "", 0);
}
