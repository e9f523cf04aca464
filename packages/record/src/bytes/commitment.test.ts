import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { checkOpening, commit, makeOpening, openingShape } from "./commitment.ts";
import { RecordError } from "./error.ts";

const salt = Uint8Array.from({ length: 32 }, (_, i) => i);
const value = { reason: "caf\u00e9 is down", at: 7 };

test("is HMAC-SHA-256 of the canonical bytes under the salt", () => {
  const expected = createHmac("sha256", salt)
    .update('{"at":7,"reason":"caf\u00e9 is down"}')
    .digest("hex");
  expect(commit(value, salt)).toBe(`hmac-sha256:${expected}`);
  // The same, typed out, so that nothing shared by both sides can drift.
  expect(commit("", new Uint8Array(32))).toBe(
    `hmac-sha256:${createHmac("sha256", Buffer.alloc(32)).update('""').digest("hex")}`,
  );
});

test("an opening opens its commitment", () => {
  fc.assert(
    fc.property(fc.string(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (text, random) => {
      const opening = makeOpening(text, random);
      expect(checkOpening(openingShape(opening))).toBe(text);
    }),
  );
});

test("another value, salt or commitment does not open", () => {
  const opening = makeOpening(value, salt);
  const other = makeOpening(
    value,
    salt.map((b) => b ^ 1),
  );
  expect(() => checkOpening({ ...opening, value: { ...value, at: 8 } })).toThrow("was changed");
  expect(() => checkOpening({ ...opening, salt: other.salt })).toThrow("was changed");
  expect(() => checkOpening({ ...opening, commitment: other.commitment })).toThrow(RecordError);
});

test("a salt has 32 bytes", () => {
  expect(() => commit("x", new Uint8Array(31))).toThrow(TypeError);
  const opening = makeOpening("x", salt);
  expect(() => checkOpening({ ...opening, salt: "AAAA" })).toThrow("salt: found 3 bytes");
  expect(() => openingShape({ ...opening, salt: "AAAA" })).toThrow("salt: found");
  // The last digit holds bits that belong to no byte.
  expect(() => checkOpening({ ...opening, salt: `${opening.salt.slice(0, 42)}9=` })).toThrow(
    "bits",
  );
});
