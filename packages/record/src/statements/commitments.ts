/** The commitments that a statement makes: which field holds which. */
import type { JsonObject, JsonValue } from "../bytes/canonical-json.ts";

const commitment = /^hmac-sha256:[0-9a-f]{64}$/;

/**
 * Commitment to path (`rationale`, `person.emails[0]`) for every commitment in a
 * statement's body. An `opening-deleted` names commitments and makes none.
 */
export function commitmentsIn(type: string, body: JsonObject): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (type !== "opening-deleted") visit(body, "", found);
  return found;
}

function visit(value: JsonValue, path: string, found: Map<string, string>): void {
  if (typeof value === "string") {
    if (commitment.test(value)) found.set(value, path);
  } else if (Array.isArray(value)) {
    value.forEach((item: JsonValue, i) => visit(item, `${path}[${i}]`, found));
  } else if (typeof value === "object") {
    for (const [key, item] of Object.entries(value)) {
      visit(item, path === "" ? key : `${path}.${key}`, found);
    }
  }
}
