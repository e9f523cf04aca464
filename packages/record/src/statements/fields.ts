/** Fields of a body whose kind is forgotten, where the kind's shape has said what they are. */
import type { JsonObject } from "../bytes/canonical-json.ts";

/** The text in `field`. A `TypeError` if there is none: the kind has no such field. */
export function textField(body: JsonObject, field: string): string {
  const value = body[field];
  if (typeof value !== "string") throw new TypeError(`there is no text in ${field}`);
  return value;
}
