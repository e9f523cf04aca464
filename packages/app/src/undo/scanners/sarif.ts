/**
 * Reads the SARIF 2.1.0 (OASIS, 2020) that a scanner wrote. The scanner has read
 * hostile files, so its output is as hostile: size, depth and counts are bounded
 * before anything is built, and a place outside of the tree is no place.
 *
 * Suppressions are not obeyed: those in the source are the repository's word.
 * Left out: external property files, graphs, code flows, fixes, translations.
 */
import { isAbsolute, posix } from "node:path";
import { z } from "zod";

export const sarifLimits = {
  bytes: 64 * 1024 * 1024,
  depth: 64,
  runs: 20,
  results: 50_000,
  rules: 50_000,
  /** UTF-16 units of an id, a path, a name. */
  name: 1000,
} as const;

export type SarifResult = {
  readonly rule: string;
  /** Relative to the tree, `/` between names; empty: the result is about no file. */
  readonly path: string;
  /** 1-based, inclusive; 0: no line is named. */
  readonly startLine: number;
  readonly endLine: number;
  /** 1-based in `startLine` and, exclusive, in `endLine`; 0: whole lines. */
  readonly startColumn: number;
  readonly endColumn: number;
  /** Full names of the logical locations. */
  readonly logical: string;
  /** The tool's own fingerprints, but for the one that hashes the line's place. */
  readonly prints: string;
  readonly level: "none" | "note" | "warning" | "error";
};

export type SarifRule = {
  readonly id: string;
  /** The tool's own words, the same for every result. */
  readonly title: string;
  /** Tenths, 0 to 100; absent: the tool gives none. */
  readonly security?: number;
  /** Numbers, ascending. */
  readonly cwe: readonly number[];
  readonly url?: string;
};

export type SarifLog = {
  /** `name version`, of every run. */
  readonly drivers: readonly string[];
  readonly rules: readonly SarifRule[];
  readonly results: readonly SarifResult[];
  /** Results whose place is outside of the tree. */
  readonly outside: number;
  /** What the tool says it could not do, error level; how many. */
  readonly errors: number;
};

