import { constants, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { assert, asyncProperty, constantFrom, nat } from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../bytes/encoding.ts";
import { verifyIdToken } from "./id-token.ts";

const at = "2026-11-23T02:00:00.000Z";
const now = Date.parse(at) / 1000;
const claims = { iss: "https://id.example", sub: "7", aud: "a", iat: now - 10, exp: now + 300 };
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

const makers: Record<string, () => { publicKey: KeyObject; privateKey: KeyObject }> = {
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  EdDSA: () => generateKeyPairSync("ed25519"),
};

function made(alg: string, payload: object = claims, header: object = {}) {
  const maker = makers[alg];
  if (maker === undefined) throw new Error(alg);
  const { publicKey, privateKey } = maker();
  const data = `${part({ alg, ...header })}.${part(payload)}`;
  const key =
    alg === "PS256"
      ? { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
      : alg === "ES256"
        ? { key: privateKey, dsaEncoding: "ieee-p1363" as const }
        : privateKey;
  const mark = sign(alg === "EdDSA" ? null : "sha256", Buffer.from(data), key);
  const jwk = publicKey.export({ format: "jwk" });
  return { token: `${data}.${mark.toString("base64url")}`, jwk, set: keys(jwk) };
}
const keys = (...jwks: object[]) => encodeUtf8(JSON.stringify({ keys: jwks }));

describe.each(Object.keys(makers))("%s", (alg) => {
  test("what the issuer said is read, by its key alone", async () => {
    const { token, set, jwk } = made(alg);
    expect(await verifyIdToken(token, set, at)).toMatchObject({
      issuer: "https://id.example",
      subject: "7",
      audience: ["a"],
    });
    await expect(verifyIdToken(token, made(alg).set, at)).rejects.toThrow(/not by the issuer/);
    await expect(verifyIdToken(token, keys(), at)).rejects.toThrow(/no key/);
    await expect(verifyIdToken(token, keys(jwk, jwk), at)).rejects.toThrow(/several/);
    await expect(verifyIdToken(token, keys({ ...jwk, use: "enc" }), at)).rejects.toThrow(/no key/);
    await expect(verifyIdToken(token, keys({ ...jwk, alg: "X" }), at)).rejects.toThrow(/no key/);
  });

  test("any character changed is refused", async () => {
    const { token, set } = made(alg);
    await assert(
      asyncProperty(
        nat(token.length - 1),
        constantFrom("A", "Z", "a", "z", "0", "9", "-", "_", ".", "=", "+", "/", " "),
        async (i, to) => {
          const changed = token.slice(0, i) + to + token.slice(i + 1);
          if (changed === token) return;
          await expect(verifyIdToken(changed, set, at)).rejects.toMatchObject({
            code: expect.stringMatching(/signature|encoding/) as string,
          });
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("a token", () => {
  test.each([
    ["too early", { ...claims, iat: now + 61 }, /holds from/],
    ["too late", { ...claims, exp: now - 61 }, /holds from/],
    ["without a subject", { ...claims, sub: undefined }, /lacks/],
    ["with times as text", { ...claims, exp: "later" }, /lacks/],
    ["with a number as audience", { ...claims, aud: [1] }, /lacks/],
  ])("%s is refused", async (_name, payload, says) => {
    const { token, set } = made("EdDSA", payload);
    await expect(verifyIdToken(token, set, at)).rejects.toThrow(says);
  });

  test("within a minute of its ends is let pass", async () => {
    for (const payload of [
      { ...claims, iat: now + 60 },
      { ...claims, exp: now - 60 },
    ]) {
      const { token, set } = made("EdDSA", payload);
      await verifyIdToken(token, set, at);
    }
  });

  test("of no algorithm, of another, with critical extensions, too long, of two parts, too deep", async () => {
    const { token, set, jwk } = made("RS256");
    const [, body = "", mark = ""] = token.split(".");
    for (const alg of ["none", "HS256", "RS1", "toString", 7]) {
      await expect(verifyIdToken(`${part({ alg })}.${body}.${mark}`, set, at)).rejects.toThrow(
        /algorithm/,
      );
    }
    // The public key as a secret: the confusion of RFC 8725 §2.1.
    await expect(
      verifyIdToken(`${part({ alg: "ES256" })}.${body}.${mark}`, keys(jwk), at),
    ).rejects.toThrow(/no key/);
    const critical = made("EdDSA", claims, { crit: ["b64"] });
    await expect(verifyIdToken(critical.token, critical.set, at)).rejects.toThrow(/critical/);
    await expect(verifyIdToken("a".repeat(8001), set, at)).rejects.toThrow(/8001/);
    await expect(verifyIdToken("a.b", set, at)).rejects.toThrow(/three parts/);
    await expect(verifyIdToken(token, encodeUtf8("[".repeat(50)), at)).rejects.toThrow(/deep/);
    await expect(verifyIdToken(token, encodeUtf8("{"), at)).rejects.toThrow(/not JSON/);
    await expect(verifyIdToken(token, encodeUtf8("[]"), at)).rejects.toThrow(/not an object/);
  });

  test("by a key that is too short, or is none, is refused", async () => {
    const { token, jwk } = made("RS256");
    const short = generateKeyPairSync("rsa", { modulusLength: 1024 });
    await expect(
      verifyIdToken(token, keys(short.publicKey.export({ format: "jwk" })), at),
    ).rejects.toThrow(/1024 bits/);
    await expect(verifyIdToken(token, keys({ ...jwk, e: "AA" }), at)).rejects.toMatchObject({
      code: "signature",
    });
  });
});
