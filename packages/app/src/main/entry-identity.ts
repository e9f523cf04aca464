/**
 * The identity that an entry's bytes say; throws for what is no entry of Countermand.
 * Read with the runtime's own JSON, six times as fast as our strict parser: it finds
 * the id, and whether the entry is canonical and has the right shape is for who
 * replays it to say, which `fsck` does with every one.
 */
import { identityOf } from "@countermand/record";

export function entryIdentity(leaf: Uint8Array): Uint8Array {
  const { envelope } = read(leaf) as { envelope?: { payload?: unknown } };
  const payload = envelope?.payload;
  if (typeof payload !== "string") throw new TypeError("the entry has no payload");
  const { predicate } = read(Buffer.from(payload, "base64")) as { predicate?: { id?: unknown } };
  const id = predicate?.id;
  if (typeof id !== "string") throw new TypeError("the statement has no id");
  return identityOf(id);
}

function read(bytes: Uint8Array): object {
  const value: unknown = JSON.parse(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"),
  );
  if (typeof value !== "object" || value === null) throw new TypeError("it is no object");
  return value;
}
