/**
 * Settings of repositories kept as data: probot settings, safe-settings, exported rulesets and
 * the files of organisations that make their settings from YAML, TOML or JSON. Settings are
 * found by the names of their keys, wherever they are, and belong to the nearest named thing.
 */
import { parse } from "smol-toml";
import { statement } from "../rules/clear.ts";
import { isDocumentation, isTest } from "../rules/file-classes.ts";
import {
  type ChangedFile,
  finding,
  type Finding,
  type RuleInput,
  type Severity,
  type Side,
} from "../rules/rule.ts";
import type { Say } from "./cloud-rows-engine.ts";
import { readYaml, type Yaml } from "./yaml.ts";

export function isRepositoryPath(path: string): boolean {
  return (
    (/(?:^|\/)\.github\/(?:settings|safe-settings|repos\/[^/]{1,100}|suborgs\/[^/]{1,100})\.ya?ml$/.test(
      path,
    ) ||
      /(?:^|\/)[^/\n]{0,100}(?:rulesets?|branch[-_]protections?)[^\n]{0,200}\.(?:json|ya?ml|toml)$/i.test(
        path,
      ) ||
      /(?:^|\/)(?:repos|repositories|teams|orgs?|environments)\/[^\n]{1,300}\.(?:toml|ya?ml|json)$/.test(
        path,
      ) ||
      /(?:^|\/)(?:repos|repositories|github|peribolos|org)\.(?:toml|ya?ml|json)$/.test(path)) &&
    !/\.github\/workflows\//.test(path) &&
    !isTest(path) &&
    !isDocumentation(path)
  );
}

type Kind = "list" | "true" | "false" | "number" | "actors";
/** By the key's words without case and separators. */
const keys: Readonly<Record<string, { readonly kind: Kind; readonly severity: Severity }>> = {
  cichecks: { kind: "list", severity: "medium" },
  contexts: { kind: "list", severity: "medium" },
  standardcontexts: { kind: "list", severity: "medium" },
  additionalcontexts: { kind: "list", severity: "medium" },
  requiredchecks: { kind: "list", severity: "medium" },
  requiredstatuschecks: { kind: "list", severity: "medium" },
  requiredapprovals: { kind: "number", severity: "high" },
  requiredapprovingreviewcount: { kind: "number", severity: "high" },
  dismissstalereview: { kind: "true", severity: "medium" },
  dismissstalereviews: { kind: "true", severity: "medium" },
  dismissstalereviewsonpush: { kind: "true", severity: "medium" },
  requirecodeownerreviews: { kind: "true", severity: "high" },
  requirecodeownerreview: { kind: "true", severity: "high" },
  requirelastpushapproval: { kind: "true", severity: "medium" },
  enforceadmins: { kind: "true", severity: "high" },
  prrequired: { kind: "true", severity: "high" },
  requiredsignatures: { kind: "true", severity: "medium" },
  requiredlinearhistory: { kind: "true", severity: "low" },
  requiredconversationresolution: { kind: "true", severity: "low" },
  allowforcepushes: { kind: "false", severity: "high" },
  allowdeletions: { kind: "false", severity: "high" },
  allowedmergeteams: { kind: "actors", severity: "medium" },
  bypassactors: { kind: "actors", severity: "medium" },
  pullrequestbypassers: { kind: "actors", severity: "medium" },
  pushallowances: { kind: "actors", severity: "medium" },
  secretscanning: { kind: "true", severity: "high" },
  secretscanningpushprotection: { kind: "true", severity: "high" },
  needproductionaccesstomerge: { kind: "true", severity: "high" },
};
/** Lists or maps of protections: one that is gone takes all its settings with it. */
const protections =
  /^(?:branch[-_]?protections?|protections?|branches|rulesets|protected[-_]branches)$/i;
const levels = ["read", "pull", "triage", "write", "push", "maintain", "admin"];

type Setting = {
  readonly kind: Kind | "protection" | "access";
  readonly severity: Severity;
  readonly values: readonly string[];
  readonly line: number;
};

