/**
 * Passkeys as SSH keys. A browser asked to sign the challenge
 * `signedData(namespace, hash, message)` returns an assertion; repacked here it
 * is an SSHSIG that stock `ssh-keygen -Y verify` (OpenSSH 8.4 or later) accepts.
 * WebAuthn level 2 §5.8.1 (client data), §6.1 (authenticator data). P-256 only,
 * because OpenSSH knows no other WebAuthn algorithm: register with
 * `pubKeyCredParams` of -7 alone.
 */
import { sha256 } from "@countermand/tlog";
import { decodeUtf8, encodeBase64Url, encodeUtf8, equalBytes } from "../bytes/encoding.ts";
import { quote, RecordError } from "../bytes/error.ts";
import { parsePublicKey } from "./public-key.ts";
import { formatSignature, type EcdsaPair } from "./signature.ts";
import { formatSshsig, signedData, type HashAlgorithm } from "./sshsig.ts";
import { withoutLeadingZeros } from "./wire.ts";

const maxClientDataBytes = 8 * 1024;

/**
 * The client data must begin as the specification fixes it, with `data` as the
 * challenge. OpenSSH stops there; here the rest is read too: a repeated key may
 * not say something else, and an assertion made inside another site's frame is
 * refused. Throws a `RecordError` "signature".
 */
export function checkClientData(
  clientDataJson: Uint8Array,
  data: Uint8Array,
  origin: string,
): void {
  if (clientDataJson.length > maxClientDataBytes) {
    throw wrong(`has ${clientDataJson.length} bytes; the limit is ${maxClientDataBytes}`);
  }
  // A quote or backslash would let an origin end its own string.
  if (/["\\]/.test(origin)) throw wrong(`names the origin ${quote(origin)}, which is none`);
  const challenge = encodeBase64Url(data);
  const beginning = encodeUtf8(
    `{"type":"webauthn.get","challenge":"${challenge}","origin":"${origin}"`,
  );
  if (!equalBytes(clientDataJson.subarray(0, beginning.length), beginning)) {
    throw wrong("does not begin with the type, this message as challenge, and the origin");
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(decodeUtf8(clientDataJson));
  } catch (cause) {
    throw wrong("is not JSON", cause);
  }
  const members = parsed as { readonly [key: string]: unknown };
  if (
    members["type"] !== "webauthn.get" ||
    members["challenge"] !== challenge ||
    members["origin"] !== origin
  ) {
    throw wrong("says type, challenge or origin twice, and differently");
  }
  const { crossOrigin = false, topOrigin } = members as {
    crossOrigin?: unknown;
    topOrigin?: unknown;
  };
  if (crossOrigin !== false || topOrigin !== undefined) {
    throw wrong("was made inside a frame of another origin");
  }
}

export type Assertion = {
  readonly authenticatorData: Uint8Array;
  readonly clientDataJson: Uint8Array;
  /** ASN.1 DER, as `AuthenticatorAssertionResponse.signature` has it. */
  readonly signature: Uint8Array;
};

/**
 * An assertion over the challenge `signedData(namespace, hashAlgorithm, message)`
 * as an SSHSIG blob. `key` is the passkey's sk-ecdsa blob, its application the
 * relying party id. Checks the form only; `verifySshsig` says whether it is true.
 */
export function sshsigFromAssertion(made: {
  readonly key: Uint8Array;
  readonly namespace: string;
  readonly hashAlgorithm: HashAlgorithm;
  readonly message: Uint8Array;
  readonly assertion: Assertion;
}): Uint8Array<ArrayBuffer> {
  const { namespace, hashAlgorithm, assertion } = made;
  const { authenticatorData, clientDataJson } = assertion;
  const key = parsePublicKey(made.key);
  if (key.type !== "sk-ecdsa-sha2-nistp256@openssh.com") {
    throw new RecordError("key", `a passkey is of type sk-ecdsa-sha2-nistp256, not ${key.type}`);
  }
  if (authenticatorData.length < 37) {
    throw new RecordError(
      "signature",
      `the authenticator data has ${authenticatorData.length} bytes, at least 37 are needed`,
    );
  }
  if (!equalBytes(authenticatorData.subarray(0, 32), sha256(encodeUtf8(key.application)))) {
    throw new RecordError(
      "signature",
      `the assertion is for another relying party than ${quote(key.application)}`,
    );
  }
  const origin = originOf(clientDataJson);
  checkClientData(clientDataJson, signedData(namespace, hashAlgorithm, made.message), origin);
  const signature = formatSignature({
    algorithm: "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    ...ecdsaPairFromDer(assertion.signature),
    flags: authenticatorData[32] ?? 0,
    counter: authenticatorData.subarray(33, 37).reduce((sum, byte) => sum * 256 + byte, 0),
    origin,
    clientDataJson,
    extensions: authenticatorData.subarray(37),
  });
  return formatSshsig({ key: made.key, namespace, hashAlgorithm, signature });
}

function originOf(clientDataJson: Uint8Array): string {
  const match = /^\{"type":"webauthn\.get","challenge":"[\w-]*","origin":"([!#-[\]-~]+)"/.exec(
    decodeUtf8(clientDataJson),
  );
  if (match?.[1] === undefined) throw wrong("does not begin with type, challenge and origin");
  return match[1];
}

/** SEQUENCE { INTEGER r, INTEGER s } of a P-256 signature, DER and nothing after it. */
export function ecdsaPairFromDer(der: Uint8Array): EcdsaPair {
  // Two integers of 33 bytes at most: every length fits the short form.
  const [tag, length] = der;
  const [r, afterR] = derInteger(der, 2);
  const [s, afterS] = derInteger(der, afterR);
  if (tag !== 0x30 || length !== der.length - 2 || afterS !== der.length) throw notDer();
  return { r, s };
}

function derInteger(der: Uint8Array, at: number): readonly [Uint8Array, number] {
  const length = der[at + 1] ?? 0;
  const bytes = der.subarray(at + 2, at + 2 + length);
  const [first = 0, second = 0x80] = bytes;
  const minimal = first < 0x80 && (first !== 0 || second >= 0x80) && bytes.some((b) => b !== 0);
  if (der[at] !== 0x02 || length > 33 || bytes.length !== length || !minimal) throw notDer();
  return [withoutLeadingZeros(bytes).slice(), at + 2 + length];
}

function notDer(): RecordError {
  return new RecordError("signature", "the signature is not the DER of two positive integers");
}

function wrong(problem: string, cause?: unknown): RecordError {
  return new RecordError("signature", `the client data ${problem}`, { cause });
}