const message = z.looseObject({ text: z.string().optional() });
const properties = z.looseObject({
  tags: z.array(z.unknown()).optional(),
  "security-severity": z.union([z.string(), z.number()]).optional(),
});
const place = z.looseObject({
  uri: z.string().optional(),
  uriBaseId: z.string().optional(),
  index: z.number().optional(),
});
const notification = z.looseObject({ level: z.string().optional() });
const descriptor = z.looseObject({
  id: z.string(),
  shortDescription: message.optional(),
  defaultConfiguration: z.looseObject({ level: z.string().optional() }).optional(),
  helpUri: z.string().optional(),
  properties: properties.optional(),
});
const component = z.looseObject({
  name: z.string(),
  version: z.string().optional(),
  semanticVersion: z.string().optional(),
  rules: z.array(descriptor).optional(),
});
const result = z.looseObject({
  ruleId: z.string().optional(),
  ruleIndex: z.number().optional(),
  rule: z.looseObject({ id: z.string().optional(), index: z.number().optional() }).optional(),
  kind: z.string().optional(),
  level: z.string().optional(),
  locations: z
    .array(
      z.looseObject({
        physicalLocation: z
          .looseObject({
            artifactLocation: place.optional(),
            region: z
              .looseObject({
                startLine: z.number().optional(),
                endLine: z.number().optional(),
                startColumn: z.number().optional(),
                endColumn: z.number().optional(),
              })
              .optional(),
          })
          .optional(),
        logicalLocations: z
          .array(
            z.looseObject({
              fullyQualifiedName: z.string().optional(),
              name: z.string().optional(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
  partialFingerprints: z.record(z.string(), z.string()).optional(),
  properties: properties.optional(),
});
const run = z.looseObject({
  tool: z.looseObject({ driver: component, extensions: z.array(component).optional() }),
  results: z.array(result).nullish(),
  artifacts: z.array(z.looseObject({ location: place.optional() })).optional(),
  originalUriBaseIds: z.record(z.string(), place).optional(),
  invocations: z
    .array(
      z.looseObject({
        executionSuccessful: z.boolean().optional(),
        toolExecutionNotifications: z.array(notification).optional(),
        toolConfigurationNotifications: z.array(notification).optional(),
      }),
    )
    .optional(),
});
const log = z.looseObject({ version: z.literal("2.1.0"), runs: z.array(run) });

type Run = z.infer<typeof run>;
type Result = z.infer<typeof result>;
type Place = z.infer<typeof place>;

/**
 * The log, or why it is not taken. `tree` is the absolute folder that was
 * scanned; `folder` the one that the tool ran in.
 */
export function readSarif(text: string, tree: string, folder: string): SarifLog | string {
  if (text.length > sarifLimits.bytes)
    return `its result is longer than ${sarifLimits.bytes} bytes`;
  if (isDeeperThan(text, sarifLimits.depth)) {
    return `its result is deeper than ${sarifLimits.depth} levels`;
  }
  let value: unknown;
  try {
    // An escaped half of a character would make what is hashed later no text.
    value = JSON.parse(text, (_key, part: unknown) =>
      typeof part === "string" ? part.toWellFormed() : part,
    );
  } catch {
    return "its result is not JSON";
  }
  const read = log.safeParse(value);
  if (!read.success) return "its result is not SARIF 2.1.0";
  const { runs } = read.data;
  if (runs.length === 0) return "its result holds no run";
  if (runs.length > sarifLimits.runs) return `its result has more than ${sarifLimits.runs} runs`;
  return collect(runs, tree, folder);
}

function collect(runs: readonly Run[], tree: string, folder: string): SarifLog | string {
  const rules = new Map<string, SarifRule>();
  const results: SarifResult[] = [];
  const drivers: string[] = [];
  let [outside, errors] = [0, 0];
  for (const one of runs) {
    for (const invocation of one.invocations ?? []) {
      if (invocation.executionSuccessful === false) return "it says that it did not succeed";
      const notes = [
        ...(invocation.toolExecutionNotifications ?? []),
        ...(invocation.toolConfigurationNotifications ?? []),
      ];
      errors += notes.filter(({ level }) => level === "error").length;
    }
    const { driver, extensions = [] } = one.tool;
    drivers.push(`${driver.name} ${driver.semanticVersion ?? driver.version ?? ""}`.trim());
    const described = [driver, ...extensions].flatMap((part) => part.rules ?? []);
    if (described.length + rules.size > sarifLimits.rules) {
      return `its result has more than ${sarifLimits.rules} rules`;
    }
    for (const rule of described) if (!rules.has(rule.id)) rules.set(rule.id, ruleOf(rule));
    const levels = new Map(described.map((rule) => [rule.id, rule.defaultConfiguration?.level]));
    for (const found of one.results ?? []) {
      if (results.length >= sarifLimits.results) {
        return `it found more than ${sarifLimits.results} results`;
      }
      // Anything but a failure is the tool saying that all is well, or that it asks.
      if (found.kind !== undefined && found.kind !== "fail") continue;
      const id = ruleIdOf(found, driver.rules);
      if (id === undefined) return "a result names no rule";
      if (id.length > sarifLimits.name) return "a result has a rule with an endless name";
      if (!rules.has(id)) rules.set(id, { id, title: "", cwe: [] });
      const where = placeOf(one, found, tree, folder);
      if (where === "outside") outside++;
      else results.push({ rule: id, ...where, ...restOf(found, levels.get(id)) });
    }
  }
  return { drivers, rules: [...rules.values()], results, outside, errors };
}

function ruleOf(rule: z.infer<typeof descriptor>): SarifRule {
  const bag = rule.properties;
  const score = Number(bag?.["security-severity"] ?? Number.NaN);
  const tags = (bag?.tags ?? []).filter((tag) => typeof tag === "string");
  const cwe = tags.flatMap(
    (tag) => /(?:^|\W)CWE-(\d{1,5})(?!\d)/i.exec(tag.slice(0, 200))?.[1] ?? [],
  );
  const url = rule.helpUri;
  return {
    id: rule.id,
    title: (rule.shortDescription?.text ?? "").slice(0, 300).toWellFormed(),
    ...(score >= 0 && score <= 10 ? { security: Math.round(score * 10) } : {}),
    cwe: [...new Set(cwe.map(Number))].sort((a, b) => a - b).slice(0, 50),
    ...(url !== undefined && /^https?:\/\/[!-~]{1,500}$/.test(url) ? { url } : {}),
  };
}

function ruleIdOf(found: Result, rules: readonly { id: string }[] | undefined): string | undefined {
  const index = found.ruleIndex ?? found.rule?.index ?? -1;
  return found.ruleId ?? found.rule?.id ?? rules?.[index]?.id;
}

function restOf(
  found: Result,
  byRule: string | undefined,
): Pick<SarifResult, "logical" | "prints" | "level"> {
  const names = (found.locations ?? [])
    .flatMap((location) => location.logicalLocations ?? [])
    .map((one) => one.fullyQualifiedName ?? one.name ?? "");
  const prints = Object.entries(found.partialFingerprints ?? {})
    .filter(([key, value]) => !key.startsWith("primaryLocation") && value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value.slice(0, sarifLimits.name)}`);
  const level = found.level ?? byRule;
  return {
    logical: names.join(" ").slice(0, sarifLimits.name),
    prints: prints.join(" ").slice(0, 4 * sarifLimits.name),
    level: level === "none" || level === "note" || level === "error" ? level : "warning",
  };
}

type Where = Pick<SarifResult, "path" | "startLine" | "endLine" | "startColumn" | "endColumn">;

/** Of the first location, which is where the tool wants it shown. */
function placeOf(one: Run, found: Result, tree: string, folder: string): Where | "outside" {
  const nowhere = { path: "", startLine: 0, endLine: 0, startColumn: 0, endColumn: 0 };
  const physical = found.locations?.[0]?.physicalLocation;
  const artifact = physical?.artifactLocation;
  if (artifact === undefined) return nowhere;
  const path = pathOf(one, artifact, tree, folder);
  if (path === null) return "outside";
  const line = (value: number | undefined) =>
    value !== undefined && Number.isSafeInteger(value) && value > 0 ? value : 0;
  const { region } = physical ?? {};
  const startLine = line(region?.startLine);
  const columns = [line(region?.startColumn), line(region?.endColumn)] as const;
  const bounded = startLine > 0 && columns[0] > 0 && columns[1] > 0;
  return {
    path,
    startLine,
    endLine: startLine === 0 ? 0 : Math.max(startLine, line(region?.endLine)),
    startColumn: bounded ? columns[0] : 0,
    endColumn: bounded ? columns[1] : 0,
  };
}

/** Null: outside of the tree. A relative address is relative to its base, else to the tree. */
function pathOf(one: Run, place: Place, tree: string, folder: string): string | null {
  let artifact: Place | undefined = place;
  if (artifact.uri === undefined && artifact.index !== undefined) {
    artifact = one.artifacts?.[artifact.index]?.location;
  }
  let address = decoded(artifact?.uri ?? "");
  if (address === null || address === "") return null;
  // A base may have a base; more than a few is a trick.
  let base = artifact?.uriBaseId;
  for (let steps = 0; base !== undefined && steps < 5 && !isAbsolute(address); steps++) {
    const next: Place | undefined = one.originalUriBaseIds?.[base];
    const prefix = decoded(next?.uri ?? "");
    if (prefix === null) return null;
    address = posix.join(prefix, address);
    base = next?.uriBaseId;
  }
  for (const root of [tree, folder]) {
    if (!isAbsolute(address)) break;
    const inside = posix.relative(root, posix.normalize(address));
    if (inside === "" || leaves(inside)) continue;
    address = inside;
  }
  // Some tools go from where they run, some from above the tree.
  if (!isAbsolute(address)) address = fromTree(address, tree, folder);
  const path = posix.normalize(address);
  if (isAbsolute(path) || leaves(path)) return null;
  if (path.length > sarifLimits.name || /[\0-\x1f\x7f\\]/.test(path)) return null;
  return path === "." ? null : path;
}

function leaves(relative: string): boolean {
  return relative === ".." || relative.startsWith("../");
}

/** The names of our folders hold random letters, so no path of the tree is taken for one. */
function fromTree(address: string, tree: string, folder: string): string {
  const inside = posix.relative(tree, posix.join(folder, address));
  if (!leaves(inside)) return inside;
  const above = `${posix.basename(tree)}/`;
  const plain = posix.normalize(address);
  return plain.startsWith(above) ? plain.slice(above.length) : address;
}

/** A `file:` URI or relative reference as a path; null: not to be decoded, or of another scheme. */
function decoded(uri: string): string | null {
  if (uri.length > 4 * sarifLimits.name) return null;
  const plain = uri.replace(/^file:(?:\/\/(?:localhost)?(?=\/))?/i, "");
  if (/^[a-z][a-z0-9+.-]{0,30}:/i.test(plain) || plain.startsWith("//")) return null;
  try {
    return decodeURIComponent(plain.replace(/[?#].*$/s, ""));
  } catch {
    return null;
  }
}

/** Brackets outside of strings, before a parser recurses over them. */
function isDeeperThan(text: string, most: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === 0x5c) at++;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > most) return true;
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return false;
}
