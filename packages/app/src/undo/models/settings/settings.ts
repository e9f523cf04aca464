/**
 * Settings of a file as key paths with values and lines: YAML and JSON by their
 * structure; TOML, INI, .env and properties by line with their sections; Ruby,
 * Python, JavaScript, Go and the like by assignments and by the indentation of
 * what encloses them; nginx, Apache, Caddy and sshd by directives and blocks.
 * A code file is only read where its name says that it is for settings.
 * Left out: values that are computed, strings over several lines, inline tables.
 */
import type { Yaml } from "../../lattice/yaml.ts";
import type { Side } from "../../rules/rule.ts";
import { documentsOf } from "../manifests/yaml-model.ts";
import { type Model, type Models, type Sided, Unread } from "../model.ts";

export type Setting = {
  /** Lower case, letters and digits only, so that `sslMode`, `ssl_mode` and `ssl-mode` are one. */
  readonly key: readonly string[];
  readonly values: readonly string[];
  readonly line: number;
  readonly endLine: number;
};

const limits = { length: 1_000_000, settings: 20_000, line: 2000, depth: 40 } as const;

type Format = "yaml" | "json" | "lines" | "code" | "directives";

const settingsName =
  /(?:^|[._/-])(?:config(?:s|uration)?|settings?|initializers?|environments?|options|defaults?|constants?|production|staging|next|vite|helmet|secure_headers|security|session_store|devise|server|app|application|main|auth|cors)(?:[._-]|$|\/)/i;

export function formatOf(path: string): Format | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (
    /^\.github\/|(?:^|\/)(?:node_modules|vendor|third[_-]party|locales?|i18n|translations?)\//.test(
      path,
    )
  )
    return null;
  if (/(?:package-lock|composer\.lock|pnpm-lock|openapi|swagger|tsconfig|package)\b/i.test(name))
    return null;
  if (/\.ya?ml$/i.test(name)) return "yaml";
  if (/\.(?:json|jsonc|json5)$/i.test(name)) return "json";
  if (
    /\.(?:toml|ini|cfg|cnf|properties)$|^\.env(?:\.|$)|\.env$|^_headers$|^\.npmrc$|^\.curlrc$/i.test(
      name,
    )
  )
    return "lines";
  if (
    /nginx|\.vcl$|haproxy|^\.htaccess$|apache|httpd|^Caddyfile$|ssh[d]?_config|(?:^|\/)sites-(?:available|enabled)\//i.test(
      path,
    ) &&
    !/\.(?:go|rb|py|[jt]sx?|md|sh|lua)$/.test(name)
  ) {
    return "directives";
  }
  if (/\.conf$/i.test(name)) return "directives";
  return /\.(?:rb|py|[cm]?[jt]s|go|php|java|kt|cs|ex|exs)$/.test(name) && settingsName.test(path)
    ? "code"
    : null;
}

export const settingsModel: Model<readonly Setting[]> = {
  id: "settings",
  version: 1,
  parse(text, path) {
    if (text.length > limits.length) return new Unread(`longer than ${limits.length} characters`);
    const format = formatOf(path);
    const read = format === "directives" ? directives(text) : byLines(text, format === "code");
    return read.length > limits.settings
      ? new Unread(`more than ${limits.settings} settings`)
      : read;
  },
};

const flattened = new WeakMap<readonly Yaml[], readonly Setting[]>();

/** The settings of a file on a side; null where it has none that can be read. */
export function settingsOf(models: Models, file: Sided, side: Side): readonly Setting[] | null {
  const format = formatOf(file.path);
  if (format === null || file[side] === undefined) return null;
  if (format !== "yaml" && format !== "json") return models.of(settingsModel, file, side);
  const documents = documentsOf(models, file, side)?.documents;
  if (documents === undefined) return null;
  let settings = flattened.get(documents);
  if (settings === undefined) {
    const found: Setting[] = [];
    for (const document of documents) flatten(document, [], found);
    flattened.set(documents, (settings = found));
  }
  return settings;
}

