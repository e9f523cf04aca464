import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { concat, decodeBase64Url, decodeHex, encodeHex, encodeUtf8 } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import { formatArmor } from "./armor.ts";
import { fingerprint, formatPublicKey, type PublicKey } from "./public-key.ts";
import { formatSignature, parseSignature, type Signature } from "./signature.ts";
import { makeEd25519Sshsig, sshsigFromRaw } from "./sign.ts";
import { formatSshsig, parseSshsig, signedData } from "./sshsig.ts";
import { verifySshsig, type VerifiedSshsig } from "./verify.ts";
import { wireMpint, wireString, wireUint32 } from "./wire.ts";

const namespace = "decision.v1@countermand";
const message = encodeUtf8("approve RB-2026-7");
const data = signedData(namespace, "sha512", message);
const require = { userPresence: false, userVerification: false };

const verify = async (signature: Uint8Array | string, key?: Uint8Array): Promise<VerifiedSshsig> =>
  verifySshsig({ signature, message, namespace, require, ...(key === undefined ? {} : { key }) });

type Jwk = { readonly x: string; readonly y: string; readonly n: string; readonly e: string };
const jwkOf = (key: KeyObject): Jwk => key.export({ format: "jwk" }) as Jwk;

const ed = generateKeyPairSync("ed25519").privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const edKey: PublicKey = { type: "ssh-ed25519", point: decodeBase64Url(jwkOf(ed).x) };
const ecKey: PublicKey = {
  type: "ecdsa-sha2-nistp256",
  point: concat(new Uint8Array([4]), decodeBase64Url(jwkOf(ec).x), decodeBase64Url(jwkOf(ec).y)),
};
const rsaKey: PublicKey = {
  type: "ssh-rsa",
  modulus: decodeBase64Url(jwkOf(rsa).n),
  exponent: decodeBase64Url(jwkOf(rsa).e),
};

const p1363 = { key: ec, dsaEncoding: "ieee-p1363" } as const;
const raws = {
  ed25519: [edKey, concat(sign(null, data, ed))],
  ecdsa: [ecKey, concat(sign("sha256", data, p1363))],
  rsa: [rsaKey, concat(sign("sha512", data, rsa))],
} as const;
const blobOf = ([key, raw]: readonly [PublicKey, Uint8Array]): Uint8Array =>
  sshsigFromRaw({ key: formatPublicKey(key), namespace, hashAlgorithm: "sha512", raw });

/** An SSHSIG whose inner signature is exactly these bytes. */
const withSignature = (key: PublicKey, signature: Uint8Array): Uint8Array =>
  formatSshsig({ key: formatPublicKey(key), namespace, hashAlgorithm: "sha512", signature });

