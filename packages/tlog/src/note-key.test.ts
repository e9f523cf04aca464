import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "./bytes.ts";
import {
  formatSignerKey,
  formatVerifierKey,
  hex8,
  isKeyName,
  keyId,
  keyTypes,
  parseSignerKey,
  parseVerifierKey,
} from "./note-key.ts";
import { flip, someLeaves } from "./testing/reference.ts";

const known = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

test("the specification's verifier key reads, and is written the same", () => {
  const key = parseVerifierKey(known);
  expect(key).toMatchObject({ name: "example.com/foo", keyId: 0x530d903a, type: 1 });
  expect(key.publicKey.length).toBe(32);
  expect(formatVerifierKey(key)).toBe(known);
});

test("the key id depends on the name and on the type", () => {
  const { name, publicKey } = parseVerifierKey(known);
  const ids = [
    keyId(name, keyTypes.ed25519, publicKey),
    keyId(name, keyTypes.ed25519Cosignature, publicKey),
    keyId(`${name}x`, keyTypes.ed25519, publicKey),
  ];
  expect(new Set(ids).size).toBe(3);
  expect(hex8(0xab)).toBe("000000ab");
});

test("both types read back", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter(isKeyName),
      fc.constantFrom(keyTypes.ed25519, keyTypes.ed25519Cosignature),
      fc.nat(255),
      (name, type, seed) => {
        const publicKey = (someLeaves(1, seed)[0] as Uint8Array).with(31, 1);
        const vkey = formatVerifierKey({ name, type, publicKey });
        expect(formatVerifierKey(parseVerifierKey(vkey))).toBe(vkey);
        expect(parseVerifierKey(vkey)).toMatchObject({ name, type, publicKey });
      },
    ),
  );
});

/** A verifier key whose id is right, whatever else is not. */
function vkey(name: string, material: readonly number[]): string {
  const bytes = Uint8Array.from(material);
  return `${name}+${hex8(keyId(name, bytes[0] ?? 0, bytes.slice(1)))}+${encodeBase64(bytes)}`;
}

describe("a verifier key is refused", () => {
  const publicKey = parseVerifierKey(known).publicKey;
  const identity = [1, ...new Uint8Array(31)];

  test.each([
    ["", "no verifier key"],
    ["example.com/foo", "no verifier key"],
    ["example.com/foo+530d903a", "no verifier key"],
    [known.replace("example.com/foo", ""), "no verifier key"],
    [known.replace("530d903a", "530D903A"), "no verifier key"],
    [known.replace("530d903a", "530d903"), "no verifier key"],
    [known.replace("530d903a", "530d903b"), "says its id is 530d903b, but it is 530d903a"],
    [known.replace("foo", "bar"), "says its id"],
    [`${known}\n`, "no verifier key"],
    [`${known}=`, "canonical base64"],
    [known.replace("U2k", "U2l"), "says its id"],
    [known.replace("+Aeky", "+Ae-y"), "canonical base64"],
    [known.replace("/foo", " foo"), "no verifier key"],
    [known.replace("/foo", "\u0000"), "no verifier key"],
    [known.replace("/foo", "\u2003"), "no verifier key"],
    [known.replace("/foo", "\uD800"), "no verifier key"],
    [vkey("a", [2, ...publicKey]), "of a type (2)"],
    [vkey("a", [5, ...publicKey]), "of a type (5)"],
    [vkey("a", [6, ...publicKey]), "1312 bytes, not 32"],
    [vkey("a", [1, ...publicKey, 0]), "32 bytes"],
    [vkey("a", [1, ...publicKey.subarray(1)]), "32 bytes"],
    [vkey("a", [1]), "32 bytes"],
    [vkey("a", [1, ...identity]), "small order"],
    [vkey("a", [4, ...identity]), "small order"],
  ])("%j: %s", (text, problem) => {
    expect(() => parseVerifierKey(text)).toThrow(
      expect.objectContaining({ code: "key", message: expect.stringContaining(problem) }),
    );
  });

  test("and not written, if it could not be read", () => {
    const type = keyTypes.ed25519;
    expect(() => formatVerifierKey({ name: "a b", type, publicKey })).toThrow(TypeError);
    expect(() =>
      formatVerifierKey({ name: "a", type, publicKey: Uint8Array.from(identity) }),
    ).toThrow("small order");
  });
});

describe("a signer key", () => {
  // Published with Tessera's golden log (testdata/build_log.sh); it signs nothing but tests.
  const skey =
    "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg";
  const vkeyOf = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

  test("in Go's form reads, is written the same, and makes its verifier key", async () => {
    const signer = await parseSignerKey(skey);
    expect(formatVerifierKey(signer.verifier)).toBe(vkeyOf);
    expect(await formatSignerKey(signer.name, signer.seed)).toBe(skey);
  });

  test.each([
    "",
    vkeyOf,
    skey.replace("PRIVATE", "private"),
    skey.replace("33d7b496", "33d7b497"),
    skey.replace("testdata", "test data"),
    skey.replace("+Aey", "+Aez"),
    skey.replace("3eg", "3eh"),
    `${skey}\n`,
    skey.slice(0, -4),
    skey.replace("+Aey", "+BOy"),
  ])("%#: any other text is refused, and not repeated", async (text) => {
    await expect(parseSignerKey(text)).rejects.toThrow(
      expect.objectContaining({
        code: "key",
        message: expect.not.stringContaining(skey.slice(-30)),
      }),
    );
  });

  test("of an impossible name or seed is a programmer's mistake", async () => {
    await expect(formatSignerKey("a+b", new Uint8Array(32))).rejects.toThrow(TypeError);
    await expect(formatSignerKey("a", new Uint8Array(31))).rejects.toThrow(TypeError);
  });

  test("of one bit changed is another key", async () => {
    const { seed, verifier } = await parseSignerKey(skey);
    const other = await parseSignerKey(await formatSignerKey(verifier.name, flip(seed, 0)));
    expect(other.keyId).not.toBe(verifier.keyId);
  });
});
