/**
 * Where a login goes back to: a page of this server, or its first page. What
 * comes from an address is anybody's; only a path that a browser cannot read as
 * another host is followed.
 */

/** Longer than any page's address with its filters. */
const maxLength = 1000;

/** `text` if it is a path of this server, else `/`. */
export function returnPath(text: string | undefined): string {
  if (text === undefined || text.length > maxLength) return "/";
  // A browser reads `//host` and `/\host` as another host, and drops tabs and line ends before it looks.
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes("\\")) return "/";
  const base = "http://countermand.invalid";
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  return url?.origin === base && !url.pathname.startsWith("//")
    ? url.pathname + url.search + url.hash
    : "/";
}
