import { expect, test } from "vitest";
import { carriesSecret, hashSecret, isSecret, newSecret, prefixes } from "./secret.ts";

test("secrets are 256 random bits that say what they are", () => {
  const many = new Set(Array.from({ length: 100 }, () => newSecret(prefixes.token)));
  expect(many.size).toBe(100);
  for (const secret of many) {
    expect(Buffer.from(secret.slice(4), "base64url")).toHaveLength(32);
    expect(isSecret(secret, prefixes.token)).toBe(true);
    expect(isSecret(secret, prefixes.session)).toBe(false);
    expect(isSecret(secret.slice(0, -1), prefixes.token)).toBe(false);
    expect(isSecret(`${secret}\n`, prefixes.token)).toBe(false);
  }
});

test("one kind's hash is never another's", () => {
  const secret = newSecret();
  expect(hashSecret("session", secret)).toMatch(/^[0-9a-f]{64}$/);
  expect(hashSecret("session", secret)).not.toBe(hashSecret("link", secret));
  // Known answer, from sha256sum: a change of the form would end every session.
  expect(hashSecret("session", "x")).toBe(
    "f7130986919249b133100a920677d322472bfe2cb5df295013f46e652fc9ce63",
  );
});

test("an address with a secret is seen", () => {
  const secret = newSecret(prefixes.session);
  expect(carriesSecret(`/v1/records?access_token=${secret}`)).toBe(true);
  expect(carriesSecret(`/${secret}/x`)).toBe(true);
  expect(carriesSecret("/v1/records?after=cmt_short")).toBe(false);
});
