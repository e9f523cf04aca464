/** Entity tags (RFC 9110 §8.8.3): of the content, so that they never lie. */
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export function entityTag(bytes: Uint8Array): string {
  return `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
}

/** The client has it already. */
export function matches(headers: IncomingHttpHeaders, etag: string): boolean {
  const known = headers["if-none-match"];
  if (known === undefined) return false;
  return known.split(",").some((tag) => [etag, `W/${etag}`, "*"].includes(tag.trim()));
}
