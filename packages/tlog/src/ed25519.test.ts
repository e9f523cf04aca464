import { createHash, createPrivateKey, sign, webcrypto } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  assertSafeEd25519PublicKey,
  ed25519PublicKey,
  signEd25519,
  verifyEd25519,
} from "./ed25519.ts";
import { flip } from "./testing/reference.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

/** RFC 8032 §7.1: seed, public key, message, signature. */
const known = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
].map((row) => row.map(bytes)) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array][];

test.each(known)("the known answers of RFC 8032 (%#)", async (seed, key, message, signature) => {
  expect(hex(await ed25519PublicKey(seed))).toBe(hex(key));
  expect(hex(await signEd25519(seed, message))).toBe(hex(signature));
  expect(await verifyEd25519(key, message, signature)).toBe(true);
});

test("signs what Node's own crypto signs", () =>
  fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 100 }),
      async (seed, message) => {
        const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
        const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
        const signature = await signEd25519(seed, message);
        expect(hex(signature)).toBe(sign(null, message, key).toString("hex"));
        expect(await verifyEd25519(await ed25519PublicKey(seed), message, signature)).toBe(true);
      },
    ),
    { numRuns: 30 },
  ));

const [, key, message, signature] = known[2] as (typeof known)[number];

test("any bit of the signature or the message changed is not good", async () => {
  for (let at = 0; at < 64; at++) {
    for (let bit = 0; bit < 8; bit++) {
      expect(await verifyEd25519(key, message, flip(signature, at, bit))).toBe(false);
    }
  }
  expect(await verifyEd25519(key, flip(message, 0), signature)).toBe(false);
  for (const length of [0, 63, 65]) {
    expect(await verifyEd25519(key, message, new Uint8Array(length))).toBe(false);
  }
});

test("a scalar that is not reduced is not good: S + L, as long as it fits", async () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const scalar = fromLittleEndian(signature.subarray(32));
  let tried = 0;
  for (let s = scalar + order; s < 2n ** 256n; s += order) {
    const other = Uint8Array.of(...signature.subarray(0, 32), ...littleEndian(s));
    expect(await verifyEd25519(key, message, other)).toBe(false);
    tried++;
  }
  expect(tried).toBeGreaterThan(10);
});

test("a point that is not on the curve signs nothing", async () => {
  // y = 2 has no x.
  const off = Uint8Array.of(2, ...new Uint8Array(31));
  expect(await verifyEd25519(off, message, signature)).toBe(false);
});

test("a Buffer goes in unchanged: its slice would share memory", async () => {
  for (const [, publicKey, text, good] of known) {
    const buffers = [publicKey, text, good].map((part) => Buffer.from(part));
    const [a, b, c] = buffers as [Buffer, Buffer, Buffer];
    expect(await verifyEd25519(a, b, c)).toBe(true);
    expect(buffers.map(hex)).toEqual([publicKey, text, good].map(hex));
  }
  const signBit = Buffer.from(flip(key, 31, 7));
  assertSafeEd25519PublicKey(signBit);
  expect(hex(signBit)).toBe(hex(flip(key, 31, 7)));
});

describe("what runtimes differ in is decided before they are asked", () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;

  // With r = 0 the owner of the key makes S = k·a, and [S]B = R + [k]A holds.
  function withoutR(): Uint8Array {
    const sha512 = (...parts: readonly Uint8Array[]) =>
      fromLittleEndian(createHash("sha512").update(Buffer.concat(parts)).digest());
    const [seed] = known[2] as (typeof known)[number];
    const half = sha512(seed) % 2n ** 256n;
    const a = (half % 2n ** 254n) - (half % 8n) + 2n ** 254n;
    const r = littleEndian(1n);
    return Uint8Array.of(...r, ...littleEndian((sha512(r, key, message) * a) % order));
  }

  test("the signature with R of small order is the one that others take", () => {
    // Python's cryptography 48.0 verifies it under this key and message, Node 24.21 does not.
    expect(hex(withoutR())).toBe(
      "010000000000000000000000000000000000000000000000000000000000000089653588ead4771e2326253c8cc167ed5f891f0c238314c9d136bb6e54f2f206",
    );
  });

  test.each([
    ["R of small order", withoutR()],
    ["R of small order, its sign set", flip(withoutR(), 31, 7)],
    [
      "R of small order, not canonical",
      Uint8Array.of(0xee, ...Array(30).fill(0xff), 0x7f, ...withoutR().subarray(32)),
    ],
    [
      "S + L",
      Uint8Array.of(
        ...signature.subarray(0, 32),
        ...littleEndian(fromLittleEndian(signature.subarray(32)) + order),
      ),
    ],
    ["S = L", Uint8Array.of(...signature.subarray(0, 32), ...littleEndian(order))],
    ["63 bytes", signature.subarray(0, 63)],
  ])("%s", async (_, wrong) => {
    const asked = vi.spyOn(webcrypto.subtle, "verify").mockResolvedValue(true);
    try {
      expect(await verifyEd25519(key, message, wrong)).toBe(false);
      expect(asked).not.toHaveBeenCalled();
      expect(await verifyEd25519(key, message, signature)).toBe(true);
      expect(asked).toHaveBeenCalledOnce();
    } finally {
      asked.mockRestore();
    }
  });
});

