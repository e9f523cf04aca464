/**
 * From an envelope to a statement that is known to be signed: parse strictly,
 * find the kind, check the signature under the kind's namespace. Whether the
 * key may speak is not asked here; that is `advance`.
 */
import { sha256 } from "@countermand/tlog";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { decodeBase64, encodeHex } from "../bytes/encoding.ts";
import { quote, RecordError } from "../bytes/error.ts";
import { checkAt } from "../bytes/shape.ts";
import type { Envelope } from "../dsse/envelope.ts";
import { pae } from "../dsse/pae.ts";
import { formatStatement, parseStatement, statementPayloadType } from "../dsse/statement.ts";
import {
  fingerprint,
  isFidoKey,
  parsePublicKey,
  parsePublicKeyLine,
} from "../sshsig/public-key.ts";
import { verifySshsig } from "../sshsig/verify.ts";
import {
  namespaceOf,
  predicateType,
  type Head,
  type SignedWith,
  type Subject,
} from "./statement-type.ts";
import { statementTypes, type AnyStatementType } from "./types.ts";

export interface ParsedStatement {
  readonly type: AnyStatementType;
  readonly subjects: readonly Subject[];
  readonly head: Head;
  readonly body: JsonObject;
  /** SHA-256 of the payload, in hex. */
  readonly payloadDigest: string;
}

export interface SignedStatement extends ParsedStatement {
  /** Set for security keys only. */
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  /** Unset where no signature was looked at. */
  readonly signedWith?: SignedWith;
}

/** The payload's statement, its shape checked. No signature is looked at. */
export function parsePayload(payload: Uint8Array): ParsedStatement {
  const frame = parseStatement(payload);
  const name = /^urn:countermand:statement:([a-z-]+):v1$/.exec(frame.predicateType)?.[1];
  const type = name === undefined ? undefined : statementTypes.get(name);
  if (type === undefined) {
    throw new RecordError(
      "shape",
      `${quote(frame.predicateType, 80)} is not a kind of statement that is known here`,
      {
        where: "predicateType",
      },
    );
  }
  const predicate: JsonObject = checkAt("predicate", type.shape, frame.predicate);
  const { id, actor, key, instance, occurredAt, ...body } = predicate as JsonObject & Head;
  return {
    type,
    subjects: frame.subject,
    head: { id, actor, key, instance, occurredAt },
    body,
    payloadDigest: encodeHex(sha256(payload)),
  };
}

/** Who asks which key must have signed, and who checks the signature, read the same envelope. */
const read = new WeakMap<Envelope, { payload: Uint8Array; statement: ParsedStatement }>();

function readPayload(envelope: Envelope): { payload: Uint8Array; statement: ParsedStatement } {
  const known = read.get(envelope);
  if (known !== undefined) return known;
  const payload = decodeBase64(envelope.payload);
  const found = { payload, statement: parsePayload(payload) };
  read.set(envelope, found);
  return found;
}

/**
 * `head` and `body` as payload bytes, ready to be signed. The shape is checked
 * here too, so that nobody is asked to sign what would be refused.
 */
export function makePayload(
  type: string,
  subjects: readonly Subject[],
  head: Head,
  body: JsonObject,
): Uint8Array {
  const bytes = formatStatement({
    subject: subjects,
    predicateType: predicateType(type),
    predicate: { ...body, ...head },
  });
  parsePayload(bytes);
  return bytes;
}

/**
 * The statement in an envelope whose one signature verifies for `publicKey`
 * (an authorized_keys line). Throws a `RecordError` that says what is wrong.
 */
export async function openEnvelope(
  envelope: Envelope,
  publicKey: string,
): Promise<SignedStatement> {
  if (envelope.payloadType !== statementPayloadType) {
    throw new RecordError("envelope", `expected ${statementPayloadType}`, { where: "payloadType" });
  }
  const [signature, ...others] = envelope.signatures;
  if (signature === undefined || others.length > 0) {
    throw new RecordError(
      "envelope",
      `found ${envelope.signatures.length} signatures; a statement has one`,
      {
        where: "signatures",
      },
    );
  }
  const { payload, statement } = readPayload(envelope);
  const key = parsePublicKeyLine(publicKey);
  if (signature.keyid !== fingerprint(key) || statement.head.key !== signature.keyid) {
    throw new RecordError(
      "signature",
      `the statement names the key ${statement.head.key}, the envelope ${quote(signature.keyid, 60)}, and the key in question is ${fingerprint(key)}; all three must be one`,
    );
  }
  const verified = await verifySshsig({
    signature: decodeBase64(signature.sig),
    message: pae(statementPayloadType, payload),
    namespace: namespaceOf(statement.type.name),
    key,
    // Stock ssh-keygen accepts a security key's signature without a touch; we do not.
    require: {
      userPresence: isFidoKey(parsePublicKey(key).type),
      userVerification: false,
    },
  });
  await statement.type.verify?.(statement.body);
  return {
    ...statement,
    ...(verified.userPresent === undefined ? {} : { userPresent: verified.userPresent }),
    ...(verified.userVerified === undefined ? {} : { userVerified: verified.userVerified }),
    signedWith:
      verified.userPresent === undefined
        ? "ssh"
        : verified.origin === undefined
          ? "security-key"
          : "passkey",
  };
}

/**
 * Who says to have signed, before the signature is checked; `systemKey` only in
 * an opening, `ownKey` only where a statement is signed by the key that it brings.
 */
export function claimedSigner(envelope: Envelope): {
  readonly head: Head;
  readonly systemKey?: string;
  readonly ownKey?: string;
} {
  const { type, head, body } = readPayload(envelope).statement;
  if (type.selfSigned === true) {
    return { head, ownKey: (body["newKey"] as { readonly line: string }).line };
  }
  if (type.name !== "log-opened") return { head };
  return { head, systemKey: (body["systemKey"] as { readonly line: string }).line };
}
