/** What one file or entry holds: by its content, since names differ from source to source. */
import { readYaml, type Yaml } from "../lattice/yaml.ts";
import { looksLikeKev } from "./exploitation.ts";
import { looksLikeOsv, readOsv } from "./osv.ts";
import { looksLikePhp, looksLikeRuby, readPhp, readRuby } from "./own-formats.ts";
import type { AdvisoryRecord } from "./record.ts";
import type { Unit } from "./sources.ts";
import { ZipError } from "./zip.ts";

type Json = Readonly<Record<string, unknown>>;

export type UnitContent =
  | { readonly kind: "record"; readonly record: AdvisoryRecord }
  | { readonly kind: "kev"; readonly value: Json }
  /** Not about advisories at all. */
  | { readonly kind: "other" }
  /** Should be an advisory and is none: a sentence part. */
  | { readonly kind: "problem"; readonly problem: string };

export function readUnit(unit: Unit): UnitContent {
  let value: unknown;
  try {
    const bytes = unit.read();
    const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
    if (unit.kind === "json") value = JSON.parse(text);
    else {
      const documents = readYaml(text);
      // Templates and the like are YAML in name only; what looks like no record is passed by.
      if (typeof documents === "string") {
        return /^(?:id|gem|title|reference):/m.test(text.slice(0, 2000))
          ? { kind: "problem", problem: documents }
          : { kind: "other" };
      }
      if (documents.length !== 1) return { kind: "other" };
      value = plain(documents[0]);
    }
  } catch (error) {
    if (error instanceof ZipError) return { kind: "problem", problem: error.message };
    if (error instanceof SyntaxError) return { kind: "problem", problem: "it is no JSON" };
    throw error;
  }
  return content(value, unit);
}

function content(value: unknown, unit: Unit): UnitContent {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { kind: "other" };
  const json = value as Json;
  const read = reader(json);
  if (read === null) {
    return looksLikeKev(json) ? { kind: "kev", value: json } : { kind: "other" };
  }
  const record = read(json, unit.name.replace(/^.*\//, "").replace(/\.\w+$/, ""));
  return typeof record === "string"
    ? { kind: "problem", problem: record }
    : { kind: "record", record };
}

function reader(value: Json): ((value: Json, file: string) => AdvisoryRecord | string) | null {
  if (looksLikeOsv(value)) return readOsv;
  if (looksLikeRuby(value)) return readRuby;
  return looksLikePhp(value) ? readPhp : null;
}

/** The tree of the YAML reader as plain values: texts, lists and objects. */
function plain(node: Yaml | undefined): unknown {
  if (node === undefined) return null;
  if (node.kind === "scalar") return node.text;
  if (node.kind === "list") return node.items.map(plain);
  const entries: [string, unknown][] = [];
  for (const [key, value] of node.entries) entries.push([key, plain(value)]);
  return Object.fromEntries(entries);
}
