/** Policies and what is said of them, for a terminal. Rules come from outside: every line goes through `plain`. */
import type { Policy } from "@countermand/record";
import { count } from "../undo/text.ts";
import type { Checked, Remark } from "../policy/check.ts";
import type { CaseResult } from "../policy/cases.ts";
import { isSame, type PolicyDiff } from "../policy/diff.ts";
import { showProblem, type Problem } from "../policy/error.ts";
import type { Change, Explanation, ExplainedRule } from "../policy/explain.ts";
import type { Simulated, Tally } from "../policy/simulate.ts";
import type { Context } from "./context.ts";
import type { PolicySource } from "./policy-source.ts";
import { columns, plain, plainBlock, style } from "./terminal.ts";

type Colours = Pick<Context, "colour">;

export function renderProblems(context: Colours, problems: readonly Problem[]): string {
  const lines = problems.map(
    (problem) => `${style(context, "red", "✗")} ${plain(showProblem(problem), 600)}\n`,
  );
  return `${lines.join("")}${count(problems.length, "problem")}: this policy does not load.\n`;
}

export function renderChecked(
  context: Colours,
  { rules }: PolicySource,
  { remarks, unanswered }: Checked,
): string {
  const lines = remarks.map(({ level, file, line, says }: Remark) => {
    const at = file === undefined ? "" : `${file}:${line}: `;
    const mark = level === "finding" ? style(context, "red", "✗") : style(context, "yellow", "·");
    return `${mark} ${plain(`${at}${says}`, 600)}\n`;
  });
  const findings = remarks.filter((remark) => remark.level === "finding").length;
  const verdict =
    findings === 0 ? style(context, "green", "GOOD") : style(context, "red", "NOT GOOD");
  const about = `${count(rules?.rules.length ?? 0, "rule")}, sha256:${rules?.digest ?? "none"}`;
  const open = unanswered.map((what) => `  ? ${plain(what, 400)}\n`);
  return [
    ...lines,
    `${verdict}  ${about}\n`,
    ...(open.length === 0 ? [] : ["Not answered:\n", ...open]),
  ].join("");
}

export function renderCases(context: Colours, results: readonly CaseResult[]): string {
  const failed = results.filter((result) => result.differences.length > 0);
  const lines = failed.flatMap(({ name, differences, why }) => [
    `${style(context, "red", "✗")} ${plain(name)}\n`,
    ...differences.flatMap(({ what, expected, found }) => [
      `    ${style(context, "red", `- ${plain(what)}: ${plain(expected, 300)}`)}\n`,
      `    ${style(context, "green", `+ ${plain(what)}: ${plain(found, 300)}`)}\n`,
    ]),
    `    ${plain(why, 400)}\n`,
  ]);
  const good = results.length - failed.length;
  return `${lines.join("")}${count(good, "case")} as expected${failed.length === 0 ? "" : `, ${failed.length} not`}.\n`;
}

export function renderSimulated(
  context: Colours,
  { id, outcome, classes, blocked, delayed }: Simulated,
): string {
  const colours = { allowed: "green", delayed: "yellow", blocked: "red" } as const;
  const why = [...blocked, ...delayed].map((says) => `    ${plain(says, 400)}\n`);
  const named = classes.length === 0 ? "" : `  ${style(context, "dim", plain(classes.join(", ")))}`;
  return `${style(context, colours[outcome], outcome.padEnd(7))}  ${plain(id)}${named}\n${why.join("")}`;
}

export function renderTally(context: Colours, tally: Tally, what: string): string {
  const { allowed, delayed, blocked } = tally.outcomes;
  const rows = (title: string, items: Tally["classes"]) =>
    items.length === 0
      ? ""
      : `${style(context, "bold", title)}\n${columns(items.slice(0, 20).map(([name, n]) => [`  ${n}`, plain(name, 300)]))}`;
  return [
    `${style(context, "bold", count(tally.total, what))}: ${allowed} allowed, ${delayed} delayed, ${blocked} blocked\n`,
    rows("Classes", tally.classes),
    rows("Why not at once", tally.reasons),
  ].join("");
}

export function renderSettings(settings: Policy): string {
  return columns(
    Object.entries(settings).map(([name, value]) => [`  ${name}`, plain(shown(value), 300)]),
  );
}

