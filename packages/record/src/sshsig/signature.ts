/**
 * The signature inside an SSHSIG: an algorithm name and what the algorithm
 * writes. RFC 8709 (Ed25519), RFC 5656 (ECDSA), RFC 8332 (RSA with SHA-2),
 * PROTOCOL.u2f (FIDO keys and WebAuthn). `ssh-rsa`, RSA with SHA-1, is refused.
 *
 *     formatSignature(parseSignature(bytes, type)) equals bytes
 */
import { concat } from "../bytes/encoding.ts";
import { quote, RecordError } from "../bytes/error.ts";
import type { EcdsaType, KeyType } from "./public-key.ts";
import { WireReader, wireMpint, wireString, wireUint32 } from "./wire.ts";

export type EcdsaPair = { readonly r: Uint8Array; readonly s: Uint8Array };
/** What the authenticator says of itself; `flags` is one byte, `counter` a uint32. */
type Authenticator = { readonly flags: number; readonly counter: number };

export type Signature =
  | { readonly algorithm: "ssh-ed25519"; readonly raw: Uint8Array }
  | ({ readonly algorithm: EcdsaType } & EcdsaPair)
  | { readonly algorithm: "rsa-sha2-256" | "rsa-sha2-512"; readonly raw: Uint8Array }
  | ({ readonly algorithm: "sk-ssh-ed25519@openssh.com"; readonly raw: Uint8Array } & Authenticator)
  | ({ readonly algorithm: "sk-ecdsa-sha2-nistp256@openssh.com" } & EcdsaPair & Authenticator)
  | ({
      readonly algorithm: "webauthn-sk-ecdsa-sha2-nistp256@openssh.com";
      readonly origin: string;
      readonly clientDataJson: Uint8Array;
      readonly extensions: Uint8Array;
    } & EcdsaPair &
      Authenticator);

/** Which algorithms a key may sign with; anything else is a mix-up or an attack. */
const algorithmsOf: { readonly [T in KeyType]: readonly Signature["algorithm"][] } = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-256", "rsa-sha2-512"],
  "sk-ssh-ed25519@openssh.com": ["sk-ssh-ed25519@openssh.com"],
  "sk-ecdsa-sha2-nistp256@openssh.com": [
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
  ],
};

/** Reads the signature that a key of type `keyType` made. */
export function parseSignature(bytes: Uint8Array, keyType: KeyType): Signature {
  const reader = new WireReader(bytes, "signature", "the signature");
  const name = reader.name("the signature algorithm");
  const algorithm = algorithmsOf[keyType].find((each) => each === name);
  if (algorithm === undefined) {
    throw new RecordError(
      "signature",
      `algorithm ${quote(name, 64)} for a key of type ${keyType}; expected ${algorithmsOf[keyType].join(" or ")}`,
    );
  }
  const signature = parseFields(algorithm, reader);
  reader.end();
  return signature;
}

function parseFields(algorithm: Signature["algorithm"], reader: WireReader): Signature {
  switch (algorithm) {
    case "ssh-ed25519":
      return { algorithm, raw: ed25519Raw(reader) };
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return { algorithm, ...ecdsaPair(reader) };
    case "rsa-sha2-256":
    case "rsa-sha2-512":
      return { algorithm, raw: reader.string("the RSA signature").slice() };
    case "sk-ssh-ed25519@openssh.com":
      return { algorithm, raw: ed25519Raw(reader), ...authenticator(reader) };
    case "sk-ecdsa-sha2-nistp256@openssh.com":
      return { algorithm, ...ecdsaPair(reader), ...authenticator(reader) };
    case "webauthn-sk-ecdsa-sha2-nistp256@openssh.com":
    default:
      return {
        algorithm,
        ...ecdsaPair(reader),
        ...authenticator(reader),
        origin: reader.name("the origin"),
        clientDataJson: reader.string("the client data").slice(),
        extensions: reader.string("the extensions").slice(),
      };
  }
}

function ed25519Raw(reader: WireReader): Uint8Array {
  const raw = reader.string("the Ed25519 signature").slice();
  if (raw.length === 64) return raw;
  throw reader.refuse(`the Ed25519 signature has ${raw.length} bytes instead of 64`);
}

function ecdsaPair(reader: WireReader): EcdsaPair {
  const pair = reader.string("the ECDSA signature");
  const inner = new WireReader(pair, "signature", "the ECDSA signature");
  const r = inner.mpint("r").slice();
  const s = inner.mpint("s").slice();
  inner.end();
  return { r, s };
}

function authenticator(reader: WireReader): Authenticator {
  return { flags: reader.byte("the flags"), counter: reader.uint32("the counter") };
}

export function formatSignature(signature: Signature): Uint8Array<ArrayBuffer> {
  const algorithm = wireString(signature.algorithm);
  switch (signature.algorithm) {
    case "ssh-ed25519":
    case "rsa-sha2-256":
    case "rsa-sha2-512":
      return concat(algorithm, wireString(signature.raw));
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return concat(algorithm, wirePair(signature));
    case "sk-ssh-ed25519@openssh.com":
      return concat(algorithm, wireString(signature.raw), wireAuthenticator(signature));
    case "sk-ecdsa-sha2-nistp256@openssh.com":
      return concat(algorithm, wirePair(signature), wireAuthenticator(signature));
    case "webauthn-sk-ecdsa-sha2-nistp256@openssh.com":
    default:
      return concat(
        algorithm,
        wirePair(signature),
        wireAuthenticator(signature),
        wireString(signature.origin),
        wireString(signature.clientDataJson),
        wireString(signature.extensions),
      );
  }
}

function wirePair({ r, s }: EcdsaPair): Uint8Array<ArrayBuffer> {
  return wireString(concat(wireMpint(r), wireMpint(s)));
}

function wireAuthenticator({ flags, counter }: Authenticator): Uint8Array<ArrayBuffer> {
  return concat(new Uint8Array([flags]), wireUint32(counter));
}
