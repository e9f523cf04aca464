/** A JSON Schema document on its own: who writes such documents, and who reads them. */
import { type Model, Unread } from "../../models/model.ts";
import { readYaml, textAt } from "../../lattice/yaml.ts";
import { Breaks, type ContractBreak } from "./contract-break.ts";
import { SchemaComparison } from "./schema-breaks.ts";
import { type Definitions, type Schema, SchemaReader, TooManySchemas } from "./schema.ts";

export type JsonSchema = {
  /** `$id`, or `id` of older drafts; empty: none. */
  readonly id: string;
  readonly root: Schema;
  readonly definitions: Definitions;
};

export const jsonSchemaModel: Model<JsonSchema> = {
  id: "json-schema",
  version: 1,
  parse: parseJsonSchema,
};

export function parseJsonSchema(text: string): JsonSchema | Unread {
  const documents = readYaml(text);
  if (typeof documents === "string") return new Unread(documents);
  const [document] = documents;
  if (document?.kind !== "map") return new Unread("no JSON Schema");
  try {
    const reader = new SchemaReader(document);
    const root = reader.read(document);
    const id = textAt(document, "$id") ?? textAt(document, "id") ?? "";
    return { id, root, definitions: reader.definitions() };
  } catch (error) {
    if (error instanceof TooManySchemas) return new Unread("more schemas than are read");
    throw error;
  }
}

export function jsonSchemaBreaks(
  before: JsonSchema,
  after: JsonSchema,
  paths: { readonly before: string; readonly after: string },
): ContractBreak[] {
  const breaks = new Breaks("json-schema", paths.before, paths.after);
  const comparison = new SchemaComparison(breaks, before.definitions, after.definitions);
  comparison.compare(before.root, after.root, "document", "the document");
  return breaks.found;
}
