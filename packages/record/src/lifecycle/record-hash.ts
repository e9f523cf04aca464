/**
 * The hashes that statements name so that they mean one thing only.
 *
 * The record hash covers the proposal and the assessment; see
 * docs/design/record.md for what it leaves out and why.
 */
import { sha256 } from "@countermand/tlog";
import { canonicalBytes, type JsonValue } from "../bytes/canonical-json.ts";
import { encodeHex } from "../bytes/encoding.ts";

/** SHA-256 over the canonical bytes of `value`, in hex. */
export function digestOf(value: JsonValue): string {
  return encodeHex(sha256(canonicalBytes(value)));
}

/** `proposal` and `assessment` are the SHA-256 of the payloads now in force. */
export function recordHash(
  record: string,
  proposal: string,
  assessment: string | undefined,
): string {
  return digestOf({ record, proposal, ...(assessment === undefined ? {} : { assessment }) });
}

/** What an approver had before them: the digests of the evidence, in order of digest. */
export function evidenceHash(evidence: readonly { readonly digest: string }[]): string {
  return digestOf(evidence.map((item) => item.digest).toSorted());
}
