/**
 * Is this SSHSIG true? Checks what `ssh-keygen -Y verify` checks and what it
 * leaves out: user presence and verification of FIDO keys, the fields of a
 * WebAuthn assertion after the origin, spellings that do not print back.
 *
 * A true signature says that a key signed a message for a namespace, no more.
 * Left to the caller: whose key it is, at what time, and whether an origin or
 * application is the right one. The bytes of a signature identify nothing:
 * (r, n - s) is as true as (r, s), and a second public key fits the same ECDSA
 * signature. So the signed payload names the key's fingerprint, and the caller
 * compares it with `fingerprint` from here.
 */
import { sha256 } from "@countermand/tlog";
import { concat, equalBytes, encodeUtf8 } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import { parseArmor } from "./armor.ts";
import { fingerprint, parsePublicKey, type KeyType, type PublicKey } from "./public-key.ts";
import { parseSignature, type Signature } from "./signature.ts";
import { parseSshsig, signedData, type HashAlgorithm } from "./sshsig.ts";
import { checkClientData } from "./webauthn.ts";
import { verifyEcdsa, verifyEd25519Raw, verifyRsa } from "./webcrypto.ts";
import { wireUint32 } from "./wire.ts";

export type VerifyRequest = {
  /** Armored text, or the blob. */
  readonly signature: string | Uint8Array;
  readonly message: Uint8Array;
  readonly namespace: string;
  /** The public key blob that must have signed; without it, any key. */
  readonly key?: Uint8Array;
  /**
   * What the signature must show. Only FIDO keys and passkeys can show either;
   * asked of another key, this refuses it (`isFidoKey` tells them apart).
   */
  readonly require: { readonly userPresence: boolean; readonly userVerification: boolean };
};

export type VerifiedSshsig = {
  /** The public key blob that signed. */
  readonly key: Uint8Array;
  readonly fingerprint: string;
  readonly keyType: KeyType;
  readonly hashAlgorithm: HashAlgorithm;
  /** From here on: FIDO keys only. */
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  /** Synced passkeys always say 0. */
  readonly counter?: number;
  readonly application?: string;
  /** Passkeys only: the web origin the browser vouches for. */
  readonly origin?: string;
};

const flagUserPresent = 0x01;
const flagUserVerified = 0x04;
const flagAttestedData = 0x40;
const flagExtensions = 0x80;

/** Returns what was verified, or throws a `RecordError` "signature" or "key" that says why not. */
export async function verifySshsig(request: VerifyRequest): Promise<VerifiedSshsig> {
  const { signature: given } = request;
  const sshsig = parseSshsig(typeof given === "string" ? parseArmor(given) : given);
  const { namespace, hashAlgorithm } = sshsig;
  if (namespace !== request.namespace) {
    throw wrong(`made for namespace ${namespace}, expected ${request.namespace}`);
  }
  if (request.key !== undefined && !equalBytes(request.key, sshsig.key)) {
    throw wrong(`made by ${fingerprint(sshsig.key)}, expected ${fingerprint(request.key)}`);
  }
  const key = parsePublicKey(sshsig.key);
  const signature = parseSignature(sshsig.signature, key.type);
  const data = signedData(namespace, hashAlgorithm, request.message);
  if (!(await isTrue(key, signature, data))) {
    throw wrong("the signature is not true for this message and key");
  }
  const shown = authenticatorFacts(key, signature);
  requireShown(key.type, shown, request.require);
  return {
    key: sshsig.key,
    fingerprint: fingerprint(sshsig.key),
    keyType: key.type,
    hashAlgorithm,
    ...shown,
  };
}

async function isTrue(key: PublicKey, signature: Signature, data: Uint8Array): Promise<boolean> {
  switch (signature.algorithm) {
    case "ssh-ed25519":
      return key.type === "ssh-ed25519" && verifyEd25519Raw(key.point, signature.raw, data);
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return key.type === signature.algorithm && verifyEcdsa(key.type, key.point, signature, data);
    case "rsa-sha2-256":
    case "rsa-sha2-512": {
      // PKCS #1 wants the full width; OpenSSH pads a shorter one, so two spellings would pass.
      if (key.type !== "ssh-rsa" || signature.raw.length !== key.modulus.length) return false;
      const hash = signature.algorithm === "rsa-sha2-256" ? "SHA-256" : "SHA-512";
      return verifyRsa(key, hash, signature.raw, data);
    }
    case "sk-ssh-ed25519@openssh.com":
      return (
        key.type === signature.algorithm &&
        verifyEd25519Raw(key.point, signature.raw, assertedBytes(key.application, signature, data))
      );
    case "sk-ecdsa-sha2-nistp256@openssh.com":
    case "webauthn-sk-ecdsa-sha2-nistp256@openssh.com":
    default:
      return (
        key.type === "sk-ecdsa-sha2-nistp256@openssh.com" &&
        verifyEcdsa(
          "ecdsa-sha2-nistp256",
          key.point,
          signature,
          assertedBytes(key.application, signature, data),
        )
      );
  }
}

/** What an authenticator really signs: its own data, then a hash that stands for ours. */
function assertedBytes(
  application: string,
  signature: Extract<Signature, { flags: number }>,
  data: Uint8Array,
): Uint8Array {
  const { flags, counter } = signature;
  const own = [sha256(encodeUtf8(application)), new Uint8Array([flags]), wireUint32(counter)];
  const isWebauthn = signature.algorithm === "webauthn-sk-ecdsa-sha2-nistp256@openssh.com";
  const extensions = isWebauthn ? signature.extensions : new Uint8Array(0);
  // Both flags announce more bytes; a flag without its bytes is data that no authenticator makes.
  if ((flags & flagAttestedData) !== 0) {
    throw wrong("the flags announce attested data, which an assertion never has");
  }
  if (((flags & flagExtensions) !== 0) !== extensions.length > 0) {
    throw wrong("the flags and the extensions disagree on whether there are extensions");
  }
  if (!isWebauthn) return concat(...own, sha256(data));
  checkClientData(signature.clientDataJson, data, signature.origin);
  return concat(...own, extensions, sha256(signature.clientDataJson));
}

type Shown = Pick<
  VerifiedSshsig,
  "userPresent" | "userVerified" | "counter" | "application" | "origin"
>;

function authenticatorFacts(key: PublicKey, signature: Signature): Shown {
  if (!("application" in key) || !("flags" in signature)) return {};
  return {
    userPresent: (signature.flags & flagUserPresent) !== 0,
    userVerified: (signature.flags & flagUserVerified) !== 0,
    counter: signature.counter,
    application: key.application,
    ...("origin" in signature ? { origin: signature.origin } : {}),
  };
}

function requireShown(type: KeyType, shown: Shown, wanted: VerifyRequest["require"]): void {
  if (wanted.userPresence && shown.userPresent !== true) {
    throw wrong(
      `user presence is required: ${shown.userPresent === undefined ? `an ${type} key cannot show it` : "the security key was not touched"}`,
    );
  }
  if (wanted.userVerification && shown.userVerified !== true) {
    throw wrong(
      `user verification is required: ${shown.userVerified === undefined ? `an ${type} key cannot show it` : "no PIN or biometric was given to the security key"}`,
    );
  }
}

function wrong(problem: string): RecordError {
  return new RecordError("signature", problem);
}
