/**
 * FIDO keys and passkeys, by an authenticator made of software: it signs what
 * hardware signs, and says of touch and PIN what a test wants it to say. Stock
 * `ssh-keygen` is asked whether it takes the good ones too.
 */
import { spawnSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  concat,
  decodeBase64Url,
  decodeHex,
  encodeBase64Url,
  encodeUtf8,
} from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import { allowedSignersLine } from "./allowed-signers.ts";
import { formatArmor } from "./armor.ts";
import { formatPublicKey, type PublicKey } from "./public-key.ts";
import { formatSignature, type Signature } from "./signature.ts";
import { formatSshsig, signedData } from "./sshsig.ts";
import { verifySshsig, type VerifiedSshsig } from "./verify.ts";
import { ecdsaPairFromDer, sshsigFromAssertion } from "./webauthn.ts";
import { wireUint32 } from "./wire.ts";

const namespace = "decision.v1@countermand";
const message = encodeUtf8("approve RB-2026-7");
const origin = "https://audit.example.com";
const hashAlgorithm = "sha512";
const data = signedData(namespace, hashAlgorithm, message);
const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

const ed25519 = generateKeyPairSync("ed25519").privateKey;
const ecdsa = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const jwkOf = (key: typeof ecdsa): { x: string; y: string } =>
  key.export({ format: "jwk" }) as { x: string; y: string };
const edPoint = decodeBase64Url(jwkOf(ed25519).x);
const ecPoint = concat(
  new Uint8Array([4]),
  decodeBase64Url(jwkOf(ecdsa).x),
  decodeBase64Url(jwkOf(ecdsa).y),
);
const skEd25519 = {
  type: "sk-ssh-ed25519@openssh.com",
  point: edPoint,
  application: "ssh:",
} as const;
const skEcdsa = {
  type: "sk-ecdsa-sha2-nistp256@openssh.com",
  point: ecPoint,
  application: "ssh:",
} as const;
const passkey = { ...skEcdsa, application: "audit.example.com" } as const;

const authenticatorData = (application: string, flags: number, counter: number): Uint8Array =>
  concat(sha256(encodeUtf8(application)), new Uint8Array([flags]), wireUint32(counter));

function wrap(key: PublicKey, signature: Signature): Uint8Array {
  return formatSshsig({
    key: formatPublicKey(key),
    namespace,
    hashAlgorithm,
    signature: formatSignature(signature),
  });
}

/** What a security key answers to ssh-keygen. */
function touch(key: typeof skEd25519 | typeof skEcdsa, flags: number, counter = 7): Uint8Array {
  const asserted = concat(authenticatorData(key.application, flags, counter), sha256(data));
  return key.type === "sk-ssh-ed25519@openssh.com"
    ? wrap(key, { algorithm: key.type, raw: concat(sign(null, asserted, ed25519)), flags, counter })
    : wrap(key, {
        algorithm: key.type,
        ...ecdsaPairFromDer(sign("sha256", asserted, ecdsa)),
        flags,
        counter,
      });
}

const clientData = (
  tail = ',"crossOrigin":false}',
  change = (text: string): string => text,
): Uint8Array =>
  encodeUtf8(
    change(`{"type":"webauthn.get","challenge":"${encodeBase64Url(data)}","origin":"${origin}"`) +
      tail,
  );

/** What a browser answers to `navigator.credentials.get`; all of it truly signed. */
function assertion(
  made: { flags?: number; counter?: number; extensions?: Uint8Array; client?: Uint8Array } = {},
): Parameters<typeof sshsigFromAssertion>[0]["assertion"] {
  const { flags = 0x1d, counter = 0, extensions = new Uint8Array(0), client = clientData() } = made;
  const own = concat(authenticatorData(passkey.application, flags, counter), extensions);
  const signature = concat(sign("sha256", concat(own, sha256(client)), ecdsa));
  return { authenticatorData: own, clientDataJson: client, signature };
}

/** The same without the checks of `sshsigFromAssertion`, as an attacker would pack it. */
function packed(made: Parameters<typeof assertion>[0] = {}, saidOrigin = origin): Uint8Array {
  const { authenticatorData: own, clientDataJson, signature } = assertion(made);
  return wrap(passkey, {
    algorithm: "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    ...ecdsaPairFromDer(signature),
    flags: own[32] ?? 0,
    counter: made.counter ?? 0,
    origin: saidOrigin,
    clientDataJson,
    extensions: own.subarray(37),
  });
}

const fromAssertion = (made: ReturnType<typeof assertion>): Uint8Array =>
  sshsigFromAssertion({
    key: formatPublicKey(passkey),
    namespace,
    hashAlgorithm,
    message,
    assertion: made,
  });

const verify = async (
  signature: Uint8Array,
  require = { userPresence: true, userVerification: false },
): Promise<VerifiedSshsig> => verifySshsig({ signature, message, namespace, require });

