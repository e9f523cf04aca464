/**
 * What schemas demand: the CEL rules and limits of Kubernetes resource definitions,
 * OpenAPI and JSON Schema in YAML or JSON, and the `+kubebuilder:validation` markers
 * that such schemas are made from. Each limit has the place that it holds for, so
 * that one that goes with its field is told from one that is taken off.
 */
import { documentsOf } from "../manifests/yaml-model.ts";
import type { Models, Sided } from "../model.ts";
import type { Yaml } from "../../lattice/yaml.ts";
import type { Side } from "../../rules/rule.ts";
import { compareConditions } from "./condition.ts";

export type Limit = {
  /** The field or type that it is about. */
  readonly place: string;
  /** `maxLength`, `rule`, … */
  readonly name: string;
  /** Tells limits of one name at one place apart: a rule's message, a required field. */
  readonly key: string;
  readonly value: string;
  readonly line: number;
};

export type Limits = { readonly places: ReadonlySet<string>; readonly limits: readonly Limit[] };

export function isSchemaPath(path: string): boolean {
  return (
    /\.(?:ya?ml|json|go)$/.test(path) && !/(?:^|\/)(?:package(?:-lock)?|tsconfig)\.json$/.test(path)
  );
}

const marks =
  /\+kubebuilder:validation|openAPIV3Schema|x-kubernetes-validations|"\$schema"|^\$schema|^openapi:|"openapi"|^swagger:/m;

/** Null where a side is not there, is not readable or is no schema. */
export function limitsOf(models: Models, file: Sided, side: Side): Limits | null {
  const text = file[side];
  if (text === undefined) return null;
  // A side without any limit is a schema if the other is.
  const isSchema = [file.before, file.after].some((one) => one !== undefined && marks.test(one));
  if (!isSchema) return null;
  if (file.path.endsWith(".go")) return ofMarkers(text);
  const read = documentsOf(models, file, side);
  if (read === null) return null;
  const found = { places: new Set<string>(), limits: [] as Limit[] };
  for (const document of read.documents) walk(document, nameOf(document), found);
  return found;
}

function nameOf(document: Yaml): string {
  const at = (node: Yaml | undefined, key: string) =>
    node?.kind === "map" ? node.entries.get(key) : undefined;
  const name = at(at(document, "metadata"), "name");
  return name?.kind === "scalar" ? (name.text ?? "") : "";
}

const limitNames = new Set(
  "maxLength minLength maximum minimum maxItems minItems maxProperties pattern enum required format additionalProperties".split(
    " ",
  ),
);
const mostPlaces = 100_000;

function walk(
  node: Yaml,
  place: string,
  into: { readonly places: Set<string>; readonly limits: Limit[] },
): void {
  if (into.places.size > mostPlaces || place.length > 2000) return;
  if (node.kind === "list") {
    node.items.forEach((item, index) => {
      walk(item, `${place}/${label(item) ?? index}`, into);
    });
    return;
  }
  if (node.kind !== "map") return;
  into.places.add(place);
  for (const [name, child] of node.entries) {
    if (name === "x-kubernetes-validations" && child.kind === "list") {
      for (const one of child.items) addRule(one, place, into.limits);
    } else if (limitNames.has(name) && child.kind !== "map" && !place.endsWith("/properties")) {
      addLimit(name, child, place, into.limits);
    } else walk(child, `${place}/${name}`, into);
  }
}

/** Items of lists that have a name are told by it, since their order is no meaning. */
function label(node: Yaml): string | null {
  const name = node.kind === "map" ? node.entries.get("name") : undefined;
  return name?.kind === "scalar" ? name.text : null;
}

function addRule(node: Yaml, place: string, limits: Limit[]): void {
  const text = (key: string): string => {
    const value = node.kind === "map" ? node.entries.get(key) : undefined;
    return value?.kind === "scalar" ? (value.text ?? "") : "";
  };
  const rule = text("rule");
  limits.push({ place, name: "rule", key: text("message") || rule, value: rule, line: node.line });
}

