/**
 * A decision made ready for a passkey: the statement's bytes, whose only
 * missing part is the signature. The page shows what it says; the browser signs
 * these bytes and no others.
 */
import { randomBytes, randomUUID } from "node:crypto";
import {
  checkRationale,
  decisionSentence,
  evidenceHash,
  makeOpening,
  makePayload,
  namespaceOf,
  pae,
  signedData,
  sshsigFromAssertion,
  statementPayloadType,
  statementTypes,
  encodeBase64,
  parsePayload,
  parsePublicKeyLine,
  rationaleOf,
  type Condition,
  type DecisionKind,
  type Envelope,
  type JsonObject,
  type Opening,
  type RecordState,
  type Remark,
} from "@countermand/record";

export interface Prepared {
  readonly payload: Uint8Array;
  readonly openings: readonly Opening[];
  readonly sentence: string;
  /** What the comment could say more. */
  readonly remarks: readonly Remark[];
  /** What WebAuthn calls the challenge. */
  readonly challenge: Uint8Array;
}

/** Of the two hashes that SSHSIG knows; both sides must take the same. */
const hashAlgorithm = "sha512";

export function prepareDecision(
  state: RecordState,
  made: {
    readonly origin: string;
    readonly person: string;
    readonly fingerprint: string;
    readonly decision: DecisionKind;
    readonly conditions: readonly Condition[];
    readonly comment: string;
    readonly now: Date;
  },
): Prepared {
  const { conditions, comment, decision } = made;
  const sentence = decisionSentence(state, decision, conditions);
  const opening =
    comment === "" ? undefined : makeOpening(comment, new Uint8Array(randomBytes(32)));
  const body: JsonObject = {
    record: state.id,
    decision,
    summary: sentence,
    evidenceSeen: evidenceHash(state.evidence),
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(opening === undefined ? {} : { comment: opening.commitment }),
  };
  const asked = rationaleOf("decision", body, new Map([["comment", comment]]));
  const type = statementTypes.get("decision");
  if (type?.stream !== "record") throw new TypeError("decision is a kind of statement");
  const head = {
    id: randomUUID(),
    actor: made.person,
    key: made.fingerprint,
    instance: made.origin,
    occurredAt: made.now.toISOString(),
  };
  const payload = makePayload("decision", type.subjects(body, state), head, body);
  return {
    payload,
    openings: opening === undefined ? [] : [opening],
    sentence,
    remarks: asked === undefined ? [] : checkRationale(asked),
    challenge: signedData(
      namespaceOf("decision"),
      hashAlgorithm,
      pae(statementPayloadType, payload),
    ),
  };
}

/** The envelope out of what a passkey answered. Whether it is true, the submission shows. */
export function envelopeFromPasskey(
  payload: Uint8Array,
  key: { readonly fingerprint: string; readonly line: string },
  assertion: {
    readonly authenticatorData: Uint8Array;
    readonly clientDataJson: Uint8Array;
    readonly signature: Uint8Array;
  },
): Envelope {
  const { type } = parsePayload(payload);
  const signature = sshsigFromAssertion({
    key: parsePublicKeyLine(key.line),
    namespace: namespaceOf(type.name),
    hashAlgorithm,
    message: pae(statementPayloadType, payload),
    assertion,
  });
  return {
    payload: encodeBase64(payload),
    payloadType: statementPayloadType,
    signatures: [{ keyid: key.fingerprint, sig: encodeBase64(signature) }],
  };
}
