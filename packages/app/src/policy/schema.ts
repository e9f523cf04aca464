/**
 * The schemas that rules may be written against. Ours, and fixed: a ledger is
 * replayed with the schema its policy was accepted with, so a schema is never
 * changed, a new one is added with the request it needs.
 */
import { readFileSync } from "node:fs";

/** Where the default policy is, as a folder that can be copied. */
export const defaultFolder = new URL("./default/", import.meta.url);

/** Without facts of findings and clearings. */
export const schema1 = readFileSync(
  new URL("./schemas/schema-1.cedarschema", import.meta.url),
  "utf8",
);
/** Without signals. */
export const schema2 = readFileSync(
  new URL("./schemas/schema-2.cedarschema", import.meta.url),
  "utf8",
);
export const schema3 = readFileSync(new URL("schema.cedarschema", defaultFolder), "utf8");

/** Text to number. */
export const schemas: ReadonlyMap<string, number> = new Map([
  [schema1, 1],
  [schema2, 2],
  [schema3, 3],
]);
