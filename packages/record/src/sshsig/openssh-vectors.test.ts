/**
 * OpenSSH's own vectors, from regress/unittests/sshsig/testdata of
 * openssh-portable (made by its mktestdata.sh and webauthn.html). They are not
 * carried here: the test reads them beside the checkout and skips without them.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { concat, encodeUtf8 } from "../bytes/encoding.ts";
import { formatArmor, parseArmor } from "./armor.ts";
import { fingerprint, parsePublicKeyLine } from "./public-key.ts";
import { verifySshsig } from "./verify.ts";

const folder = fileURLToPath(
  new URL("../../../../../shared/vectors/openssh-sshsig/", import.meta.url),
);
const isThere = existsSync(folder);
const read = (name: string): Uint8Array => concat(readFileSync(folder + name));
const text = (name: string): string => readFileSync(folder + name, "utf8");

describe.skipIf(!isThere)(`OpenSSH's vectors (skipped without ${folder})`, () => {
  test.each([
    ["ed25519", {}],
    ["ecdsa", {}],
    ["rsa", {}],
    ["ed25519_sk", { userPresent: true, application: "ssh:" }],
    ["ecdsa_sk", { userPresent: true, application: "ssh:" }],
    ["ecdsa_sk_webauthn", { userPresent: true }],
  ])("%s", async (name, shown) => {
    const signature = text(`${name}.sig`);
    const key = parsePublicKeyLine(text(`${name}.pub`));
    const request = {
      signature,
      key,
      message: read("signed-data"),
      namespace: text("namespace").trim(),
      require: { userPresence: "userPresent" in shown, userVerification: false },
    };
    const verified = await verifySshsig(request);
    expect(verified).toMatchObject({ ...shown, fingerprint: fingerprint(key) });
    expect(parseArmor(formatArmor(parseArmor(signature)))).toEqual(parseArmor(signature));
    await expect(verifySshsig({ ...request, message: encodeUtf8("x") })).rejects.toThrow();
    await expect(verifySshsig({ ...request, namespace: "x" })).rejects.toThrow("expected x");
  });
});