export function repositorySettings(say: Say, input: RuleInput): Finding[] {
  return input.files.flatMap((file) => {
    if (!isRepositoryPath(file.path) || file.before === undefined || file.after === undefined)
      return [];
    const [before, after] = [settingsOf(file, "before"), settingsOf(file, "after")];
    if (before === null || after === null) return [];
    // A thing that has no setting left or had none is gone or new: its settings went along.
    const owners = (some: ReadonlyMap<string, Setting>) => new Set([...some.keys()].map(ownerOf));
    const [had, has] = [owners(before), owners(after)];
    return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
      const [from, to] = [before.get(key), after.get(key)];
      const both = had.has(ownerOf(key)) && has.has(ownerOf(key));
      const direction =
        both || from?.kind === "protection" || to?.kind === "protection" ? compare(from, to) : 0;
      return direction === 0 ? [] : [told(say, file, key, from, to, direction < 0)];
    });
  });
}

function ownerOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf(" / ")));
}

function told(
  say: Say,
  { path }: ChangedFile,
  key: string,
  from: Setting | undefined,
  to: Setting | undefined,
  worse: boolean,
): Finding {
  const at = (side: Side, one: Setting | undefined) =>
    one === undefined ? [] : [{ side, path, startLine: one.line, endLine: one.line }];
  const list = (one: Setting | undefined) =>
    one === undefined ? "absent" : one.values.join(", ") || "none";
  return finding(say.rule, {
    implication: say.rule.id,
    direction: worse ? "worse" : "better",
    subject: `${path}: ${key}`.slice(0, 300).toWellFormed(),
    locations: [...at("before", from), ...at("after", to)],
    evidence: [
      { kind: "value", text: `${key}: ${list(from)} to ${list(to)}`.slice(0, 300).toWellFormed() },
    ],
    severity: worse ? ((from ?? to)?.severity ?? "medium") : "info",
    confidence: 90,
    rootCause: `repository:${path}:${ownerOf(key)}`,
    clearBy: say.clear.map(statement),
  });
}

/** Below zero: weaker. */
function compare(from: Setting | undefined, to: Setting | undefined): number {
  const kind = (from ?? to)?.kind;
  const [a, b] = [from?.values ?? [], to?.values ?? []];
  const [lost, won] = [
    a.filter((one) => !b.includes(one)).length,
    b.filter((one) => !a.includes(one)).length,
  ];
  switch (kind) {
    case "list":
      return lost > 0 && won === 0 ? -1 : won > 0 && lost === 0 ? 1 : 0;
    case "actors":
      return lost > 0 && won === 0 ? 1 : won > 0 && lost === 0 ? -1 : 0;
    case "protection":
      return from === undefined ? 1 : to === undefined ? -1 : 0;
    case "number":
      return a[0] === undefined || b[0] === undefined
        ? 0
        : Math.sign(Number(b[0]) - Number(a[0])) || 0;
    case "true":
    case "false": {
      const strong = (values: readonly string[]) =>
        values[0] === undefined ? null : /^(?:true|enabled)$/.test(values[0]) === (kind === "true");
      const [x, y] = [strong(a), strong(b)];
      // Given strong and then not given at all is as weak as the forge's default.
      if (x === true && y !== true) return -1;
      return x !== true && y === true ? 1 : 0;
    }
    case "access": {
      const [x, y] = [levels.indexOf(a[0] ?? ""), levels.indexOf(b[0] ?? "")];
      return y > x && y >= levels.indexOf("write")
        ? -1
        : x > y && x >= levels.indexOf("write")
          ? 1
          : 0;
    }
    case undefined:
      return 0;
  }
}

