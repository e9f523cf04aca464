/** The Link header (RFC 8288) of a list: the same address with another cursor. */
export function nextLink(url: string, next: string | undefined): Record<string, string> {
  if (next === undefined) return {};
  const [path = "", query = ""] = url.split("?", 2);
  const search = new URLSearchParams(query);
  search.set("after", next);
  return { link: `<${path}?${search.toString()}>; rel="next"` };
}
