/**
 * How the settings of a change moved by the rows of setting-rows.ts. Compared are
 * files that both sides have; a setting that goes with the block around it is not
 * weakened, and one that stands in another file of the change has moved.
 */
import { type Setting, settingsOf } from "../models/settings/settings.ts";
import { statement } from "../rules/clear.ts";
import { isDocumentation } from "../rules/file-classes.ts";
import { compareText } from "../rules/order.ts";
import {
  type ChangedFile,
  type Direction,
  finding,
  type Finding,
  type Rule,
  type RuleInput,
} from "../rules/rule.ts";
import { type SettingRow, settingRows } from "./setting-rows.ts";

export type SettingMove = {
  readonly row: SettingRow;
  readonly file: ChangedFile;
  readonly direction: Direction;
  readonly key: string;
  readonly before: Setting | undefined;
  readonly after: Setting | undefined;
  readonly text: string;
};

const byLast = Map.groupBy(
  settingRows.flatMap((row) => row.keys.map((key) => ({ row, key: key.split(".") }))),
  ({ key }) => key.at(-1) ?? "",
);

const seen = new WeakMap<RuleInput["files"], readonly SettingMove[]>();

export function settingMoves(input: RuleInput): readonly SettingMove[] {
  let moves = seen.get(input.files);
  if (moves === undefined) seen.set(input.files, (moves = read(input)));
  return moves;
}

/** The findings of one rule: the moves of its implication. */
export function settingFindings(rule: Rule, input: RuleInput, implication: string): Finding[] {
  return settingMoves(input)
    .filter(({ row, direction }) => row.implication === implication && direction !== "changed")
    .map(({ row, file, direction, key, before, after, text }) =>
      finding(rule, {
        implication,
        direction,
        subject: `${file.path}: ${key}`.slice(0, 300).toWellFormed(),
        locations: [
          ...(before === undefined
            ? []
            : [
                {
                  side: "before" as const,
                  path: file.path,
                  startLine: before.line,
                  endLine: before.endLine,
                },
              ]),
          ...(after === undefined
            ? []
            : [
                {
                  side: "after" as const,
                  path: file.path,
                  startLine: after.line,
                  endLine: after.endLine,
                },
              ]),
        ],
        evidence: [{ kind: "value", text: text.slice(0, 300).toWellFormed() }],
        severity: direction === "better" ? "info" : row.severity,
        confidence: before === undefined || after === undefined ? 65 : 85,
        rootCause: `setting:${file.path}#${key}`.slice(0, 300).toWellFormed(),
        clearBy: [
          ...(before === undefined
            ? []
            : [
                {
                  kind: "setting" as const,
                  path: file.path,
                  setting: key,
                  value: before.values.join(", ").slice(0, 200).toWellFormed(),
                  text: "the setting has the value that it had",
                },
              ]),
          statement("another layer enforces the same, and a named person confirms it"),
        ],
      }),
    )
    .sort(
      (a, b) =>
        compareText(a.subject, b.subject) ||
        compareText(a.evidence[0]?.text ?? "", b.evidence[0]?.text ?? ""),
    );
}

function read(input: RuleInput): SettingMove[] {
  const moves: SettingMove[] = [];
  const come = new Map<string, string[]>();
  const gone: { move: SettingMove; name: string }[] = [];
  for (const file of input.files) {
    if (isDocumentation(file.path) || file.status !== "modified") {
      // What a new file sets may have moved there.
      if (file.status === "added") {
        for (const setting of settingsOf(input.models, file, "after") ?? []) {
          come.set(nameOf(setting), [...setting.values]);
        }
      }
      continue;
    }
    const [before, after] = [
      settingsOf(input.models, file, "before"),
      settingsOf(input.models, file, "after"),
    ];
    if (before === null || after === null) continue;
    for (const one of ofFile(file, before, after)) {
      if (one.after !== undefined && one.before === undefined)
        come.set(nameOf(one.after), [...one.after.values]);
      if (one.before !== undefined && one.after === undefined)
        gone.push({ move: one, name: nameOf(one.before) });
      else moves.push(one);
    }
  }
  for (const { move, name } of gone) if (!come.has(name)) moves.push(move);
  return moves;
}

