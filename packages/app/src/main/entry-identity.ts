/** The identity that an entry's bytes say; throws for what is no entry of Countermand. */
import { identityOf, parseEntry, parsePayload } from "@countermand/record";

export function entryIdentity(leaf: Uint8Array): Uint8Array {
  const payload = Buffer.from(parseEntry(leaf).envelope.payload, "base64");
  return identityOf(parsePayload(payload).head.id);
}
