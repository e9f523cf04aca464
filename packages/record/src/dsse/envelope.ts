/**
 * The DSSE envelope (DSSE v1.0.2, envelope.md), as this product writes it: the
 * payload, what it is, and signatures over `pae(payloadType, payload)`. A
 * signature's `keyid` is the fingerprint of the key, its `sig` the base64 of an
 * SSHSIG blob.
 *
 * Stricter than DSSE: base64 is the padded standard alphabet only (DSSE lets a
 * verifier see base64url too), `keyid` is required, and no key signs twice.
 * Envelopes are stored and hashed, so each has one spelling.
 *
 *     formatEnvelope(parseEnvelope(json)) equals json
 *
 * Nothing here says that a signature is true; `keyid` is only a claim.
 */
import type { JsonObject, JsonValue } from "../bytes/canonical-json.ts";
import { decodeBase64 } from "../bytes/encoding.ts";
import { quote, RecordError } from "../bytes/error.ts";
import { array, object, string, type Infer } from "../bytes/shape.ts";

/** What is in it is for `checkBase64`, which reads it. */
const base64 = string({ min: 4, max: 1_000_000 });

const shape = object({
  payload: base64,
  payloadType: string({
    max: 256,
    pattern: /^[!-~]+$/,
    what: "a media type or URI in printable ASCII",
  }),
  signatures: array(
    object({
      keyid: string({
        pattern: /^SHA256:[A-Za-z0-9+/]{43}$/,
        what: "a key fingerprint written as SHA256: and 43 base64 digits",
      }),
      sig: base64,
    }),
    { min: 1, max: 16 },
  ),
});

export type Envelope = Infer<typeof shape>;

/** The envelope in parsed JSON, or a `RecordError` "envelope" that names the field. */
export function parseEnvelope(json: JsonValue): Envelope {
  let envelope: Envelope;
  try {
    envelope = shape(json);
  } catch (cause) {
    if (!(cause instanceof RecordError)) throw cause;
    throw new RecordError("envelope", cause.message, { cause });
  }
  checkBase64(envelope.payload, "payload");
  const seen = new Set<string>();
  for (const [i, { keyid, sig }] of envelope.signatures.entries()) {
    checkBase64(sig, `signatures[${i}].sig`);
    if (seen.has(keyid)) {
      throw new RecordError(
        "envelope",
        `the key ${quote(keyid, 60)} signed already; each signs once`,
        {
          where: `signatures[${i}].keyid`,
        },
      );
    }
    seen.add(keyid);
  }
  return envelope;
}

/** The envelope as JSON for `canonicalBytes`; refuses what `parseEnvelope` would refuse. */
export function formatEnvelope(envelope: Envelope): JsonObject {
  const { payload, payloadType, signatures } = parseEnvelope(envelope);
  return {
    payload,
    payloadType,
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig })),
  };
}

function checkBase64(text: string, where: string): void {
  try {
    decodeBase64(text);
  } catch (cause) {
    throw new RecordError(
      "envelope",
      "not the base64 (standard alphabet, padded) that its own bytes encode to",
      {
        where,
        cause,
      },
    );
  }
}