export function plainKey(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

function flatten(node: Yaml, key: readonly string[], found: Setting[]): void {
  const { line, endLine } = node;
  if (found.length > limits.settings) return;
  if (node.kind === "scalar") {
    if (node.text !== null && key.length > 0)
      found.push({ key, values: [node.text], line, endLine });
  } else if (node.kind === "map") {
    // Names of dotted keys are paths of their own.
    for (const [name, child] of node.entries) {
      flatten(child, [...key, ...name.split(/[./]/).slice(-3).map(plainKey)], found);
    }
  } else {
    const values = node.items.flatMap((one) =>
      one.kind === "scalar" && one.text !== null ? [one.text] : [],
    );
    if (values.length > 0) found.push({ key, values, line, endLine });
    for (const item of node.items) if (item.kind !== "scalar") flatten(item, key, found);
  }
}

const assignment =
  /^\s*(?:export\s+|const\s+|let\s+|var\s+|static\s+|final\s+|public\s+|self\.)?["']?([A-Za-z_$][\w.$/[\]"'-]{0,120}?)["']?\s{0,20}(?:=>|:=|=|:)\s*(\S.{0,1500})$/;

/** Assignments line by line; what a line opens encloses the deeper lines after it. */
function byLines(text: string, isCode: boolean): Setting[] {
  const found: Setting[] = [];
  const open: { indent: number; key: readonly string[] }[] = [];
  let section: readonly string[] = [];
  let line = 0;
  for (const raw of text.split("\n")) {
    line++;
    if (raw.length > limits.line || /^\s*(?:#|\/\/|;|\*|--)/.test(raw)) continue;
    const heading = isCode ? null : /^\s*\[{1,2}([\w.:"' -]{1,200})\]{1,2}\s*$/.exec(raw);
    if (heading !== null) {
      section = split(heading[1] ?? "");
      continue;
    }
    const indent = raw.search(/\S/);
    if (indent === -1) continue;
    while (open.length > 0 && (open.at(-1)?.indent ?? 0) >= indent) open.pop();
    const match = assignment.exec(raw.trimEnd());
    if (match === null) {
      // A call such as `app.use(helmet({` encloses what follows.
      const call = isCode ? /([\w.]{1,80})\s*\(\s*\{?\s*$/.exec(raw) : null;
      if (call !== null && open.length < limits.depth)
        open.push({ indent, key: [...enclosing(open), ...split(call[1] ?? "")] });
      continue;
    }
    const [, name = "", given = ""] = match;
    const key = [...section, ...enclosing(open), ...split(name)].slice(-limits.depth);
    const value = given
      .replace(/\s{1,20}(?:#|\/\/).{0,1000}$/, "")
      .replace(/[,;]$/, "")
      .trim();
    if (isCode && /[{([]$/.test(value) && open.length < limits.depth) {
      open.push({ indent, key });
      continue;
    }
    found.push({ key, values: valuesOf(value), line, endLine: line });
  }
  return found;
}

function enclosing(open: readonly { readonly key: readonly string[] }[]): readonly string[] {
  return open.at(-1)?.key.slice(-6) ?? [];
}

function split(name: string): string[] {
  return name
    .split(/[.[\]/:]+/)
    .map(plainKey)
    .filter((part) => part !== "");
}

function valuesOf(value: string): string[] {
  const list = /^[[(%]\w?\[?(.{0,1500}?)[\])]$/.exec(value)?.[1];
  return list === undefined
    ? [unquote(value)]
    : list
        .split(",")
        .map((one) => unquote(one.trim()))
        .filter((one) => one !== "");
}

function unquote(text: string): string {
  return text.replaceAll(/^["'`:]{1,3}|["'`]{1,3}$/g, "");
}

/** `name value value;` in blocks of braces or angle brackets. */
function directives(text: string): Setting[] {
  const found: Setting[] = [];
  const open: string[] = [];
  let line = 0;
  for (const raw of text.split("\n")) {
    line++;
    if (raw.length > limits.line) continue;
    const at = raw.trim();
    if (at === "" || at.startsWith("#")) continue;
    if (at.startsWith("</") || at === "}") {
      open.pop();
      continue;
    }
    const words = (at.match(/"[^"]{0,1000}"|'[^']{0,1000}'|[^\s"';{}]{1,500}/g) ?? []).map(unquote);
    const [name, ...rest] = words;
    if (name === undefined) continue;
    if (at.endsWith("{") || /^<\w/.test(at)) {
      if (open.length < limits.depth) open.push(plainKey(name));
      continue;
    }
    const isHeader = /^(?:add_header|more_set_headers|header|set|always)$/i.test(name);
    const args = isHeader
      ? rest.filter((word) => !/^(?:always|set|append|merge|onsuccess)$/i.test(word))
      : rest;
    const [first, ...others] = args;
    const key =
      isHeader && first !== undefined
        ? [...open, "header", plainKey(first)]
        : [...open, plainKey(name)];
    const values = (isHeader ? others : args).filter((word) => word !== "always");
    found.push({ key, values: values.length === 0 ? ["on"] : values, line, endLine: line });
  }
  return found;
}
