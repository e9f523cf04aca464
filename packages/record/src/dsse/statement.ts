/**
 * The frame of an in-toto Statement v1 (in-toto attestation spec 1.2): what is
 * spoken of, by digest, and a predicate of a named type. Canonical JSON only,
 * and only the digests this product binds to. What the predicate says is for
 * whoever knows its type.
 *
 *     formatStatement(parseStatement(bytes)) equals bytes
 */
import {
  canonicalBytes,
  parseCanonical,
  type CanonicalLimits,
  type JsonObject,
  type JsonValue,
} from "../bytes/canonical-json.ts";
import { quote, RecordError } from "../bytes/error.ts";
import {
  anyObject,
  array,
  commitId,
  literal,
  object,
  sha256Hex,
  string,
  type Infer,
} from "../bytes/shape.ts";

/** The `payloadType` of an envelope that holds a statement. */
export const statementPayloadType = "application/vnd.in-toto+json";
const statementType = "https://in-toto.io/Statement/v1";

const subjectShape = object({
  name: string({
    max: 512,
    pattern: /^[!-~]+$/,
    what: "1 to 512 printable ASCII characters without a space",
  }),
  digest: object({}, { sha256: sha256Hex, gitCommit: commitId }),
});

const shape = object({
  _type: literal(statementType),
  subject: array(subjectShape, { min: 1, max: 64 }),
  predicateType: string({
    max: 256,
    pattern: /^[a-z][a-z0-9+.-]*:[!-~]+$/,
    what: "a URI",
  }),
  predicate: anyObject,
});

export type StatementSubject = Infer<typeof subjectShape>;
export type Statement = {
  readonly subject: readonly StatementSubject[];
  readonly predicateType: string;
  readonly predicate: JsonObject;
};

/** Reads the payload of an envelope. Size and depth as in `parseCanonical`. */
export function parseStatement(payload: Uint8Array, limits: CanonicalLimits = {}): Statement {
  return checkStatement(parseCanonical(payload, limits));
}

/** The payload bytes; refuses what `parseStatement` would refuse, but for the size. */
export function formatStatement(statement: Statement): Uint8Array<ArrayBuffer> {
  const { subject, predicateType, predicate } = statement;
  const json = { _type: statementType, subject, predicateType, predicate };
  checkStatement(json);
  return canonicalBytes(json);
}

function checkStatement(json: JsonValue): Statement {
  const { subject, predicateType, predicate } = shape(json);
  const names = new Set<string>();
  for (const [i, { name, digest }] of subject.entries()) {
    if (Object.keys(digest).length === 0) {
      throw new RecordError("shape", "no digest; expected sha256, gitCommit or both", {
        where: `subject[${i}].digest`,
      });
    }
    // Two digests under one name would let two readers bind to different things.
    if (names.has(name)) {
      throw new RecordError(
        "shape",
        `${quote(name)} is named twice; each subject has its own name`,
        {
          where: `subject[${i}].name`,
        },
      );
    }
    names.add(name);
  }
  return { subject, predicateType, predicate };
}