function nameOf({ key }: Setting): string {
  return key.slice(-2).join(".");
}

function* ofFile(
  file: ChangedFile,
  before: readonly Setting[],
  after: readonly Setting[],
): Generator<SettingMove> {
  const keyOf = ({ key }: Setting) => key.join(".");
  const [had, has] = [Map.groupBy(before, keyOf), Map.groupBy(after, keyOf)];
  const blocks = { before: blocksOf(before), after: blocksOf(after) };
  for (const key of new Set([...had.keys(), ...has.keys()])) {
    const from = had.get(key) ?? [];
    const to = has.get(key) ?? [];
    const parts = (from[0] ?? to[0])?.key ?? [];
    const row = (byLast.get(parts.at(-1) ?? "") ?? []).find(({ key: tail }) =>
      tail.every((part, i) => part === parts[parts.length - tail.length + i]),
    )?.row;
    if (row === undefined) continue;
    // A block that comes or goes whole takes its settings with it.
    const block = parts.slice(0, -1).join(".");
    if (from.length === 0 && block !== "" && !blocks.before.has(block)) continue;
    if (to.length === 0 && block !== "" && !blocks.after.has(block)) continue;
    const most = Math.max(from.length, to.length);
    for (let i = 0; i < Math.min(most, 50); i++) {
      // Several of one key (items of a list) are compared in order; where their number differs, none is.
      const [a, b] = [from[i], to[i]];
      if (from.length !== to.length && from.length > 0 && to.length > 0) break;
      const step = compareValues(row, a?.values, b?.values);
      if (step === null) continue;
      yield {
        row,
        file,
        key,
        before: a,
        after: b,
        direction: step,
        text: `${key}: ${say(a)} to ${say(b)}`,
      };
    }
  }
}

function say(setting: Setting | undefined): string {
  return setting === undefined ? "absent" : setting.values.join(", ").slice(0, 120);
}

function blocksOf(settings: readonly Setting[]): Set<string> {
  return new Set(settings.flatMap(({ key }) => key.map((_, i) => key.slice(0, i).join("."))));
}