describe("the bytes that are signed", () => {
  test("known answer, byte for byte", () => {
    // SHA-256 of nothing, in the frame of PROTOCOL.sshsig.
    expect(encodeHex(signedData("file", "sha256", new Uint8Array(0)))).toBe(
      "535348534947" +
        "0000000466696c65" +
        "00000000" +
        "00000006736861323536" +
        "00000020e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });

  test("a namespace is printable and not empty", () => {
    for (const bad of ["", "a b", "a\n", "caf\u00e9", "x".repeat(1025)]) {
      expect(() => signedData(bad, "sha256", message)).toThrow(TypeError);
    }
  });
});

describe.each(Object.entries(raws))("%s", (name, pair) => {
  const blob = blobOf(pair);
  const keyBlob = formatPublicKey(pair[0]);

  test("is true, armored or not, with the key named or not", async () => {
    const verified = await verify(blob, keyBlob);
    expect(verified).toEqual({
      key: keyBlob,
      fingerprint: fingerprint(keyBlob),
      keyType: pair[0].type,
      hashAlgorithm: "sha512",
    });
    expect(await verify(formatArmor(blob))).toEqual(verified);
    expect(formatSshsig(parseSshsig(blob))).toEqual(blob);
    const inner = parseSshsig(blob).signature;
    expect(formatSignature(parseSignature(inner, pair[0].type))).toEqual(inner);
  });

  test("every flipped bit is refused", async () => {
    // RSA blobs are long and slow: there one bit of each byte.
    const bits = name === "rsa" ? [0x10] : [1, 2, 4, 8, 16, 32, 64, 128];
    for (let at = 0; at < blob.length; at++) {
      for (const bit of bits) {
        const flipped = concat(blob);
        flipped[at] = (flipped[at] ?? 0) ^ bit;
        await expect(verify(flipped), `byte ${at} bit ${bit}`).rejects.toThrow(RecordError);
      }
    }
  });

  test("every cut and every trailing byte is refused", async () => {
    for (let length = 0; length < blob.length; length++) {
      await expect(verify(blob.subarray(0, length))).rejects.toThrow(RecordError);
    }
    await expect(verify(concat(blob, new Uint8Array(1)))).rejects.toThrow(
      "after the end of the SSHSIG",
    );
    const inner = concat(parseSshsig(blob).signature, new Uint8Array(1));
    await expect(verify(withSignature(pair[0], inner))).rejects.toThrow(
      "after the end of the signature",
    );
  });

  test("another message, namespace, key or hash is refused", async () => {
    const request = { signature: blob, message, namespace, require };
    await expect(verifySshsig({ ...request, message: encodeUtf8("reject") })).rejects.toThrow(
      "not true",
    );
    await expect(verifySshsig({ ...request, namespace: "git" })).rejects.toThrow("expected git");
    const other = formatPublicKey(pair[0].type === "ssh-rsa" ? edKey : rsaKey);
    await expect(verifySshsig({ ...request, key: other })).rejects.toThrow(
      `made by ${fingerprint(keyBlob)}, expected ${fingerprint(other)}`,
    );
    const sshsig = parseSshsig(blob);
    await expect(verify(formatSshsig({ ...sshsig, hashAlgorithm: "sha256" }))).rejects.toThrow(
      "not true",
    );
    // The namespace is signed, not only carried.
    const renamed = formatSshsig({ ...sshsig, namespace: "git" });
    await expect(
      verifySshsig({ ...request, signature: renamed, namespace: "git" }),
    ).rejects.toThrow("not true");
  });

  test("what the key cannot show is not assumed", async () => {
    for (const [wanted, problem] of [
      [{ userPresence: true, userVerification: false }, "user presence is required: an"],
      [{ userPresence: false, userVerification: true }, "user verification is required: an"],
    ] as const) {
      const request = { signature: blob, message, namespace, require: wanted };
      await expect(verifySshsig(request)).rejects.toThrow(problem);
    }
  });
});

describe("strictness beyond OpenSSH", () => {
  const raw = raws.ed25519[1];
  const frame = (parts: {
    magic?: string;
    version?: number;
    namespace?: string;
    reserved?: string;
    hash?: string;
  }): Uint8Array =>
    concat(
      encodeUtf8(parts.magic ?? "SSHSIG"),
      wireUint32(parts.version ?? 1),
      wireString(formatPublicKey(edKey)),
      wireString(parts.namespace ?? namespace),
      wireString(parts.reserved ?? ""),
      wireString(parts.hash ?? "sha512"),
      wireString(formatSignature({ algorithm: "ssh-ed25519", raw })),
    );

  test("the frame built by hand is the one that is written", () => {
    expect(frame({})).toEqual(blobOf(raws.ed25519));
  });

  test.each([
    ["a reserved field that is not empty", { reserved: "x" }, "the reserved field is not empty"],
    ["an empty namespace", { namespace: "" }, "the namespace is"],
    [
      "a namespace with a control character",
      { namespace: "a\u0007" },
      'the namespace is "a\\u0007"',
    ],
    ["another version", { version: 2 }, "version 2 is not 1"],
    ["another magic", { magic: "SSHSIX" }, 'starts with "SSHSIX"'],
    ["SHA-1", { hash: "sha1" }, 'hash algorithm "sha1" is neither'],
    ["SHA-384", { hash: "sha384" }, "is neither"],
  ])("%s", async (_, parts, problem) => {
    await expect(verify(frame(parts))).rejects.toThrow(problem);
  });

  test("a signature over a reserved field that is not empty, truly signed", async () => {
    const signed = concat(
      encodeUtf8("SSHSIG"),
      wireString(namespace),
      wireString("x"),
      wireString("sha512"),
      data.subarray(-68),
    );
    const blob = concat(
      encodeUtf8("SSHSIG"),
      wireUint32(1),
      wireString(formatPublicKey(edKey)),
      wireString(namespace),
      wireString("x"),
      wireString("sha512"),
      wireString(
        formatSignature({ algorithm: "ssh-ed25519", raw: concat(sign(null, signed, ed)) }),
      ),
    );
    await expect(verify(blob)).rejects.toThrow("the reserved field is not empty");
  });

  test("RSA with SHA-1, truly signed", async () => {
    const made = concat(wireString("ssh-rsa"), wireString(concat(sign("sha1", data, rsa))));
    await expect(verify(withSignature(rsaKey, made))).rejects.toThrow(
      'algorithm "ssh-rsa" for a key of type ssh-rsa; expected rsa-sha2-256 or rsa-sha2-512',
    );
  });

  test("RSA with SHA-256 is true, under the wrong name it is not", async () => {
    const made = concat(sign("sha256", data, rsa));
    const as = (algorithm: "rsa-sha2-256" | "rsa-sha2-512"): Uint8Array =>
      withSignature(rsaKey, formatSignature({ algorithm, raw: made }));
    await expect(verify(as("rsa-sha2-256"))).resolves.toBeDefined();
    await expect(verify(as("rsa-sha2-512"))).rejects.toThrow("not true");
  });

  test("an RSA signature of another width", async () => {
    const widths = [raws.rsa[1].subarray(1), concat(new Uint8Array(1), raws.rsa[1])];
    for (const width of widths) {
      const made = formatSignature({ algorithm: "rsa-sha2-512", raw: width });
      await expect(verify(withSignature(rsaKey, made))).rejects.toThrow("not true");
    }
  });

  test("mpints that are not minimal, negative or zero", async () => {
    const half = (from: number): Uint8Array => raws.ecdsa[1].subarray(from, from + 32);
    const as = (r: Uint8Array, s: Uint8Array): Uint8Array =>
      withSignature(ecKey, concat(wireString("ecdsa-sha2-nistp256"), wireString(concat(r, s))));
    const [r, s] = [wireMpint(half(0)), wireMpint(half(32))];
    await expect(verify(as(r, s))).resolves.toBeDefined();
    const padded = (from: number): Uint8Array => wireString(concat(new Uint8Array(2), half(from)));
    for (const blob of [
      as(padded(0), s),
      as(r, padded(32)),
      as(wireString(""), s),
      as(r, wireString(new Uint8Array([0x80]))),
    ]) {
      await expect(verify(blob)).rejects.toThrow(
        "is zero, negative or not written in the fewest bytes",
      );
    }
    const wide = wireMpint(new Uint8Array(33).fill(1));
    await expect(verify(as(wide, s))).rejects.toThrow("not true");
    await expect(verify(as(r, concat(s, s)))).rejects.toThrow(
      "after the end of the ECDSA signature",
    );
  });

  test("the algorithm of another key type", async () => {
    const inner = parseSshsig(blobOf(raws.ed25519)).signature;
    await expect(verify(withSignature(ecKey, inner))).rejects.toThrow(
      "for a key of type ecdsa-sha2-nistp256; expected ecdsa-sha2-nistp256",
    );
    await expect(verify(withSignature(rsaKey, inner))).rejects.toThrow("for a key of type ssh-rsa");
  });

  test("an ECDSA point off its curve", async () => {
    const point = concat(ecKey.point);
    point[64] = (point[64] ?? 0) ^ 1;
    const inner = parseSshsig(blobOf(raws.ecdsa)).signature;
    await expect(verify(withSignature({ ...ecKey, point }, inner))).rejects.toThrow(
      "no point of its curve",
    );
  });

  test("an Ed25519 signature with S beyond the group order", async () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const little = (bytes: Uint8Array): bigint => BigInt(`0x${encodeHex(bytes.toReversed())}`);
    const s = (little(raw.subarray(32)) + order).toString(16).padStart(64, "0");
    const other = concat(raw.subarray(0, 32), decodeHex(s).toReversed());
    await expect(verify(blobOf([edKey, other]))).rejects.toThrow("not true");
  });

  test("anything too long, before it is read", async () => {
    await expect(verify(new Uint8Array(16 * 1024 + 1))).rejects.toThrow("at most 16384");
  });
});

test("trap: the small-order key whose one signature fits every message", async () => {
  // The identity point, with R the identity and S zero: R = S*B - h*A for every h.
  const identity = new Uint8Array(32);
  identity[0] = 1;
  const key: PublicKey = { type: "ssh-ed25519", point: identity };
  const raw = concat(identity, new Uint8Array(32));
  const blob = withSignature(key, formatSignature({ algorithm: "ssh-ed25519", raw }));
  await expect(verify(blob)).rejects.toThrow("not safe to verify with");
  await expect(
    makeEd25519Sshsig({ publicKey: identity, namespace, message, sign: () => raw }),
  ).rejects.toThrow("not safe");
});

describe("trap: ECDSA signature bytes identify nothing", () => {
  // P-256, y^2 = x^3 - 3x + b, as in FIPS 186-4 D.1.2.3.
  const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
  const g = [
    0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  ] as const;
  type Point = readonly [bigint, bigint] | undefined;
  const mod = (a: bigint, m: bigint): bigint => ((a % m) + m) % m;
  function power(base: bigint, exponent: bigint, m: bigint): bigint {
    let result = 1n;
    for (let x = mod(base, m), e = exponent; e > 0n; e >>= 1n, x = (x * x) % m) {
      if (e & 1n) result = (result * x) % m;
    }
    return result;
  }
  function add(one: Point, two: Point): Point {
    if (one === undefined || two === undefined) return one ?? two;
    const [x1, y1] = one;
    const [x2, y2] = two;
    if (x1 === x2 && mod(y1 + y2, p) === 0n) return undefined;
    const slope =
      x1 === x2
        ? (3n * x1 * x1 - 3n) * power(2n * y1, p - 2n, p)
        : (y2 - y1) * power(x2 - x1, p - 2n, p);
    const x = mod(slope * slope - x1 - x2, p);
    return [x, mod(slope * (x1 - x) - y1, p)];
  }
  function multiply(scalar: bigint, point: Point): Point {
    let result: Point;
    for (let k = scalar, q = point; k > 0n; k >>= 1n, q = add(q, q))
      if (k & 1n) result = add(result, q);
    return result;
  }
  const big = (bytes: Uint8Array): bigint => BigInt(`0x${encodeHex(bytes)}`);
  const bytes32 = (a: bigint): Uint8Array => decodeHex(a.toString(16).padStart(64, "0"));
  const r = big(raws.ecdsa[1].subarray(0, 32));
  const s = big(raws.ecdsa[1].subarray(32));
  const blob = blobOf(raws.ecdsa);

  test("(r, n - s) is as true as (r, s)", async () => {
    const twin = blobOf([ecKey, concat(bytes32(r), bytes32(n - s))]);
    expect(twin).not.toEqual(blob);
    expect((await verify(twin)).fingerprint).toBe((await verify(blob)).fingerprint);
  });

  test("a second public key fits the same signature, and is another fingerprint", async () => {
    const { createHash } = await import("node:crypto");
    const z = big(createHash("sha256").update(data).digest());
    const y = power(r * r * r - 3n * r + b, (p + 1n) / 4n, p);
    const inverseR = power(r, n - 2n, n);
    const found = new Set<string>();
    for (const point of [
      [r, y],
      [r, p - y],
    ] as const) {
      const candidate = add(
        multiply(mod(s * inverseR, n), point),
        multiply(mod(-z * inverseR, n), g),
      );
      if (candidate === undefined) throw new Error("the point at infinity");
      const key: PublicKey = {
        type: "ecdsa-sha2-nistp256",
        point: concat(new Uint8Array([4]), bytes32(candidate[0]), bytes32(candidate[1])),
      };
      const verified = await verify(blobOf([key, raws.ecdsa[1]]));
      found.add(verified.fingerprint);
    }
    const own = fingerprint(formatPublicKey(ecKey));
    expect(found.size).toBe(2);
    expect(found.has(own)).toBe(true);
    // The remedy: say which key is meant. It cannot be the other one then.
    await expect(verify(blob, formatPublicKey(edKey))).rejects.toThrow("expected SHA256:");
  });
});

describe("sshsigFromRaw", () => {
  test("refuses raw signatures that no such key makes", () => {
    const made = { namespace, hashAlgorithm: "sha512" } as const;
    for (const key of [edKey, ecKey, rsaKey]) {
      expect(() =>
        sshsigFromRaw({ ...made, key: formatPublicKey(key), raw: new Uint8Array(63) }),
      ).toThrow(TypeError);
    }
    const sk = { ...edKey, type: "sk-ssh-ed25519@openssh.com", application: "ssh:" } as const;
    const key = formatPublicKey(sk);
    expect(() => sshsigFromRaw({ ...made, key, raw: new Uint8Array(64) })).toThrow(
      "signs no raw data",
    );
  });
});

test("every kind of signature reads back, refuses a cut and a byte more", () => {
  const pair = { r: new Uint8Array([1, 2]), s: new Uint8Array([0xff]) };
  const raw = new Uint8Array(64).fill(5);
  const authenticator = { flags: 5, counter: 9 };
  const signatures: readonly (readonly [PublicKey["type"], Signature])[] = [
    ["ssh-ed25519", { algorithm: "ssh-ed25519", raw }],
    ["ecdsa-sha2-nistp384", { algorithm: "ecdsa-sha2-nistp384", ...pair }],
    ["ssh-rsa", { algorithm: "rsa-sha2-256", raw }],
    [
      "sk-ssh-ed25519@openssh.com",
      { algorithm: "sk-ssh-ed25519@openssh.com", raw, ...authenticator },
    ],
    [
      "sk-ecdsa-sha2-nistp256@openssh.com",
      { algorithm: "sk-ecdsa-sha2-nistp256@openssh.com", ...pair, ...authenticator },
    ],
    [
      "sk-ecdsa-sha2-nistp256@openssh.com",
      {
        algorithm: "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
        ...pair,
        ...authenticator,
        origin: "https://a",
        clientDataJson: raw,
        extensions: new Uint8Array(0),
      },
    ],
  ];
  for (const [type, signature] of signatures) {
    const bytes = formatSignature(signature);
    expect(parseSignature(bytes, type)).toEqual(signature);
    expect(() => parseSignature(concat(bytes, raw), type)).toThrow("after the end");
    for (let length = 0; length < bytes.length; length++) {
      expect(() => parseSignature(bytes.subarray(0, length), type)).toThrow(RecordError);
    }
  }
});