function addLimit(name: string, node: Yaml, place: string, limits: Limit[]): void {
  const { line } = node;
  if (node.kind === "scalar") {
    const value = node.text ?? "";
    if (name !== "additionalProperties" || value === "false") {
      limits.push({ place, name, key: "", value, line });
    }
  } else if (node.kind === "list") {
    const values = node.items.flatMap((item) => (item.kind === "scalar" ? [item.text ?? ""] : []));
    if (name === "enum") limits.push({ place, name, key: "", value: values.join(";"), line });
    else for (const key of values) limits.push({ place, name, key, value: key, line });
  }
}

/** Markers stand in the comment above a field or type. */
function ofMarkers(text: string): Limits {
  const places = new Set<string>();
  const limits: Limit[] = [];
  let waiting: Omit<Limit, "place">[] = [];
  let type = "";
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim().slice(0, 4000);
    const marker = /^\/\/ ?\+kubebuilder:validation:(\w{1,60})(?:[:=](.*))?$/.exec(line);
    if (marker !== null) {
      const [, name = "", value = ""] = marker;
      if (name !== "Optional") waiting.push({ ...ofMarker(name, value), line: index + 1 });
    } else if (line !== "" && !line.startsWith("//")) {
      type = /^type (\w{1,200})/.exec(line)?.[1] ?? type;
      const field = /^(?:type )?(\w{1,200})\b/.exec(line)?.[1];
      if (field !== undefined) {
        const place = line.startsWith("type ") ? type : `${type}.${field}`;
        places.add(place);
        limits.push(...waiting.map((one) => ({ ...one, place })));
      }
      waiting = [];
    }
  }
  return { places, limits };
}

function ofMarker(name: string, value: string): Pick<Limit, "name" | "key" | "value"> {
  const plain = name[0]?.toLowerCase() + name.slice(1);
  if (name !== "XValidation") return { name: plain, key: "", value };
  const part = (key: string): string =>
    new RegExp(`(?:^|,)${key}=(?:"((?:[^"\\\\]|\\\\.)*)"|\`([^\`]*)\`)`)
      .exec(value)
      ?.slice(1)
      .find((one) => one !== undefined) ?? "";
  const rule = part("rule");
  return { name: "rule", key: part("message") || rule, value: rule };
}

export type Weaker = { readonly before: Limit; readonly after: Limit | null };

/** The limits that are gone or hold back less, where what they limit is still there. */
export function weakerLimits(before: Limits, after: Limits): Weaker[] {
  const id = ({ place, name, key }: Limit) => `${place}\n${name}\n${key}`;
  const now = new Map(after.limits.map((limit) => [id(limit), limit]));
  const values = new Set(after.limits.map(({ name, value }) => `${name}\n${value}`));
  return before.limits.flatMap((limit): Weaker[] => {
    const other = now.get(id(limit));
    if (other !== undefined) return isWeaker(limit, other) ? [{ before: limit, after: other }] : [];
    if (!after.places.has(limit.place)) return [];
    // A rule whose message changed is the same rule.
    const renamed = limit.name === "rule" && values.has(`rule\n${limit.value}`);
    // A field that is no longer required may be no field any more.
    const gone = limit.name === "required" && !hasField(after, limit);
    return renamed || gone || limit.name === "format" ? [] : [{ before: limit, after: null }];
  });
}

function hasField({ places }: Limits, { place, key }: Limit): boolean {
  return places.has(`${place}/properties/${key}`);
}

function isWeaker({ name, value }: Limit, after: Limit): boolean {
  if (value === after.value) return false;
  if (name === "rule") return compareConditions(peeled(value), peeled(after.value)) === "wider";
  if (name === "enum") {
    const [from, to] = [value, after.value].map((text) => new Set(text.split(/[;,]/)));
    if (from === undefined || to === undefined) return false;
    return to.size > from.size && [...from].every((one) => to.has(one));
  }
  const [from, to] = [Number(value), Number(after.value)];
  if (Number.isNaN(from) || Number.isNaN(to)) return false;
  return name.startsWith("max") ? to > from : name.startsWith("min") && to < from;
}

/** Without the quantifier around it: what holds of each holds of all. */
function peeled(rule: string): string {
  const text = rule.trim();
  const inside = /^[\w.]{1,100}\.all\(\w{1,40}, ?/.exec(text)?.[0];
  return inside !== undefined && text.endsWith(")") ? text.slice(inside.length, -1).trim() : text;
}
