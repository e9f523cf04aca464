/** Both directions against the installed `ssh-keygen`: it signs and we verify, we sign and it verifies. */
import { spawnSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { concat, decodeBase64Url, encodeUtf8 } from "../bytes/encoding.ts";
import { allowedSignersLine } from "./allowed-signers.ts";
import { formatArmor, parseArmor } from "./armor.ts";
import { fingerprint, formatPublicKey, parsePublicKeyLine, type PublicKey } from "./public-key.ts";
import { makeEd25519Sshsig, sshsigFromRaw } from "./sign.ts";
import { formatSshsig, parseSshsig, signedData, type HashAlgorithm } from "./sshsig.ts";
import { verifySshsig } from "./verify.ts";

const isThere = spawnSync("ssh-keygen", ["-?"]).error === undefined;
const namespace = "decision.v1@countermand";
const message = encodeUtf8("approve RB-2026-7\n");
const nothingRequired = { userPresence: false, userVerification: false };
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sshsig-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Run = { readonly code: number | null; readonly out: string };
function run(args: readonly string[], input: Uint8Array = new Uint8Array(0)): Run {
  const { status, stdout, stderr } = spawnSync("ssh-keygen", args, { input });
  return { code: status, out: `${stdout.toString()}${stderr.toString()}` };
}

function stockVerify(
  armored: string,
  signers: string,
  what: { principal?: string; namespace?: string; message?: Uint8Array; at?: string } = {},
): Run {
  writeFileSync(join(folder, "allowed"), signers);
  writeFileSync(join(folder, "sig"), armored);
  const time = what.at === undefined ? [] : ["-O", `verify-time=${what.at}`];
  return run(
    [
      "-Y",
      "verify",
      "-f",
      join(folder, "allowed"),
      "-I",
      what.principal ?? "u_8f",
      "-n",
      what.namespace ?? namespace,
      "-s",
      join(folder, "sig"),
      ...time,
    ],
    what.message ?? message,
  );
}

describe.skipIf(!isThere)(
  "ssh-keygen signs, we verify (skipped if ssh-keygen is not installed)",
  () => {
    const kinds = [
      ["ed25519"],
      ["ecdsa", "-b", "256"],
      ["ecdsa", "-b", "384"],
      ["ecdsa", "-b", "521"],
      ["rsa", "-b", "2048"],
      ["rsa", "-b", "3072"],
    ];
    const cases = kinds.flatMap((kind) =>
      (["sha256", "sha512"] as const).map((hash) => [kind.join(" "), kind, hash] as const),
    );

    test.each(cases)("%s, %s %s", async (name, kind, hash) => {
      const file = join(folder, `${name.replaceAll(" ", "")}-${hash}`);
      expect(run(["-q", "-t", ...kind, "-N", "", "-f", file]).code).toBe(0);
      writeFileSync(`${file}.msg`, message);
      const made = run([
        "-Y",
        "sign",
        "-f",
        file,
        "-n",
        namespace,
        "-O",
        `hashalg=${hash}`,
        `${file}.msg`,
      ]);
      expect(made.code).toBe(0);
      const signature = readFileSync(`${file}.msg.sig`, "utf8");
      const key = parsePublicKeyLine(readFileSync(`${file}.pub`, "utf8"));

      const request = { signature, message, namespace, key, require: nothingRequired };
      const verified = await verifySshsig(request);
      expect(verified.key).toEqual(key);
      expect(verified.hashAlgorithm).toBe(hash);
      expect(verified.userPresent).toBeUndefined();
      expect(run(["-l", "-f", `${file}.pub`]).out).toContain(` ${verified.fingerprint} `);
      expect(await verifySshsig({ ...request, signature: parseArmor(signature) })).toEqual(
        verified,
      );

      // Both formats print back what ssh-keygen wrote.
      expect(formatArmor(parseArmor(signature))).toBe(signature);
      expect(formatSshsig(parseSshsig(parseArmor(signature)))).toEqual(parseArmor(signature));

      await expect(
        verifySshsig({ ...request, message: encodeUtf8("approve RB-2026-8\n") }),
      ).rejects.toThrow("not true");
      await expect(verifySshsig({ ...request, namespace: "enrol.v1@countermand" })).rejects.toThrow(
        `made for namespace ${namespace}, expected enrol.v1@countermand`,
      );
      await expect(
        verifySshsig({ ...request, require: { userPresence: true, userVerification: false } }),
      ).rejects.toThrow("user presence is required");
    });

    test("DSA is refused", () => {
      const file = join(folder, "dsa");
      // Newer versions cannot make one any more; then there is nothing to refuse.
      if (run(["-q", "-t", "dsa", "-N", "", "-f", file]).code !== 0) return;
      expect(() => parsePublicKeyLine(readFileSync(`${file}.pub`, "utf8"))).toThrow(
        "is not accepted",
      );
    });
  },
);

type Jwk = { readonly x?: string; readonly y?: string; readonly n?: string; readonly e?: string };
function publicKeyOf(key: KeyObject): PublicKey {
  const { x = "", y = "", n = "", e = "" } = key.export({ format: "jwk" }) as Jwk;
  if (n !== "") {
    return { type: "ssh-rsa", modulus: decodeBase64Url(n), exponent: decodeBase64Url(e) };
  }
  if (y === "") return { type: "ssh-ed25519", point: decodeBase64Url(x) };
  const point = concat(new Uint8Array([4]), decodeBase64Url(x), decodeBase64Url(y));
  const bits = { 65: "256", 97: "384", 133: "521" }[point.length] as "256" | "384" | "521";
  return { type: `ecdsa-sha2-nistp${bits}`, point };
}

/** Signs as WebCrypto would: raw Ed25519, r and s in full width, PKCS #1 v1.5. */
function signWith(privateKey: KeyObject, hash: HashAlgorithm): Uint8Array {
  const key = publicKeyOf(privateKey);
  const data = signedData(namespace, hash, message);
  const digest = {
    "ssh-ed25519": null,
    "ssh-rsa": hash,
    "ecdsa-sha2-nistp256": "sha256",
    "ecdsa-sha2-nistp384": "sha384",
    "ecdsa-sha2-nistp521": "sha512",
  }[key.type as string] as string | null;
  const raw = sign(digest, data, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const blob = formatPublicKey(key);
  return sshsigFromRaw({ key: blob, namespace, hashAlgorithm: hash, raw: concat(raw) });
}

const pairs: readonly (readonly [string, () => KeyObject])[] = [
  ["ed25519", () => generateKeyPairSync("ed25519").privateKey],
  ["P-256", () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey],
  ["P-384", () => generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey],
  ["P-521", () => generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey],
  ["RSA", () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey],
];

describe.skipIf(!isThere)(
  "we sign, ssh-keygen verifies (skipped if ssh-keygen is not installed)",
  () => {
    test.each(
      pairs.flatMap(([name, make]) =>
        (["sha256", "sha512"] as const).map((h) => [name, h, make] as const),
      ),
    )("%s, %s", async (_, hash, make) => {
      const privateKey = make();
      const key = formatPublicKey(publicKeyOf(privateKey));
      // Thirty signatures: r or s with a leading zero or a high bit turn up among them.
      for (let i = 0; i < (key.length > 200 ? 1 : 30); i++) {
        const signature = signWith(privateKey, hash);
        await verifySshsig({ signature, message, namespace, key, require: nothingRequired });
      }
      const armored = formatArmor(signWith(privateKey, hash));
      const signers = allowedSignersLine({ principal: "u_8f", namespaces: ["x", namespace], key });

      const good = stockVerify(armored, signers);
      expect(good.out).toContain(`Good "${namespace}" signature for u_8f`);
      expect(good.out).toContain(fingerprint(key));
      expect(good.code).toBe(0);
      for (const what of [
        { principal: "u_90" },
        { namespace: "x" },
        { namespace: "y" },
        { message: encodeUtf8("reject") },
      ]) {
        expect(stockVerify(armored, signers, what).code, JSON.stringify(what)).toBe(255);
      }
    });

    test("makeEd25519Sshsig with a function that signs at once or later", async () => {
      const privateKey = generateKeyPairSync("ed25519").privateKey;
      const { x = "" } = privateKey.export({ format: "jwk" }) as Jwk;
      const publicKey = decodeBase64Url(x);
      const wanted = { publicKey, namespace, message };
      const atOnce = await makeEd25519Sshsig({
        ...wanted,
        sign: (data) => sign(null, data, privateKey),
      });
      const later = await makeEd25519Sshsig({
        ...wanted,
        sign: async (data) => Promise.resolve(sign(null, data, privateKey)),
      });
      expect(later).toEqual(atOnce);
      const key = formatPublicKey({ type: "ssh-ed25519", point: publicKey });
      const signers = allowedSignersLine({ principal: "server", namespaces: [namespace], key });
      expect(stockVerify(formatArmor(atOnce), signers, { principal: "server" }).code).toBe(0);
      expect(stockVerify(formatArmor(atOnce), signers).code).toBe(255);
    });

    test("an RFC 8032 key makes the same SSHSIG as ssh-keygen with that key", async () => {
      const file = join(folder, "same");
      run(["-q", "-t", "ed25519", "-N", "", "-f", file]);
      writeFileSync(`${file}.msg`, message);
      run(["-Y", "sign", "-f", file, "-n", namespace, `${file}.msg`]);
      const text = readFileSync(file, "utf8").replaceAll(/-----.*-----|\n/g, "");
      const whole = Buffer.from(text, "base64");
      const point = parsePublicKeyLine(readFileSync(`${file}.pub`, "utf8")).subarray(-32);
      // OpenSSH keeps the seed right before the second copy of the point.
      const seed = whole.subarray(whole.lastIndexOf(point) - 32, whole.lastIndexOf(point));
      const privateKey = createPrivateKey({
        key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]),
        format: "der",
        type: "pkcs8",
      });
      const made = await makeEd25519Sshsig({
        publicKey: point,
        namespace,
        message,
        sign: (data) => sign(null, data, privateKey),
      });
      expect(formatArmor(made)).toBe(readFileSync(`${file}.msg.sig`, "utf8"));
    });

    test("the validity in an allowed_signers line is UTC, inclusive, and rounded inwards", () => {
      const privateKey = generateKeyPairSync("ed25519").privateKey;
      const key = formatPublicKey(publicKeyOf(privateKey));
      const armored = formatArmor(signWith(privateKey, "sha512"));
      const line = allowedSignersLine({
        principal: "u_8f",
        namespaces: [namespace],
        key,
        validAfter: "2026-11-23T10:00:00.001Z",
        validBefore: "2026-11-23T11:00:00.999Z",
      });
      expect(line).toContain('valid-after="20261123100001Z",valid-before="20261123110000Z"');
      for (const [at, code] of [
        ["20261123100000Z", 255],
        ["20261123100001Z", 0],
        ["20261123110000Z", 0],
        ["20261123110001Z", 255],
      ] as const) {
        expect(stockVerify(armored, line, { at }).code, at).toBe(code);
      }
    });

    test("trap: principals are patterns to ssh-keygen, so such a name gets no line", () => {
      const privateKey = generateKeyPairSync("ed25519").privateKey;
      const key = formatPublicKey(publicKeyOf(privateKey));
      const armored = formatArmor(signWith(privateKey, "sha512"));
      const signer = { principal: "u_8f", namespaces: [namespace], key };
      const line = allowedSignersLine(signer);
      for (const principal of ["*@example.com", "mallory,bob@example.com", "b?b@example.com"]) {
        const byHand = line.replace("u_8f", principal);
        expect(stockVerify(armored, byHand, { principal: "bob@example.com" }).code).toBe(0);
        expect(() => allowedSignersLine({ ...signer, principal })).toThrow("principal:");
      }
      for (const principal of ["", "!bob", '"bob"', "bob dylan", "bob\n*", "#bob", "b\u00f6b"]) {
        expect(() => allowedSignersLine({ ...signer, principal })).toThrow("cannot be a principal");
      }
      for (const namespaces of [[], ["*"], ["a,b"], ['a"'], ["a b"], [""]]) {
        expect(() => allowedSignersLine({ ...signer, namespaces })).toThrow(TypeError);
      }
      for (const validity of [
        { validAfter: "20261123" },
        { validAfter: "2026-11-23T10:00:00.000Z", validBefore: "2026-11-23T09:59:59.999Z" },
        { validAfter: "9999-12-31T23:59:59.999Z" },
      ]) {
        expect(() => allowedSignersLine({ ...signer, ...validity })).toThrow();
      }
    });

    test("a git commit's signature verifies with the namespace git", async () => {
      const file = join(folder, "committer");
      run(["-q", "-t", "ed25519", "-N", "", "-f", file]);
      const commit = encodeUtf8("tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\nRevert\n");
      const made = run(["-Y", "sign", "-f", file, "-n", "git", "-q"], commit);
      const verified = await verifySshsig({
        signature: made.out,
        message: commit,
        namespace: "git",
        require: nothingRequired,
      });
      expect(verified.keyType).toBe("ssh-ed25519");
    });
  },
);
