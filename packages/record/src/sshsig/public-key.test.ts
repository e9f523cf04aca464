import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { concat, decodeBase64Url, encodeBase64 } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import {
  fingerprint,
  formatPublicKey,
  formatPublicKeyLine,
  isFidoKey,
  parsePublicKey,
  parsePublicKeyLine,
  type EcdsaType,
  type PublicKey,
} from "./public-key.ts";
import { wireMpint, wireString } from "./wire.ts";

const jwk = (key: { export(options: { format: "jwk" }): unknown }): Record<string, string> =>
  key.export({ format: "jwk" }) as Record<string, string>;

const edPoint = decodeBase64Url(jwk(generateKeyPairSync("ed25519").publicKey)["x"] ?? "");
function ecPoint(namedCurve: string): Uint8Array {
  const { x = "", y = "" } = jwk(generateKeyPairSync("ec", { namedCurve }).publicKey);
  return concat(new Uint8Array([4]), decodeBase64Url(x), decodeBase64Url(y));
}
function rsaKey(modulusLength: number): Extract<PublicKey, { type: "ssh-rsa" }> {
  const { n = "", e = "" } = jwk(generateKeyPairSync("rsa", { modulusLength }).publicKey);
  return { type: "ssh-rsa", modulus: decodeBase64Url(n), exponent: decodeBase64Url(e) };
}
const p256 = ecPoint("P-256");
const rsa = rsaKey(2048);

const keys: readonly PublicKey[] = [
  { type: "ssh-ed25519", point: edPoint },
  { type: "ecdsa-sha2-nistp256", point: p256 },
  { type: "ecdsa-sha2-nistp384", point: ecPoint("P-384") },
  { type: "ecdsa-sha2-nistp521", point: ecPoint("P-521") },
  rsa,
  { type: "sk-ssh-ed25519@openssh.com", point: edPoint, application: "ssh:" },
  { type: "sk-ecdsa-sha2-nistp256@openssh.com", point: p256, application: "audit.example.com" },
];

describe.each(keys.map((key) => [key.type, key] as const))("%s", (type, key) => {
  const blob = formatPublicKey(key);

  test("reads back from blob and line", () => {
    expect(parsePublicKey(blob)).toEqual(key);
    expect(formatPublicKey(parsePublicKey(blob))).toEqual(blob);
    const line = formatPublicKeyLine(blob);
    expect(line).toBe(`${type} ${encodeBase64(blob)}`);
    for (const text of [line, `${line}\n`, `${line} alice@laptop`, `${line} a b  c\n`]) {
      expect(parsePublicKeyLine(text)).toEqual(blob);
    }
  });

  test("refuses trailing bytes and every cut", () => {
    expect(() => parsePublicKey(concat(blob, new Uint8Array(1)))).toThrow(
      "1 more bytes after the end",
    );
    for (let length = 0; length < blob.length; length++) {
      expect(() => parsePublicKey(blob.subarray(0, length))).toThrow(RecordError);
    }
  });

  test("refuses a line that names another type, options, or two lines", () => {
    const text = encodeBase64(blob);
    expect(() => parsePublicKeyLine(`ssh-dss ${text}`)).toThrow(`its blob is ${type}`);
    for (const line of [
      `no-touch-required ${type} ${text}`,
      ` ${type} ${text}`,
      `${type}  ${text}`,
      `${type} ${text}\n${type} ${text}`,
      `${type} ${text}\r\n`.replace(" ", "\t"),
      text,
      "",
    ]) {
      expect(() => parsePublicKeyLine(line), line).toThrow(RecordError);
    }
  });
});

test("only the sk- types are FIDO keys", () => {
  expect(keys.filter((key) => isFidoKey(key.type)).map((key) => key.type)).toEqual([
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
  ]);
});

test("the fingerprint is what ssh-keygen -l prints", () => {
  // Computed with ssh-keygen 9.2 for this line.
  const line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINhZ/924Ddx2wJYLRC4NYO0LYi+Hs04huLnKLdb5IbRi";
  expect(fingerprint(parsePublicKeyLine(line))).toBe(
    "SHA256:HW/4AMOx5kqsLZKFR/8Jld9dxhSfdSmxo+obFPZ/w1o",
  );
});

// --- Points of small order, computed rather than typed from memory ---

