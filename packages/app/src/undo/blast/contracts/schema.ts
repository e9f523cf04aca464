/**
 * JSON Schema (drafts 4 to 2020-12) and the schema objects of OpenAPI and Swagger
 * as plain data: what can be said of the shape of a value. References within the
 * document are kept by name, so a schema may hold itself.
 *
 * Left out: references to other documents, `if`/`then`/`else`, `not`,
 * `dependentSchemas`, `patternProperties`, `unevaluated*`, `$dynamicRef`; what
 * they say is not compared.
 */
import { compareText } from "../../rules/order.ts";
import { textAt, valuesAt, type Yaml } from "../../lattice/yaml.ts";

export type Schema = {
  readonly line: number;
  /** JSON pointer without `#`, or an address elsewhere. */
  readonly ref?: string;
  /** Sorted; absent: any. */
  readonly types?: readonly string[];
  /** Values as text, sorted; absent: any. */
  readonly values?: readonly string[];
  readonly required: readonly string[];
  /** By name. */
  readonly properties: readonly { readonly name: string; readonly schema: Schema }[];
  /** Whether properties without a name here may be there. */
  readonly open: boolean;
  readonly items?: Schema;
  /** `oneOf` and `anyOf` together. */
  readonly variants: readonly Schema[];
  readonly all: readonly Schema[];
  /** Lower and upper bounds by keyword. */
  readonly bounds: readonly { readonly keyword: string; readonly value: number }[];
  readonly pattern?: string;
  readonly format?: string;
};

/** Schemas of a document that references name, by pointer. */
export type Definitions = readonly { readonly pointer: string; readonly schema: Schema }[];

export const schemaLimits = { schemas: 50_000, references: 5000 } as const;

export class TooManySchemas extends Error {}

export const lowerBounds = new Set([
  "minimum",
  "exclusiveMinimum",
  "minLength",
  "minItems",
  "minProperties",
]);
const boundKeywords = [
  ...lowerBounds,
  "maximum",
  "exclusiveMaximum",
  "maxLength",
  "maxItems",
  "maxProperties",
];

/** Reads schemas out of one document; `definitions` holds what they refer to, once all are read. */
export class SchemaReader {
  readonly #document: Yaml;
  readonly #known = new Map<string, Schema | null>();
  readonly #waiting: string[] = [];
  #count = 0;

  constructor(document: Yaml) {
    this.#document = document;
  }

  read(node: Yaml): Schema {
    if (++this.#count > schemaLimits.schemas) throw new TooManySchemas();
    const reference = textAt(node, "$ref");
    const list = (key: string) => {
      const [found] = valuesAt(node, [key]);
      return found?.kind === "list" ? found.items.map((item) => this.read(item)) : [];
    };
    const types = typesOf(node);
    const values = valuesOf(node);
    const [items] = valuesAt(node, ["items"]);
    const pattern = textAt(node, "pattern");
    const format = textAt(node, "format");
    return {
      line: node.line,
      ...(reference === undefined ? {} : { ref: this.#reference(reference) }),
      ...(types === null ? {} : { types }),
      ...(values === null ? {} : { values }),
      required: [...new Set(valuesAt(node, ["required", "*"]).flatMap(scalar))].sort(compareText),
      properties: entriesAt(node, "properties").map(([name, child]) => ({
        name,
        schema: this.read(child),
      })),
      open: textAt(node, "additionalProperties") !== "false",
      ...(items?.kind === "map" ? { items: this.read(items) } : {}),
      variants: [...list("oneOf"), ...list("anyOf")],
      all: list("allOf"),
      bounds: boundKeywords.flatMap((keyword) => {
        const value = Number(textAt(node, keyword) ?? Number.NaN);
        return Number.isFinite(value) ? [{ keyword, value }] : [];
      }),
      ...(pattern === undefined ? {} : { pattern }),
      ...(format === undefined ? {} : { format }),
    };
  }

  definitions(): Definitions {
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      const node = at(this.#document, next);
      if (node !== undefined) this.#known.set(next, this.read(node));
    }
    return [...this.#known]
      .flatMap(([pointer, schema]) => (schema === null ? [] : [{ pointer, schema }]))
      .sort((a, b) => compareText(a.pointer, b.pointer));
  }

  #reference(reference: string): string {
    if (!reference.startsWith("#")) return reference;
    const pointer = reference.slice(1);
    if (!this.#known.has(pointer)) {
      if (this.#known.size >= schemaLimits.references) throw new TooManySchemas();
      this.#known.set(pointer, null);
      this.#waiting.push(pointer);
    }
    return pointer;
  }
}

/** The node at a JSON pointer (RFC 6901); also where its steps are percent-encoded. */
export function at(document: Yaml, pointer: string): Yaml | undefined {
  if (pointer === "") return document;
  if (!pointer.startsWith("/") || pointer.length > 1000) return undefined;
  let node: Yaml | undefined = document;
  for (const step of pointer.slice(1).split("/")) {
    if (node === undefined) return undefined;
    const name = decoded(step).replaceAll("~1", "/").replaceAll("~0", "~");
    node =
      node.kind === "map"
        ? node.entries.get(name)
        : node.kind === "list" && /^\d{1,6}$/.test(name)
          ? node.items[Number(name)]
          : undefined;
  }
  return node;
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/** The entries of a map, by name; none where it is no map. */
export function entriesAt(node: Yaml | undefined, key: string): readonly [string, Yaml][] {
  const [found] = valuesAt(node, [key]);
  if (found?.kind !== "map") return [];
  return [...found.entries].sort(([a], [b]) => compareText(a, b));
}

export function scalar(node: Yaml): string[] {
  return node.kind === "scalar" ? [node.text ?? "null"] : [];
}

function typesOf(node: Yaml): string[] | null {
  const [type] = valuesAt(node, ["type"]);
  if (type === undefined) return null;
  const named = type.kind === "list" ? type.items.flatMap(scalar) : scalar(type);
  if (named.length === 0) return null;
  // OpenAPI 3.0 and what vendors of Swagger 2 write for it.
  const nullable = textAt(node, "nullable") === "true" || textAt(node, "x-nullable") === "true";
  return [...new Set([...named, ...(nullable ? ["null"] : [])])].sort(compareText);
}

function valuesOf(node: Yaml): string[] | null {
  const [listed] = valuesAt(node, ["enum"]);
  if (listed?.kind === "list") return [...new Set(listed.items.flatMap(scalar))].sort(compareText);
  const [constant] = valuesAt(node, ["const"]);
  return constant?.kind === "scalar" ? scalar(constant) : null;
}
