/** Findings of one implication from what source lost, in both directions. */
import { statement } from "../../rules/clear.ts";
import { compareText } from "../../rules/order.ts";
import {
  type Direction,
  finding,
  type Finding,
  type Rule,
  type RuleInput,
} from "../../rules/rule.ts";
import { meaningsOf } from "./classify.ts";
import { type Loss, lossesOf } from "./losses.ts";
import type { Meaning } from "./meaning.ts";

export type Saying = {
  readonly rule: Rule;
  readonly implication: Meaning["implication"];
  readonly clear: readonly string[];
};

/** Where a loss is, as all rules about source name it, so that a place counts once. */
export function placeOf(loss: Loss): string {
  return `code:${loss.path}#${loss.unit}`;
}

export function sourceFindings(say: Saying, input: RuleInput): Finding[] {
  return [...inDirection(say, input, "worse"), ...inDirection(say, input, "better")];
}

function inDirection(say: Saying, input: RuleInput, direction: Direction): Finding[] {
  const from = direction === "worse" ? "before" : "after";
  const losses = lossesOf(input, from).flatMap((loss) =>
    meaningsOf(loss)
      .filter(({ implication }) => implication === say.implication)
      .map((meaning) => ({ loss, meaning })),
  );
  const byPlace = Map.groupBy(losses, ({ loss }) => placeOf(loss));
  return [...byPlace]
    .map(([place, all]) => {
      const strongest = all.toSorted((a, b) => weight(b.meaning) - weight(a.meaning))[0];
      const { path, unit } = strongest?.loss ?? { path: "", unit: "" };
      const meaning = strongest?.meaning;
      return finding(say.rule, {
        implication: say.implication,
        direction,
        subject: (unit === "" ? path : `${path}: ${unit}`).slice(0, 300).toWellFormed(),
        locations: locationsOf(
          all.map(({ loss }) => loss),
          direction,
        ),
        evidence: all.slice(0, 8).map(({ loss, meaning: { what } }) => ({
          kind: "value" as const,
          text: tell(loss, what, direction),
        })),
        severity: direction === "worse" ? (meaning?.severity ?? "low") : "info",
        confidence: meaning?.confidence ?? 0,
        rootCause: place,
        clearBy: say.clear.map((text) => statement(text)),
      });
    })
    .sort((a, b) => compareText(a.subject, b.subject));
}

const ranks = { info: 0, low: 1, medium: 3, high: 6, critical: 8 } as const;

function weight({ severity, confidence }: Meaning): number {
  return ranks[severity] * confidence;
}

export function locationsOf(losses: readonly Loss[], direction: Direction): Finding["locations"] {
  const [had, has] =
    direction === "worse" ? (["before", "after"] as const) : (["after", "before"] as const);
  const [first] = losses;
  if (first === undefined) return [];
  // What came is on the other side.
  const lost = losses
    .slice(0, 8)
    .map(({ kind, path, at, unitAt }) =>
      kind === "gained"
        ? { side: has, path: unitAt.path, startLine: at.line, endLine: at.endLine }
        : { side: had, path, startLine: at.line, endLine: at.endLine },
    );
  const { path, line, endLine } = first.unitAt;
  return [...lost, { side: has, path, startLine: line, endLine }];
}

/** One sentence; strings of the source are cut short, since one could be a secret. */
export function tell(loss: Loss, what: string, direction: Direction): string {
  const [was, is] = direction === "worse" ? ["was", "now"] : ["now", "was"];
  const text = short(loss.text);
  if (loss.kind === "gained") return `${what}: ${is} ${text}`;
  const instead = loss.instead === null ? "" : `; ${is} ${short(loss.instead)}`;
  return `${direction === "better" ? "undone by going back: " : ""}${what}: ${was} ${text}${instead}`;
}

function short(text: string): string {
  return text
    .replaceAll(/(["'`])([^"'`]{12})[^"'`]{8,}\1/g, "$1$2…$1")
    .slice(0, 200)
    .toWellFormed();
}