function settingsOf(file: ChangedFile, side: Side): Map<string, Setting> | null {
  const root = rootOf(file, side);
  if (root === null) return null;
  const found = new Map<string, Setting>();
  let left = 20_000;
  const visit = (node: Yaml, path: readonly string[], parent: string): void => {
    if (--left < 0 || path.length > 24) return;
    if (node.kind === "list") {
      for (const [at, item] of node.items.entries()) {
        const name = nameOf(item) ?? (node.items.length === 1 ? "" : String(at));
        if (protections.test(parent))
          found.set([...path, name, "protection"].join(" / "), {
            kind: "protection",
            severity: "high",
            values: [name],
            line: item.line,
          });
        visit(item, [...path, name], parent);
      }
      return;
    }
    if (node.kind !== "map") return;
    for (const [key, value] of node.entries) {
      const rule = keys[key.toLowerCase().replaceAll(/[^a-z0-9]/g, "")];
      const below = [...path, key];
      const values = scalars(value);
      const status = value.kind === "map" ? value.entries.get("status") : undefined;
      if (
        rule !== undefined &&
        (value.kind === "scalar" ||
          status !== undefined ||
          (values !== null && /list|actors/.test(rule.kind)))
      ) {
        const texts = status?.kind === "scalar" ? [status.text ?? ""] : (values ?? []);
        found.set(below.join(" / "), { ...rule, values: texts, line: value.line });
      } else if (
        value.kind === "scalar" &&
        path.some((one) => /^(?:access|teams|collaborators|individuals)$/.test(one)) &&
        levels.includes(value.text ?? "")
      ) {
        found.set(below.join(" / "), {
          kind: "access",
          severity: value.text === "admin" ? "medium" : "low",
          values: [value.text ?? ""],
          line: value.line,
        });
      }
      if (value.kind !== "scalar") visit(value, below, key);
    }
  };
  visit(root, [], "");
  return found;
}

function nameOf(node: Yaml): string | null {
  if (node.kind === "scalar") return node.text;
  if (node.kind !== "map") return null;
  for (const key of [
    "name",
    "pattern",
    "branch",
    "slug",
    "login",
    "username",
    "actor_id",
    "type",
  ]) {
    const value = node.entries.get(key);
    if (value?.kind === "scalar" && value.text !== null) return value.text;
  }
  return null;
}

/** The texts of a list of names, or of things with a name; null for anything else. */
function scalars(value: Yaml): string[] | null {
  if (value.kind === "scalar") return value.text === null ? [] : [value.text];
  if (value.kind !== "list") return null;
  const names = value.items.map((item) =>
    item.kind === "map"
      ? (item.entries.get("context") ?? item.entries.get("name") ?? item.entries.get("actor_id"))
      : item,
  );
  return names.flatMap((one) => (one?.kind === "scalar" && one.text !== null ? [one.text] : []));
}

function rootOf(file: ChangedFile, side: Side): Yaml | null {
  const text = file[side];
  if (text === undefined || text.length > 500_000) return null;
  if (!file.path.endsWith(".toml")) {
    const documents = readYaml(text);
    return typeof documents === "string" ? null : (documents[0] ?? null);
  }
  try {
    return ofPlain(parse(text), text, 0);
  } catch {
    return null;
  }
}

/** TOML has no places: a key is found at the first line that begins with it. */
function ofPlain(value: unknown, text: string, depth: number, line = 1): Yaml {
  if (depth > 24) return { kind: "scalar", text: null, line, endLine: line };
  if (Array.isArray(value)) {
    return {
      kind: "list",
      items: value.map((item) => ofPlain(item, text, depth + 1, line)),
      line,
      endLine: line,
    };
  }
  if (typeof value === "object" && value !== null && !(value instanceof Date)) {
    const entries = Object.entries(value).map(
      ([key, below]) => [key, ofPlain(below, text, depth + 1, lineOf(text, key, line))] as const,
    );
    return { kind: "map", entries: new Map(entries), line, endLine: line };
  }
  return {
    kind: "scalar",
    text:
      value === undefined || value === null ? null : JSON.stringify(value).replaceAll(/^"|"$/g, ""),
    line,
    endLine: line,
  };
}

function lineOf(text: string, key: string, otherwise: number): number {
  const at = text.indexOf(`\n${key}`);
  return at === -1 ? otherwise : text.slice(0, at + 1).split("\n").length;
}