/** Which way a setting went; null: nowhere, or a side is not known. */
export function compareValues(
  row: SettingRow,
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
): Direction | null {
  const { scale, absent } = row;
  const [from, to] = [before ?? given(absent), after ?? given(absent)];
  if (from === null || to === null || same(from, to)) return null;
  if (
    [...from, ...to].some((one) => /\$\{|\{\{|^__|process\.env|ENV\[|getenv|os\.environ/.test(one))
  )
    return null;
  switch (scale.kind) {
    case "flag": {
      const [a, b] = [truth(from[0]), truth(to[0])];
      return a === null || b === null || a === b ? null : b === scale.strong ? "better" : "worse";
    }
    case "order":
      return ranked(rankOf(scale.groups, from[0]), rankOf(scale.groups, to[0]));
    case "number": {
      const [a, b] = [amount(from, scale.zero), amount(to, scale.zero)];
      if (a === null || b === null || a === b) return null;
      return b > a === (scale.more === "stronger") ? "better" : "worse";
    }
    case "members": {
      const split = (values: readonly string[]) =>
        new Set(
          values
            .flatMap((one) => (scale.split === undefined ? [one] : one.split(scale.split)))
            .filter((one) => one !== "" && !/^[!-]/.test(one)),
        );
      const [a, b] = [split(from), split(to)];
      const gained = [...b].filter((one) => !a.has(one) && !a.has("*") && scale.weak.test(one));
      const lost = [...a].filter((one) => !b.has(one) && !b.has("*") && scale.weak.test(one));
      return gained.length > 0 && (lost.length === 0 || gained.includes("*"))
        ? "worse"
        : lost.length > 0 && gained.length === 0
          ? "better"
          : null;
    }
    case "policy":
      return comparePolicies(from.join(" "), to.join(" "));
  }
}

function given(absent: string): readonly string[] | null {
  return absent === "unknown" ? null : [absent];
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, i) => one.trim() === b[i]?.trim());
}

function truth(text: string | undefined): boolean | null {
  if (text === undefined) return null;
  if (/^(?:true|yes|on|1|enabled?|all)$/i.test(text)) return true;
  return /^(?:false|no|off|0|disabled?)$/i.test(text) ? false : null;
}

function rankOf(groups: readonly (readonly string[])[], text = ""): number {
  const value = text.toLowerCase().replace(/^(?:tls\.|ssl\.|openssl::ssl::|:)/, "");
  const named = groups.findIndex((group) => group.includes(value));
  return named === -1 ? groups.findIndex((group) => group.includes("*")) : named;
}

function ranked(a: number, b: number): Direction | null {
  return a === -1 || b === -1 || a === b ? null : b < a ? "worse" : "better";
}

const units: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  sec: 1,
  second: 1,
  seconds: 1,
  m: 60,
  min: 60,
  minute: 60,
  minutes: 60,
  h: 3600,
  hour: 3600,
  hours: 3600,
  d: 86_400,
  day: 86_400,
  days: 86_400,
  week: 604_800,
  weeks: 604_800,
  k: 1024,
  kb: 1024,
  mb: 1_048_576,
  g: 1_073_741_824,
  gb: 1_073_741_824,
  "": 1,
};

function amount(values: readonly string[], zero: "unlimited" | "off" | undefined): number | null {
  const text = values
    .join(" ")
    .trim()
    .toLowerCase()
    .replace(/^max-age=/, "");
  if (zero === "off" && (text === "" || text === "none")) return 0;
  const match =
    /^(-?\d{1,15}(?:\.\d{1,6})?)[\s._]?([a-z]{0,8})(?:\s*\*\s*(\d{1,9}))?(?:\s*\*\s*(\d{1,9}))?(?:;.{0,100})?$/.exec(
      text.replaceAll("_", ""),
    );
  if (match === null) return null;
  const unit = units[match[2] ?? ""];
  if (unit === undefined) return null;
  const value = Number(match[1]) * unit * Number(match[3] ?? 1) * Number(match[4] ?? 1);
  return value <= 0 && zero === "unlimited" ? Number.POSITIVE_INFINITY : value;
}

const loose = /^'?(?:unsafe-inline|unsafe-eval|unsafe-hashes)'?$|^(?:\*|https?:|data:|blob:)$/;

/** Content-Security-Policy directive by directive: gone, or allowing what opens it. */
function comparePolicies(before: string, after: string): Direction | null {
  const parse = (text: string) =>
    new Map(
      text.split(";").flatMap((part): [string, string[]][] => {
        const [name, ...sources] = part.trim().split(/\s+/);
        return name === undefined || !/^[a-z-]{3,40}$/.test(name) ? [] : [[name, sources]];
      }),
    );
  if (after === "none") return "worse";
  if (before === "none") return "better";
  const [had, has] = [parse(before), parse(after)];
  const count = (a: Map<string, string[]>, b: Map<string, string[]>) =>
    [...b].reduce(
      (sum, [name, sources]) =>
        sum +
        sources.filter(
          (one) => loose.test(one) && a.get(name)?.includes(one) !== true && a.has(name),
        ).length,
      0,
    ) +
    [...a.keys()].filter((name) => !b.has(name) && !(b.has("default-src") && name.endsWith("-src")))
      .length;
  const [worse, better] = [count(had, has), count(has, had)];
  return worse > better ? "worse" : better > worse ? "better" : null;
}
