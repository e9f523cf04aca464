/** Making a passkey: the page, its script, and the public key as an administrator enrols it. */
import { passkeyPage, passkeyScript } from "@countermand/console";
import { fingerprint, formatPublicKey, formatPublicKeyLine } from "@countermand/record";
import { createPublicKey } from "node:crypto";
import { z } from "zod";
import { RollbacksError } from "../../rollbacks/error.ts";
import { webauthnBytes } from "../contract/login.ts";
import { loginOf } from "../login-deps.ts";
import { pageHeaders } from "../page-headers.ts";
import { route } from "../route.ts";
import { scriptRoute } from "../script-route.ts";
import { passkeysOf, personOf } from "./decide.ts";

export const passkeyPageRoute = route({
  method: "GET",
  path: "/passkeys",
  operationId: "passkeyPage",
  tag: "page",
  summary: "Your passkeys, as a page",
  responses: { 200: { description: "A page", mediaType: "text/html; charset=utf-8" } },
  async handle({ who }, deps) {
    const person = personOf(who);
    const { registry } = await deps.countermand.instance();
    return {
      headers: pageHeaders({ script: true }),
      body: passkeyPage({
        person,
        relyingParty: loginOf(deps).base.hostname,
        enrolled: passkeysOf(registry, person, deps).map((key) => key.fingerprint),
      }),
    };
  },
});

export const passkeyScriptRoute = scriptRoute({
  path: "/passkey.js",
  operationId: "passkeyScript",
  summary: "What makes a passkey in the browser",
  script: passkeyScript,
});

export const describePasskeyRoute = route({
  method: "POST",
  path: "/v1/passkeys",
  operationId: "describePasskey",
  tag: "login",
  summary: "A passkey's public key as an SSH key",
  description:
    "Nothing is stored: an administrator enrols the key with a signed statement, having compared the fingerprint.",
  consumes: "application/json",
  body: z.strictObject({ publicKey: webauthnBytes.describe("DER of SubjectPublicKeyInfo") }),
  responses: {
    200: {
      description: "The key",
      schema: z.object({
        fingerprint: z.string(),
        line: z.string().describe("One line in authorized_keys form"),
        command: z.string().describe("What an administrator runs"),
      }),
    },
  },
  handle({ body, who }, deps) {
    const person = personOf(who);
    const blob = formatPublicKey({
      type: "sk-ecdsa-sha2-nistp256@openssh.com",
      point: pointOf(Buffer.from(body.publicKey, "base64url")),
      application: loginOf(deps).base.hostname,
    });
    const line = formatPublicKeyLine(blob);
    const command = `countermand person add-key ${person} '${line}'`;
    return { body: { fingerprint: fingerprint(blob), line, command } };
  },
});

/** The uncompressed point of a P-256 key. */
function pointOf(spki: Buffer): Uint8Array {
  try {
    const jwk = createPublicKey({ key: spki, format: "der", type: "spki" }).export({
      format: "jwk",
    });
    if (jwk.kty === "EC" && jwk.crv === "P-256") {
      const coordinate = (text: unknown) => Buffer.from(String(text), "base64url");
      return new Uint8Array(Buffer.concat([Buffer.of(4), coordinate(jwk.x), coordinate(jwk.y)]));
    }
  } catch {
    // Told below.
  }
  throw new RollbacksError(
    "invalid",
    "that is no P-256 key; make the passkey with the algorithm ES256",
  );
}
