/**
 * Making SSHSIGs with a key that somebody else holds: the signing function is
 * an argument, so a key file, a KMS and a browser all fit. Where signing cannot
 * wait for a promise, the two halves are `signedData` and `sshsigFromRaw`.
 */
import { concat } from "../bytes/encoding.ts";
import { ecdsaCurves, formatPublicKey, parsePublicKey } from "./public-key.ts";
import { formatSignature, type Signature } from "./signature.ts";
import { formatSshsig, signedData, type HashAlgorithm } from "./sshsig.ts";
import { withoutLeadingZeros } from "./wire.ts";

/**
 * The SSHSIG blob around a raw signature over `signedData(namespace,
 * hashAlgorithm, message)`: 64 bytes for Ed25519, r and s in full width for
 * ECDSA (as WebCrypto returns them), PKCS #1 v1.5 with the hash named by
 * `hashAlgorithm` for RSA. FIDO keys sign other bytes: see `webauthn.ts`.
 */
export function sshsigFromRaw(made: {
  readonly key: Uint8Array;
  readonly namespace: string;
  readonly hashAlgorithm: HashAlgorithm;
  readonly raw: Uint8Array;
}): Uint8Array<ArrayBuffer> {
  const { key, namespace, hashAlgorithm, raw } = made;
  const signature = formatSignature(wrapRaw(key, hashAlgorithm, raw));
  return formatSshsig({ key, namespace, hashAlgorithm, signature });
}

function wrapRaw(blob: Uint8Array, hashAlgorithm: HashAlgorithm, raw: Uint8Array): Signature {
  const key = parsePublicKey(blob);
  switch (key.type) {
    case "ssh-ed25519":
      checkLength(raw, 64);
      return { algorithm: key.type, raw };
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521": {
      const { size } = ecdsaCurves[key.type];
      checkLength(raw, 2 * size);
      return {
        algorithm: key.type,
        r: withoutLeadingZeros(raw.subarray(0, size)),
        s: withoutLeadingZeros(raw.subarray(size)),
      };
    }
    case "ssh-rsa":
      checkLength(raw, key.modulus.length);
      return { algorithm: hashAlgorithm === "sha256" ? "rsa-sha2-256" : "rsa-sha2-512", raw };
    case "sk-ssh-ed25519@openssh.com":
    case "sk-ecdsa-sha2-nistp256@openssh.com":
    default:
      throw new TypeError(`a key of type ${key.type} signs no raw data`);
  }
}

function checkLength(raw: Uint8Array, length: number): void {
  if (raw.length !== length) {
    throw new TypeError(`the raw signature has ${raw.length} bytes, this key makes ${length}`);
  }
}

/** The blob of an Ed25519 key given as its 32 bytes. */
export function ed25519KeyBlob(point: Uint8Array): Uint8Array<ArrayBuffer> {
  const blob = formatPublicKey({ type: "ssh-ed25519", point });
  parsePublicKey(blob);
  return blob;
}

/** An SSHSIG blob by an Ed25519 key: of a server, or of one CI job. `publicKey` is its 32 bytes. */
export async function makeEd25519Sshsig(wanted: {
  readonly publicKey: Uint8Array;
  readonly namespace: string;
  readonly message: Uint8Array;
  readonly hashAlgorithm?: HashAlgorithm;
  readonly sign: (data: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}): Promise<Uint8Array<ArrayBuffer>> {
  const { namespace, message, hashAlgorithm = "sha512" } = wanted;
  const raw = await wanted.sign(signedData(namespace, hashAlgorithm, message));
  const key = ed25519KeyBlob(wanted.publicKey);
  return sshsigFromRaw({ key, namespace, hashAlgorithm, raw: concat(raw) });
}
