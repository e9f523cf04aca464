/**
 * The SSHSIG container of OpenSSH's PROTOCOL.sshsig, version 1: which bytes a
 * key signs, and the blob that carries key, namespace and signature together.
 * Only the format is here; whether a signature is true is `verify.ts`.
 *
 *     formatSshsig(parseSshsig(blob)) equals blob
 */
import { sha256, sha512 } from "@countermand/tlog";
import { concat, encodeUtf8 } from "../bytes/encoding.ts";
import { quote, RecordError } from "../bytes/error.ts";
import { WireReader, wireString, wireUint32 } from "./wire.ts";

export type HashAlgorithm = "sha256" | "sha512";

export type Sshsig = {
  /** The signer's public key blob. */
  readonly key: Uint8Array;
  readonly namespace: string;
  readonly hashAlgorithm: HashAlgorithm;
  /** An SSH signature: algorithm name, then what the algorithm writes. */
  readonly signature: Uint8Array;
};

const magic = encodeUtf8("SSHSIG");
const version = 1;
/** The largest honest one is RSA of 16384 bits (4.2 KB) or a passkey with a long origin. */
const maxBlobBytes = 16 * 1024;

/**
 * The bytes a key signs for a message. A namespace keeps a signature made for
 * one purpose from being shown for another; it is 1 to 1024 printable ASCII
 * characters without a space.
 */
export function signedData(
  namespace: string,
  hashAlgorithm: HashAlgorithm,
  message: Uint8Array,
): Uint8Array<ArrayBuffer> {
  checkNamespace(namespace);
  return concat(
    magic,
    wireString(namespace),
    wireString(""),
    wireString(hashAlgorithm),
    wireString(hashAlgorithm === "sha256" ? sha256(message) : sha512(message)),
  );
}

export function formatSshsig(sshsig: Sshsig): Uint8Array<ArrayBuffer> {
  checkNamespace(sshsig.namespace);
  return concat(
    magic,
    wireUint32(version),
    wireString(sshsig.key),
    wireString(sshsig.namespace),
    wireString(""),
    wireString(sshsig.hashAlgorithm),
    wireString(sshsig.signature),
  );
}

export function parseSshsig(blob: Uint8Array): Sshsig {
  if (blob.length > maxBlobBytes) {
    throw new RecordError(
      "signature",
      `${blob.length} bytes; an SSHSIG has at most ${maxBlobBytes}`,
    );
  }
  const reader = new WireReader(blob, "signature", "the SSHSIG");
  const found = String.fromCharCode(...reader.fixed(magic.length, "the magic"));
  if (found !== "SSHSIG") throw reader.refuse(`starts with ${quote(found)} instead of "SSHSIG"`);
  const foundVersion = reader.uint32("the version");
  if (foundVersion !== version) throw reader.refuse(`version ${foundVersion} is not ${version}`);
  const key = reader.string("the public key");
  const namespace = reader.name("the namespace");
  // OpenSSH ignores what is in here, although it is signed; nobody writes anything.
  if (reader.string("the reserved field").length > 0) {
    throw reader.refuse("the reserved field is not empty");
  }
  const hashAlgorithm = reader.name("the hash algorithm");
  if (hashAlgorithm !== "sha256" && hashAlgorithm !== "sha512") {
    throw reader.refuse(`hash algorithm ${quote(hashAlgorithm)} is neither sha256 nor sha512`);
  }
  const signature = reader.string("the signature");
  reader.end();
  return { key: key.slice(), namespace, hashAlgorithm, signature: signature.slice() };
}

function checkNamespace(namespace: string): void {
  if (!/^[!-~]{1,1024}$/.test(namespace)) {
    throw new TypeError(`${quote(namespace)} is no namespace: printable ASCII without a space`);
  }
}
