/**
 * Signatures of Standard Webhooks 1.0 (https://www.standardwebhooks.com), the
 * symmetric ones: HMAC-SHA-256 over `id.timestamp.body`, one for each secret, so
 * that a secret is changed by giving two for a while. Asymmetric ones (`v1a`) are
 * left out: what a receiver has to trust for good is the ledger, not a webhook.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { NotifyError } from "../error.ts";

const prefix = "whsec_";

/** `whsec_` and the base64 of 24 to 64 bytes, as the specification asks. The secret is not repeated in an error. */
export function parseSecret(text: string, where: string): Uint8Array {
  const encoded = text.trim();
  const base64 = encoded.startsWith(prefix) ? encoded.slice(prefix.length) : "";
  const bytes = Buffer.from(base64, "base64");
  if (bytes.toString("base64") === base64 && bytes.length >= 24 && bytes.length <= 64) {
    return new Uint8Array(bytes);
  }
  throw new NotifyError(
    "config",
    `${where} holds no secret: it is ${prefix} and the base64 of 24 to 64 random bytes, for instance from \`echo ${prefix}$(openssl rand -base64 32)\``,
  );
}

export interface SignedMessage {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** The value of `webhook-signature`. `checkSignature` with one of the secrets is true of it. */
export function signatureOf(message: SignedMessage, secrets: readonly Uint8Array[]): string {
  return secrets.map((secret) => `v1,${mac(message, secret).toString("base64")}`).join(" ");
}

/** What a receiver does, but for looking at the age of the timestamp. */
export function checkSignature(
  message: SignedMessage,
  header: string,
  secret: Uint8Array,
): boolean {
  const wanted = mac(message, secret);
  return header.split(" ").some((item) => {
    if (!item.startsWith("v1,")) return false;
    const found = Buffer.from(item.slice(3), "base64");
    return found.length === wanted.length && timingSafeEqual(found, wanted);
  });
}

function mac({ id, timestamp, body }: SignedMessage, secret: Uint8Array): Buffer {
  return createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest();
}