const none = { userPresence: false, userVerification: false };
const both = { userPresence: true, userVerification: true };

const hasSshKeygen = spawnSync("ssh-keygen", ["-?"]).error === undefined;
/** Exit code of stock `ssh-keygen -Y verify`. */
function stock(key: PublicKey, signature: Uint8Array): number | null {
  const folder = mkdtempSync(join(tmpdir(), "fido-"));
  try {
    const blob = formatPublicKey(key);
    const line = allowedSignersLine({ principal: "u_8f", namespaces: [namespace], key: blob });
    writeFileSync(join(folder, "allowed"), line);
    writeFileSync(join(folder, "sig"), formatArmor(signature));
    const files = ["-f", join(folder, "allowed"), "-s", join(folder, "sig")];
    const args = ["-Y", "verify", "-I", "u_8f", "-n", namespace, ...files];
    return spawnSync("ssh-keygen", args, { input: message }).status;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.each([skEd25519, skEcdsa])("$type", (key) => {
  test("touch and PIN are shown as the authenticator said", async () => {
    for (const [flags, userPresent, userVerified] of [
      [0x00, false, false],
      [0x01, true, false],
      [0x04, false, true],
      [0x05, true, true],
      [0x1d, true, true],
    ] as const) {
      const verified = await verify(touch(key, flags, 0xfffffffe), none);
      expect(verified).toMatchObject({
        userPresent,
        userVerified,
        counter: 0xfffffffe,
        application: "ssh:",
      });
      expect(verified.origin).toBeUndefined();
    }
  });

  test("trap: a signature without touch is refused where touch is required", async () => {
    await expect(verify(touch(key, 0x00))).rejects.toThrow("the security key was not touched");
    await expect(verify(touch(key, 0x04))).rejects.toThrow("the security key was not touched");
    await expect(verify(touch(key, 0x01))).resolves.toBeDefined();
  });

  test("user verification is required where asked", async () => {
    await expect(verify(touch(key, 0x01), both)).rejects.toThrow("no PIN or biometric");
    await expect(verify(touch(key, 0x05), both)).resolves.toBeDefined();
  });

  test("flags, counter and application are signed", async () => {
    const blob = touch(key, 0x00, 7);
    const lifted = concat(blob);
    lifted[lifted.length - 5] = 0x01;
    await expect(verify(lifted)).rejects.toThrow("not true");
    const later = concat(blob);
    later[later.length - 1] = 8;
    await expect(verify(later, none)).rejects.toThrow("not true");
  });

  test("flags that announce more data are refused", async () => {
    await expect(verify(touch(key, 0x41))).rejects.toThrow("announce attested data");
    await expect(verify(touch(key, 0x81))).rejects.toThrow(
      "disagree on whether there are extensions",
    );
  });

  test.skipIf(!hasSshKeygen)("trap: stock ssh-keygen says Good with touch, and without", () => {
    expect(stock(key, touch(key, 0x05))).toBe(0);
    expect(stock(key, touch(key, 0x00))).toBe(0);
    const broken = concat(touch(key, 0x05));
    broken[broken.length - 1] = 9;
    expect(stock(key, broken)).toBe(255);
  });
});

describe("passkeys", () => {
  test("an assertion becomes an SSHSIG that says who, where and how", async () => {
    const verified = await verify(fromAssertion(assertion()), both);
    expect(verified).toMatchObject({
      keyType: "sk-ecdsa-sha2-nistp256@openssh.com",
      application: "audit.example.com",
      origin,
      userPresent: true,
      userVerified: true,
      counter: 0,
    });
    expect(fromAssertion(assertion()).length).toBeLessThan(1024);
  });

  test("many assertions: every length of r and s", async () => {
    for (let i = 0; i < 100; i++) await verify(fromAssertion(assertion({ counter: i })));
  });

  test("with extensions and the flag that announces them", async () => {
    const extensions = decodeHex("a1696372656450726f7402");
    const blob = fromAssertion(assertion({ flags: 0x85, extensions }));
    await expect(verify(blob, both)).resolves.toBeDefined();
    if (hasSshKeygen) expect(stock(passkey, blob)).toBe(0);
  });

  test.skipIf(!hasSshKeygen)("stock ssh-keygen says Good", () => {
    expect(stock(passkey, fromAssertion(assertion()))).toBe(0);
    expect(stock(passkey, fromAssertion(assertion({ flags: 0x01, counter: 3 })))).toBe(0);
  });

  test("touch and verification are required as of any FIDO key", async () => {
    await expect(verify(packed({ flags: 0x04 }))).rejects.toThrow("not touched");
    await expect(verify(packed({ flags: 0x01 }), both)).rejects.toThrow("no PIN or biometric");
  });

  const challenge = encodeBase64Url(data);
  test.each<[string, Uint8Array, string]>([
    [
      "another type",
      packed({ client: clientData(undefined, (t) => t.replace(".get", ".create")) }),
      "does not begin",
    ],
    [
      "another challenge",
      packed({
        client: clientData(undefined, (t) => t.replace(challenge, encodeBase64Url(sha256(data)))),
      }),
      "does not begin",
    ],
    [
      "another order of fields",
      packed({
        client: encodeUtf8(
          `{"challenge":"${challenge}","type":"webauthn.get","origin":"${origin}"}`,
        ),
      }),
      "does not begin",
    ],
    [
      "white space",
      packed({ client: clientData(undefined, (t) => t.replace("{", "{ ")) }),
      "does not begin",
    ],
    [
      "an origin that the client data does not have",
      packed({}, "https://evil.example"),
      "does not begin",
    ],
    ["the beginning of an origin", packed({}, "https://audit.example"), "does not begin"],
    [
      "an origin that closes its string",
      packed({ client: clientData() }, `${origin}","crossOrigin":false}`.slice(0, -1)),
      "which is none",
    ],
    ["another frame", packed({ client: clientData(',"crossOrigin":true}') }), "inside a frame"],
    [
      "crossOrigin said twice",
      packed({ client: clientData(',"crossOrigin":false,"crossOrigin":true}') }),
      "inside a frame",
    ],
    [
      "a top origin",
      packed({ client: clientData(',"topOrigin":"https://evil.example"}') }),
      "inside a frame",
    ],
    [
      "the origin said twice",
      packed({ client: clientData(',"origin":"https://evil.example"}') }),
      "twice, and differently",
    ],
    [
      "the challenge said twice",
      packed({ client: clientData(',"challenge":"AAAA"}') }),
      "twice, and differently",
    ],
    ["a tail that is no JSON", packed({ client: clientData(",") }), "is not JSON"],
    [
      "too much client data",
      packed({ client: clientData(`,"x":"${"x".repeat(8192)}"}`) }),
      "the limit is 8192",
    ],
    ["attested data", packed({ flags: 0x5d }), "announce attested data"],
    ["the flag of extensions and none", packed({ flags: 0x9d }), "disagree"],
    ["extensions without the flag", packed({ extensions: decodeHex("a0") }), "disagree"],
  ])("refuses %s", async (_, blob, problem) => {
    await expect(verify(blob)).rejects.toThrow(problem);
    await expect(verify(blob)).rejects.toThrow(RecordError);
  });

  test("the client data, the extensions and the origin are signed", async () => {
    const { authenticatorData: own, signature } = assertion();
    const resigned = { authenticatorData: own, signature, clientDataJson: clientData("}") };
    await expect(verify(fromAssertion(resigned))).rejects.toThrow("not true");
  });

  test("another message, namespace or relying party is refused when packing", () => {
    const request = {
      key: formatPublicKey(passkey),
      namespace,
      hashAlgorithm,
      message,
      assertion: assertion(),
    } as const;
    expect(() => sshsigFromAssertion({ ...request, message: encodeUtf8("x") })).toThrow(
      "does not begin",
    );
    expect(() => sshsigFromAssertion({ ...request, namespace: "x" })).toThrow("does not begin");
    const elsewhere = formatPublicKey({ ...passkey, application: "example.com" });
    expect(() => sshsigFromAssertion({ ...request, key: elsewhere })).toThrow(
      "another relying party",
    );
    const plain = formatPublicKey({ type: "ecdsa-sha2-nistp256", point: ecPoint });
    expect(() => sshsigFromAssertion({ ...request, key: plain })).toThrow("a passkey is of type");
    const cut = { ...assertion(), authenticatorData: new Uint8Array(36) };
    expect(() => sshsigFromAssertion({ ...request, assertion: cut })).toThrow("at least 37");
  });
});

test("DER of an ECDSA signature has one spelling", () => {
  const pair = ecdsaPairFromDer(decodeHex("3007020200ff020101"));
  expect(pair).toEqual({ r: new Uint8Array([0xff]), s: new Uint8Array([1]) });
  for (const [what, hex] of [
    ["nothing", ""],
    ["a cut", "300702020ff0201"],
    ["a byte after it", "3007020200ff02010100"],
    ["a byte after s, inside", "3008020200ff02010100"],
    ["a length that lies", "3006020200ff020101"],
    ["the long form of a length", "308107020200ff020101"],
    ["a negative number", "3006020181020101"],
    ["a zero byte too many", "30070202007f020101"],
    ["zero", "3006020100020101"],
    ["no byte", "30050200020101"],
    ["another tag", "3107020200ff020101"],
    ["an integer of another tag", "3007030200ff020101"],
    ["34 bytes", `3027022201${"00".repeat(33)}020101`],
  ] as const) {
    const bytes = decodeHex(hex.length % 2 === 0 ? hex : `${hex}0`);
    expect(() => ecdsaPairFromDer(bytes), what).toThrow("not the DER of two positive integers");
  }
});
