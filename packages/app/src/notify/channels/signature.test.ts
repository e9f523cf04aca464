import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { checkSignature, parseSecret, signatureOf } from "./signature.ts";

/** Of the Standard Webhooks reference implementations. */
const published = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  message: {
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: 1_614_265_330,
    body: '{"test": 2432232314}',
  },
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};

test("gives the published signature byte for byte", () => {
  const secret = parseSecret(published.secret, "a file");
  expect(signatureOf(published.message, [secret])).toBe(published.signature);
  expect(checkSignature(published.message, published.signature, secret)).toBe(true);
});

test("with two secrets, a receiver with either is content, and nobody else", () => {
  const [old, young, other] = [1, 2, 3].map((n) => new Uint8Array(32).fill(n));
  if (old === undefined || young === undefined || other === undefined) throw new TypeError("none");
  const header = signatureOf(published.message, [young, old]);
  expect(header.split(" ")).toHaveLength(2);
  expect(checkSignature(published.message, header, old)).toBe(true);
  expect(checkSignature(published.message, header, young)).toBe(true);
  expect(checkSignature(published.message, header, other)).toBe(false);
});

test("another id, time or body, and a bare or foreign signature, are refused", () => {
  const secret = parseSecret(published.secret, "a file");
  for (const change of [{ id: "msg_x" }, { timestamp: 1_614_265_331 }, { body: "{}" }]) {
    const message = { ...published.message, ...change };
    expect(checkSignature(message, published.signature, secret)).toBe(false);
  }
  const bare = createHmac("sha256", secret).update("x").digest("base64");
  for (const header of ["", "v1,", bare, published.signature.replace("v1,", "v1a,")]) {
    expect(checkSignature(published.message, header, secret)).toBe(false);
  }
});

test.each([
  ["no prefix", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
  ["short", `whsec_${Buffer.alloc(23).toString("base64")}`],
  ["long", `whsec_${Buffer.alloc(65).toString("base64")}`],
  ["not base64", "whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"],
  ["empty", ""],
])("a secret that is %s is refused, and not repeated", (_what, text) => {
  expect(() => parseSecret(text, "ops.secret")).toThrow(/^ops\.secret holds no secret/);
  try {
    parseSecret(text, "ops.secret");
  } catch (error) {
    if (text !== "") expect(String(error)).not.toContain(text);
  }
});
