/**
 * Two schemas compared, by where the value stands. What one sends breaks where
 * the schema gone back to takes less than the one left; what one gets breaks
 * where it gives more, or less surely.
 */
import type { Breaks } from "./contract-break.ts";
import { type Definitions, lowerBounds, type Schema } from "./schema.ts";

/**
 * `sent`: those outside write it (a request body). `received`: they read it (a
 * response). `document`: both, a schema on its own.
 */
export type Position = "sent" | "received" | "document";

const deepest = 64;
/** Two documents that name their schemas crosswise have as many pairs as the square of their size. */
const mostComparisons = 400_000;

export class SchemaComparison {
  readonly #breaks: Breaks;
  readonly #before: ReadonlyMap<string, Schema>;
  readonly #after: ReadonlyMap<string, Schema>;
  readonly #done = new Set<string>();
  #count = 0;

  constructor(breaks: Breaks, before: Definitions, after: Definitions) {
    this.#breaks = breaks;
    this.#before = new Map(before.map(({ pointer, schema }) => [pointer, schema]));
    this.#after = new Map(after.map(({ pointer, schema }) => [pointer, schema]));
  }

  /** `subject` names the value: `POST /users body`. Each pair of named schemas is compared once. */
  compare(before: Schema, after: Schema, position: Position, subject: string, depth = 0): void {
    if (depth > deepest || ++this.#count > mostComparisons) {
      this.#breaks.cut();
      return;
    }
    const [from, to] = [this.#follow(before, this.#before), this.#follow(after, this.#after)];
    if (from === null || to === null) return;
    const named = from.name !== null && to.name !== null;
    if (named) {
      const key = JSON.stringify([from.name, to.name, position]);
      if (this.#done.has(key)) return;
      this.#done.add(key);
    }
    // A schema with a name is told by it, wherever it is used first.
    const what = named && to.name === from.name ? `schema ${lastStep(from.name ?? "")}` : subject;
    this.#own(
      this.#flat(from.schema, this.#before),
      this.#flat(to.schema, this.#after),
      position,
      what,
      depth,
    );
  }

  /** Through references to what they name; null: it is elsewhere, or names itself. */
  #follow(
    schema: Schema,
    named: ReadonlyMap<string, Schema>,
  ): { schema: Schema; name: string | null } | null {
    let found = schema;
    let name: string | null = null;
    for (let steps = 0; found.ref !== undefined; steps++) {
      const next = named.get(found.ref);
      if (next === undefined || steps > 20) return null;
      name = found.ref;
      found = next;
    }
    return { schema: found, name };
  }

