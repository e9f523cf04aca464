/** Keys and a note for tests. The seeds are public: they must not sign anything else. */
import { encodeUtf8 } from "../bytes.ts";
import { cosigner } from "../cosignature.ts";
import { formatSignerKey, parseSignerKey } from "../note-key.ts";

export const origin = "example.com/log";

export const logKey = await parseSignerKey(
  await formatSignerKey(origin, new Uint8Array(32).fill(1)),
);
export const otherKey = await parseSignerKey(
  await formatSignerKey("example.com/other", new Uint8Array(32).fill(2)),
);
export const witness = await cosigner(
  "witness.example/w1",
  new Uint8Array(32).fill(3),
  () => 1_700_000_000,
);

export function bytesOf(text: string): Uint8Array {
  return encodeUtf8(text);
}
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
