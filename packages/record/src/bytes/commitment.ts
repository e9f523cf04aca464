/**
 * Commitments: a ledger entry says that a text was given without holding the
 * text, so the text can be deleted and every signature and proof stays valid.
 *
 *     "hmac-sha256:" + hex(HMAC-SHA-256(salt, canonical(value)))
 *
 * The salt is 32 random bytes, chosen by the caller for each value: without it
 * a short value (a name, a ticket number) could be found by guessing. The
 * opening, salt and value, is kept beside the ledger. Binding rests on the
 * collision resistance of SHA-256; hiding ends when the opening is known.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { canonicalBytes, type JsonValue } from "./canonical-json.ts";
import { decodeBase64, encodeBase64, encodeHex } from "./encoding.ts";
import { RecordError } from "./error.ts";
import { anyJson, object, string, type Infer } from "./shape.ts";

const saltLength = 32;

/** The printed form of a commitment. */
export const commitmentText = string({
  pattern: /^hmac-sha256:[0-9a-f]{64}$/,
  what: "a commitment written as hmac-sha256: and 64 lower-case hex digits",
});

/** The parsed JSON of an opening; `salt` is base64 of 32 bytes. Check it with `checkOpening`. */
export const openingShape = object({
  commitment: commitmentText,
  salt: string({ pattern: /^[A-Za-z0-9+/]{43}=$/, what: "base64 of 32 bytes" }),
  value: anyJson,
});
export type Opening = Infer<typeof openingShape>;

/** The commitment to `value` under a salt of exactly 32 bytes. */
export function commit(value: JsonValue, salt: Uint8Array): string {
  if (salt.length !== saltLength) {
    throw new TypeError(`a salt has ${saltLength} bytes, this one has ${salt.length}`);
  }
  return `hmac-sha256:${encodeHex(hmac(sha256, salt, canonicalBytes(value)))}`;
}

/** `value` and `salt` as an opening; `checkOpening(makeOpening(v, s))` always passes. */
export function makeOpening(value: JsonValue, salt: Uint8Array): Opening {
  return { commitment: commit(value, salt), salt: encodeBase64(salt), value };
}

/** Returns the value if salt and value open the commitment; else throws "commitment". */
export function checkOpening(opening: Opening): JsonValue {
  const salt = decodeBase64(opening.salt);
  if (salt.length !== saltLength) {
    throw new RecordError("commitment", `found ${salt.length} bytes; a salt has ${saltLength}`, {
      where: "salt",
    });
  }
  const found = commit(opening.value, salt);
  if (found !== opening.commitment) {
    throw new RecordError(
      "commitment",
      `the salt and value open ${found}, not ${opening.commitment}: one of them was changed`,
    );
  }
  return opening.value;
}