  /** `allOf` put together into one: all of it holds. */
  #flat(schema: Schema, named: ReadonlyMap<string, Schema>): Schema {
    const parts = [schema];
    for (let index = 0; index < parts.length && parts.length < 200; index++) {
      for (const part of parts[index]?.all ?? []) {
        const found = this.#follow(part, named)?.schema;
        if (found !== undefined && !parts.includes(found)) parts.push(found);
      }
    }
    if (parts.length === 1) return schema;
    // Putting a large schema together again and again costs as much as comparing it.
    this.#count += parts.reduce((sum, part) => sum + part.properties.length, 0);
    const types = parts.find((part) => part.types !== undefined)?.types;
    const values = parts.find((part) => part.values !== undefined)?.values;
    const items = parts.find((part) => part.items !== undefined)?.items;
    return {
      line: schema.line,
      ...(types === undefined ? {} : { types }),
      ...(values === undefined ? {} : { values }),
      ...(items === undefined ? {} : { items }),
      required: parts.flatMap((part) => part.required),
      properties: parts.flatMap((part) => part.properties),
      open: parts.every((part) => part.open),
      variants: parts.flatMap((part) => part.variants),
      all: [],
      bounds: parts.flatMap((part) => part.bounds),
    };
  }

  #own(before: Schema, after: Schema, position: Position, subject: string, depth: number): void {
    const lines = { before: before.line, after: after.line };
    /** The state gone back to takes less. */
    const narrower = (code: string, text: string) => {
      if (position !== "received")
        this.#breaks.add([code, "breaking", writer(position)], subject, text, lines);
    };
    /** It gives what was not expected. */
    const wider = (code: string, text: string) => {
      if (position !== "sent") this.#breaks.add([code, "breaking"], subject, text, lines);
    };
    const types = changed(before.types, after.types, includesType);
    if (types.lost) narrower("type-narrowed", `${subject} does not take ${types.lost} any more`);
    if (types.gained) wider("type-widened", `${subject} can be ${types.gained}, which it was not`);
    const values = changed(before.values, after.values);
    if (values.lost) narrower("value-removed", `${subject} does not take ${values.lost} any more`);
    if (values.gained)
      wider("value-added", `${subject} can be ${values.gained}, which is not expected`);
    this.#properties(before, after, position, subject, depth);
    if (before.open && !after.open && before.properties.length > 0) {
      narrower("closed", `${subject} takes no further properties any more`);
    }
    this.#bounds(before, after, subject, narrower);
    if (before.items !== undefined && after.items !== undefined) {
      this.compare(before.items, after.items, position, `${subject} items`, depth + 1);
    }
    const variants = changed(named(before.variants), named(after.variants));
    if (variants.lost)
      narrower("variant-removed", `${subject} does not take ${variants.lost} any more`);
    if (variants.gained)
      wider("variant-added", `${subject} can be ${variants.gained}, which is not expected`);
  }

  #properties(
    before: Schema,
    after: Schema,
    position: Position,
    subject: string,
    depth: number,
  ): void {
    const later = new Map(after.properties.map(({ name, schema }) => [name, schema]));
    const [asked, given] = [new Set(before.required), new Set(after.required)];
    for (const { name, schema } of before.properties) {
      const other = later.get(name);
      const what = `${subject} ${name}`;
      if (other !== undefined) {
        this.compare(schema, other, position, what, depth + 1);
        continue;
      }
      const lines = { before: schema.line };
      if (position !== "received" && !after.open) {
        const text = `${what} is refused`;
        this.#breaks.add(["property-refused", "breaking", writer(position)], what, text, lines);
      } else if (position === "sent") {
        this.#breaks.add(
          ["property-ignored", "risky"],
          what,
          `${what} is not read any more`,
          lines,
        );
      } else {
        // Who reads has to do without it already, unless it was promised.
        const gravity = asked.has(name) ? "breaking" : "risky";
        this.#breaks.add(["property-removed", gravity], what, `${what} is gone`, lines);
      }
    }
    for (const name of given) {
      if (asked.has(name) || position === "received") continue;
      const what = `${subject} ${name}`;
      const line = later.get(name)?.line ?? after.line;
      this.#breaks.add(
        ["required-added", "breaking", writer(position)],
        what,
        `${what} is required`,
        {
          after: line,
        },
      );
    }
    for (const name of asked) {
      // Gone altogether is told above.
      if (given.has(name) || position === "sent" || !later.has(name)) continue;
      const what = `${subject} ${name}`;
      const line = later.get(name)?.line ?? after.line;
      this.#breaks.add(["required-removed", "breaking"], what, `${what} may be absent`, {
        after: line,
      });
    }
  }

  #bounds(
    before: Schema,
    after: Schema,
    subject: string,
    narrower: (code: string, text: string) => void,
  ): void {
    for (const { keyword, value } of after.bounds) {
      const old = before.bounds.find((bound) => bound.keyword === keyword)?.value;
      const stricter = old === undefined || (lowerBounds.has(keyword) ? value > old : value < old);
      // A bound that any value keeps is none.
      if (
        !stricter ||
        (lowerBounds.has(keyword) &&
          value <= 0 &&
          keyword.startsWith("min") &&
          keyword !== "minimum")
      )
        continue;
      narrower(
        "bound-tightened",
        `${subject} has ${keyword} ${value}${old === undefined ? "" : `, was ${old}`}`,
      );
    }
    if (after.pattern !== undefined && after.pattern !== before.pattern) {
      narrower("pattern-changed", `${subject} has to match another pattern`);
    }
    if (
      after.format !== undefined &&
      before.format !== undefined &&
      after.format !== before.format
    ) {
      narrower("format-changed", `${subject} has another format`);
    }
  }
}

/** For a request the consumer of the interface writes; for a schema alone whoever produces documents. */
function writer(position: Position): "consumers" | "producers" {
  return position === "document" ? "producers" : "consumers";
}

type Change = { readonly lost: string; readonly gained: string };

/** Members of one list that the other has not, as text; an absent list is everything. */
function changed(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
  holds: (list: ReadonlySet<string>, member: string) => boolean = (list, member) =>
    list.has(member),
): Change {
  const some = (list: readonly string[]) => list.slice(0, 10).join(", ");
  if (before === undefined && after === undefined) return { lost: "", gained: "" };
  if (before === undefined) return { lost: `anything but ${some(after ?? [])}`, gained: "" };
  if (after === undefined) return { lost: "", gained: "anything" };
  const missing = (from: readonly string[], to: ReadonlySet<string>) =>
    some(from.filter((member) => !holds(to, member)));
  return { lost: missing(before, new Set(after)), gained: missing(after, new Set(before)) };
}

/** Every integer is a number. */
function includesType(list: ReadonlySet<string>, type: string): boolean {
  return list.has(type) || (type === "integer" && list.has("number"));
}

/** Only variants with a name can be told apart. None at all: not compared. */
function named(variants: readonly Schema[]): readonly string[] | undefined {
  const names = variants.flatMap(({ ref }) => (ref === undefined ? [] : [lastStep(ref)]));
  return names.length > 0 && names.length === variants.length ? names : undefined;
}

function lastStep(pointer: string): string {
  return pointer.slice(pointer.lastIndexOf("/") + 1);
}
