/** Reading values of infrastructure files: by path, as one text, with names of the same folder put in. */
import type { Value } from "../models/terraform/hcl.ts";

/** The values at a path of keys; lists are gone through; `**` is any number of keys. */
export function valuesIn(value: Value | undefined, path: readonly string[]): readonly Value[] {
  if (value === undefined) return [];
  const [step, ...rest] = path;
  if (step === undefined) return [value];
  if (value.kind === "list") return value.items.flatMap((item) => valuesIn(item, path));
  if (value.kind !== "map") return [];
  if (step !== "**") return valuesIn(value.entries.get(step), rest);
  return [
    ...valuesIn(value, rest),
    ...[...value.entries.values()].flatMap((below) => valuesIn(below, path)),
  ];
}

export function valueAt(value: Value | undefined, ...path: readonly string[]): Value | undefined {
  return valuesIn(value, path)[0];
}

/** A literal's text; undefined where the value is anything else. */
export function literalAt(
  value: Value | undefined,
  ...path: readonly string[]
): string | undefined {
  const found = valueAt(value, ...path);
  return found?.kind === "text" && found.literal ? found.text : undefined;
}

/** Every item as one text, unknown ones as they are written; a single value is a list of one. */
export function textsOf(value: Value | undefined): readonly string[] {
  if (value === undefined) return [];
  if (value.kind === "list") return value.items.flatMap((item) => textsOf(item));
  if (
    value.kind === "expression" &&
    /^(?:toset|tolist|concat|compact|flatten|distinct)$/.test(value.call?.name ?? "")
  ) {
    return value.call?.arguments.flatMap((item) => textsOf(item)) ?? [];
  }
  return [textOf(value)];
}

/** The same text for values that differ by white space, order of keys or place alone. */
export function textOf(value: Value): string {
  if (value.kind === "text") return value.text;
  if (value.kind === "expression") return value.text;
  if (value.kind === "list") return `[${value.items.map(textOf).join(",")}]`;
  const entries = [...value.entries].map(([key, one]) => `${key}=${textOf(one)}`);
  return `{${entries.sort().join(",")}}`;
}

export type Named = ReadonlyMap<string, Value>;

/** Locals and defaults of variables put in where a value is nothing but their name. */
export function resolve(value: Value, named: Named, depth = 0): Value {
  if (depth > 8) return value;
  if (value.kind === "expression") {
    const found = named.get(value.text);
    if (found === undefined) return value;
    const { line, endLine } = value;
    return { ...resolve(found, named, depth + 1), line, endLine };
  }
  if (value.kind === "list") {
    return { ...value, items: value.items.map((item) => resolve(item, named, depth + 1)) };
  }
  return value;
}