describe("keys that are refused", () => {
  const p = 2n ** 255n - 19n;
  const mod = (n: bigint) => ((n % p) + p) % p;
  const d = mod(-121665n * power(121666n, p - 2n));

  function power(base: bigint, exponent: bigint): bigint {
    let [result, square] = [1n, mod(base)];
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      if (rest % 2n === 1n) result = mod(result * square);
      square = mod(square * square);
    }
    return result;
  }

  /** x of the point with this y, undefined if there is none; the curve is -x² + y² = 1 + dx²y². */
  function xOf(y: bigint): bigint | undefined {
    const square = mod((y * y - 1n) * power(d * y * y + 1n, p - 2n));
    const root = power(square, (p + 3n) / 8n);
    return [root, mod(root * power(2n, (p - 1n) / 4n))].find((x) => mod(x * x) === square);
  }

  function add([x1, y1]: Point, [x2, y2]: Point): Point {
    const t = mod(d * x1 * x2 * y1 * y2);
    return [
      mod((x1 * y2 + x2 * y1) * power(1n + t, p - 2n)),
      mod((y1 * y2 + x1 * x2) * power(1n - t, p - 2n)),
    ];
  }

  /** Eight times the point is nothing. */
  function isSmall(y: bigint): boolean {
    const x = xOf(mod(y));
    if (x === undefined) return false;
    let point: Point = [x, mod(y)];
    for (let i = 0; i < 3; i++) point = add(point, point);
    return point[0] === 0n && point[1] === 1n;
  }

  // One y of order eight; that it is, the test below computes.
  const y8 = fromLittleEndian(
    bytes("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
  );
  // The torsion group is cyclic: the multiples of a point of order eight are all of it.
  const torsion: bigint[] = [];
  const generator: Point = [xOf(y8) as bigint, y8];
  for (let point = generator, i = 0; i < 8; i++, point = add(point, generator)) {
    torsion.push(point[1]);
  }
  const ys = new Set(torsion.flatMap((y) => [y, y + p]).filter((y) => y < 2n ** 255n));
  const encodings = [...ys].flatMap((y) => [littleEndian(y), littleEndian(y | (1n << 255n))]);

  test("are fourteen encodings of the eight points of small order, computed here", () => {
    expect(new Set(encodings.map(hex)).size).toBe(14);
    for (const y of ys) expect(isSmall(y)).toBe(true);
    expect(isSmall(fromLittleEndian(key))).toBe(false);
  });

  test.each(encodings.map((encoding) => [hex(encoding), encoding] as const))(
    "small order: %s",
    async (_, encoding) => {
      expect(() => assertSafeEd25519PublicKey(encoding)).toThrow(
        expect.objectContaining({ code: "key", message: expect.stringContaining("small order") }),
      );
      await expect(verifyEd25519(encoding, message, signature)).rejects.toThrow("small order");
    },
  );

  test("are every other y of p or more, with either sign", () => {
    for (let y = p; y < 2n ** 255n; y++) {
      for (const sign of [0n, 1n << 255n]) {
        expect(() => assertSafeEd25519PublicKey(littleEndian(y | sign))).toThrow(
          expect.objectContaining({ code: "key" }),
        );
      }
    }
    assertSafeEd25519PublicKey(littleEndian(p - 2n));
  });

  test.each([0, 31, 33])("have %i bytes", (length) => {
    expect(() => assertSafeEd25519PublicKey(new Uint8Array(length).fill(9))).toThrow(
      expect.objectContaining({ code: "key" }),
    );
  });

  test("and such a key, with the signature that fits every message, is why", () => {
    // R = identity, S = 0 under the identity as key: [S]B = R + [k]A holds for every k.
    const identity = littleEndian(1n);
    const forged = Uint8Array.of(...identity, ...new Uint8Array(32));
    return expect(verifyEd25519(identity, message, forged)).rejects.toThrow("every message");
  });
});

test("a seed of another length is a programmer's mistake", async () => {
  await expect(signEd25519(new Uint8Array(31), message)).rejects.toThrow(TypeError);
  await expect(ed25519PublicKey(new Uint8Array(64))).rejects.toThrow(TypeError);
});

type Point = readonly [bigint, bigint];

function littleEndian(n: bigint): Uint8Array {
  return bytes(n.toString(16).padStart(64, "0")).toReversed();
}
function fromLittleEndian(data: Uint8Array): bigint {
  return BigInt(`0x${hex(data.toReversed())}`);
}
