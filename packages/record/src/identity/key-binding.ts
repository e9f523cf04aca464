/**
 * How an identity token commits to a key, so that nobody else's key can be
 * enrolled with it: a person's by the nonce of their login, a workload's by the
 * audience that its job asks for. Both name the ledger, and a workload's the
 * record: a token taken elsewhere opens nothing.
 */
import { sha256 } from "@countermand/tlog";
import { encodeBase64Url, encodeUtf8 } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import type { IdToken } from "./id-token.ts";

/** The nonce to log in with when `fingerprint` is to be enrolled. */
export function enrolmentNonce(instance: string, fingerprint: string): string {
  return digest(`countermand enrolment v1\n${instance}\n${fingerprint}\n`);
}

/** The audience to ask a pipeline's token for when `fingerprint` is to speak about `record`. */
export function workloadAudience(instance: string, record: string, fingerprint: string): string {
  return `countermand:${digest(`countermand workload v1\n${instance}\n${record}\n${fingerprint}\n`)}`;
}

/** A claim that a workload's token must make, word for word. */
export interface ClaimMatch {
  readonly name: string;
  readonly value: string;
}

/** Throws unless every claim is there with exactly that value. Numbers count as written. */
export function mustMatch(token: IdToken, claims: readonly ClaimMatch[]): void {
  for (const { name, value } of claims) {
    const found = Object.hasOwn(token.claims, name) ? token.claims[name] : undefined;
    const text = typeof found === "number" ? String(found) : found;
    if (text === value) continue;
    throw new RecordError(
      "signature",
      `the identity token's ${name} is ${typeof text === "string" ? JSON.stringify(text.slice(0, 200)) : "missing"}; this workload is bound to ${JSON.stringify(value)}`,
    );
  }
}

function digest(text: string): string {
  return encodeBase64Url(sha256(encodeUtf8(text)));
}