function shown(value: Policy[keyof Policy]): string {
  if (typeof value !== "object") return String(value);
  return value
    .map((one) => {
      if (typeof one === "string") return one;
      return "client" in one
        ? `client ${one.client} at ${one.issuer}`
        : `${one.role}: group ${one.group} at ${one.issuer}`;
    })
    .join(", ");
}

/** Settings and every rule's text, as they are. */
export function renderPolicy(
  context: Colours,
  { place, settings, rules, files }: PolicySource,
): string {
  const texts = [...files]
    .filter(([name]) => name.endsWith(".cedar"))
    .map(
      ([name, text]) => `\n${style(context, "bold", name)}\n${plainBlock(text.trimEnd(), "  ")}\n`,
    );
  const rulesLine =
    rules === undefined
      ? "No rules: the settings are the whole policy.\n"
      : `Rules sha256:${rules.digest}\n`;
  return `${style(context, "bold", plain(place))}\n${renderSettings(settings)}${rulesLine}${texts.join("")}`;
}

export function renderDiff(context: Colours, diff: PolicyDiff): string {
  if (isSame(diff)) return "No difference.\n";
  const minus = (text: string) => style(context, "red", `- ${plain(text, 300)}`);
  const plus = (text: string) => style(context, "green", `+ ${plain(text, 300)}`);
  const lines = [
    ...diff.settings.flatMap(({ name, from, to }) => [
      style(context, "bold", `setting ${name}`),
      `  ${minus(from)}`,
      `  ${plus(to)}`,
    ]),
    ...diff.removed.flatMap((rule) => [
      style(context, "bold", `rule ${rule.id} is gone`),
      ...rule.text
        .trim()
        .split("\n")
        .map((line) => `  ${minus(line)}`),
    ]),
    ...renderAdded(context, diff),
    ...diff.changed.flatMap(({ rule, lines: changed }) => [
      style(context, "bold", `rule ${rule.id} is changed (${rule.file}:${rule.line})`),
      ...changed.map((line) => {
        const text = line.slice(2);
        if (line.startsWith("- ")) return `  ${minus(text)}`;
        return line.startsWith("+ ") ? `  ${plus(text)}` : `    ${plain(text, 300)}`;
      }),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** A first policy is all new: its rules are named, and `policy show` prints them. */
function renderAdded(
  context: Colours,
  { added, removed, changed, kept }: PolicyDiff,
): readonly string[] {
  if (added.length > 5 && kept + removed.length + changed.length === 0) {
    const named = added.map((rule) => rule.id).join(", ");
    return [
      style(context, "bold", `${count(added.length, "rule")}, all new`),
      `  ${plain(named, 2000)}`,
    ];
  }
  return added.flatMap((rule) => [
    style(context, "bold", `rule ${rule.id} is new (${rule.file}:${rule.line})`),
    ...rule.text
      .trim()
      .split("\n")
      .map((line) => `  ${style(context, "green", `+ ${plain(line, 300)}`)}`),
  ]);
}

/** The rules that decide first, then what would have to be otherwise. */
export function renderExplanation(
  context: Colours,
  { verdict, rules, would }: Explanation,
): string {
  const shown = verdict.allowed ? rules.filter((rule) => rule.matches !== false) : rules;
  return [
    ...shown.map((rule) => renderRule(context, rule)),
    ...(would.length === 0
      ? []
      : [
          "It would be allowed if\n",
          ...would.map(
            (change, i) => `  ${i === 0 ? "" : "or "}${plain(showChange(change), 400)}\n`,
          ),
        ]),
  ].join("");
}

export function renderRule(context: Colours, rule: ExplainedRule): string {
  const { id, effect, file, line, says, conditions } = rule;
  const state =
    rule.matches === undefined ? "may match" : rule.matches ? "matches" : "does not match";
  const head = `${effect} ${style(context, "bold", id)} (${file}:${line}) ${state}`;
  const mark = (holds: boolean | undefined) =>
    holds === undefined ? "?" : holds ? style(context, "green", "✓") : style(context, "red", "✗");
  return [
    `  ${head}\n`,
    ...(says === undefined ? [] : [`      "${plain(says, 400)}"\n`]),
    ...conditions.map(({ text, holds }) => `      ${mark(holds)} ${plain(text, 400)}\n`),
  ].join("");
}

function showChange(change: Change): string {
  return change.map(({ fact, is, be }) => `${fact} were ${be} (it is ${is})`).join(" and ");
}