const p = 2n ** 255n - 19n;
const order = 2n ** 252n + 27742317777372353535851937790883648493n;
type Point = readonly [bigint, bigint];
const mod = (n: bigint): bigint => ((n % p) + p) % p;
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) {
    if (e & 1n) result = mod(result * b);
  }
  return result;
}
const inverse = (n: bigint): bigint => power(n, p - 2n);
const d = mod(-121665n * inverse(121666n));
function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const t = mod(d * x1 * x2 * y1 * y2);
  return [mod((x1 * y2 + y1 * x2) * inverse(1n + t)), mod((y1 * y2 + x1 * x2) * inverse(1n - t))];
}
function multiply(scalar: bigint, point: Point): Point {
  let result: Point = [0n, 1n];
  for (let q = point, k = scalar; k > 0n; k >>= 1n, q = add(q, q)) {
    if (k & 1n) result = add(result, q);
  }
  return result;
}
/** Some point with this y, if the curve has one. */
function withY(y: bigint): Point | undefined {
  const xx = mod((y * y - 1n) * inverse(d * y * y + 1n));
  for (const x of [
    power(xx, (p + 3n) / 8n),
    mod(power(xx, (p + 3n) / 8n) * power(2n, (p - 1n) / 4n)),
  ]) {
    if (mod(x * x) === xx) return [x, y];
  }
  return undefined;
}
function encode(y: bigint, sign: number): Uint8Array {
  const bytes = new Uint8Array(32);
  for (let i = 0; i < 32; i++) bytes[i] = Number((y >> BigInt(8 * i)) & 0xffn);
  bytes[31] = (bytes[31] ?? 0) | (sign << 7);
  return bytes;
}

test("trap: all 14 encodings of the small-order Ed25519 points are refused", () => {
  const ys = new Set<bigint>();
  for (let y = 2n; ys.size < 5; y++) {
    const point = withY(y);
    if (point === undefined) continue;
    const torsion = multiply(order, point);
    expect(multiply(8n, torsion)).toEqual([0n, 1n]);
    ys.add(torsion[1]);
  }
  const spellings = [...ys].flatMap((y) => (y + p < 2n ** 255n ? [y, y + p] : [y]));
  expect(spellings).toHaveLength(7);
  for (const y of spellings) {
    for (const sign of [0, 1]) {
      const point = encode(y, sign);
      for (const key of [
        { type: "ssh-ed25519", point },
        { type: "sk-ssh-ed25519@openssh.com", point, application: "ssh:" },
      ] as const) {
        expect(() => parsePublicKey(formatPublicKey(key)), `y=${y} sign=${sign}`).toThrow(
          "not safe",
        );
      }
    }
  }
});

describe("strictness", () => {
  const refuse = (blob: Uint8Array, message: string): void => {
    expect(() => parsePublicKey(blob)).toThrow(message);
    expect(() => parsePublicKey(blob)).toThrow(RecordError);
  };

  test("RSA below 2048 bits, above 16384, or even", () => {
    refuse(formatPublicKey(rsaKey(1024)), "has 1024 bits");
    const short = rsa.modulus.slice();
    short[0] = 0x7f;
    refuse(formatPublicKey({ ...rsa, modulus: short }), "has 2047 bits");
    const long = new Uint8Array(2049).fill(0xff);
    refuse(formatPublicKey({ ...rsa, modulus: long }), "has 16392 bits");
    const even = rsa.modulus.slice();
    even[even.length - 1] = 2;
    refuse(formatPublicKey({ ...rsa, modulus: even }), "must be odd");
  });

  test("RSA exponents that prove nothing: 1, even, oversized", () => {
    for (const exponent of [[1], [2], [1, 0], [1, 0, 0, 0, 1]]) {
      refuse(
        formatPublicKey({ ...rsa, exponent: Uint8Array.from(exponent) }),
        "the RSA exponent must",
      );
    }
    expect(
      parsePublicKey(formatPublicKey({ ...rsa, exponent: new Uint8Array([3]) })),
    ).toBeDefined();
  });

  test("RSA numbers with a leading zero too many", () => {
    const padded = wireString(concat(new Uint8Array(2), rsa.modulus));
    refuse(concat(wireString("ssh-rsa"), wireMpint(rsa.exponent), padded), "fewest bytes");
  });

  test("ECDSA: another curve's name, a compressed point, a point of another size", () => {
    const blob = (type: EcdsaType, curve: string, point: Uint8Array): Uint8Array =>
      concat(wireString(type), wireString(curve), wireString(point));
    refuse(blob("ecdsa-sha2-nistp256", "nistp384", p256), "the key type says nistp256");
    const compressed = concat(new Uint8Array([2]), p256.subarray(1, 33));
    refuse(blob("ecdsa-sha2-nistp256", "nistp256", compressed), "uncompressed 65 bytes");
    refuse(blob("ecdsa-sha2-nistp384", "nistp384", p256), "uncompressed 97 bytes");
  });

  test("Ed25519 of another length, an application with a space, other types", () => {
    refuse(
      concat(wireString("ssh-ed25519"), wireString(edPoint.subarray(1))),
      "31 bytes instead of 32",
    );
    const sk = "sk-ssh-ed25519@openssh.com";
    refuse(concat(wireString(sk), wireString(edPoint), wireString("a b")), "the application is");
    refuse(concat(wireString(sk), wireString(edPoint), wireString("")), "the application is");
    refuse(wireString("ssh-dss"), 'key type "ssh-dss" is not accepted');
    refuse(wireString("ssh-ed25519-cert-v01@openssh.com"), "is not accepted");
    refuse(new Uint8Array(5000), "5000 bytes; a public key has at most 4096");
  });
});
