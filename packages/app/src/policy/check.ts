/**
 * What can be said about a policy without any request: rules that never match,
 * permits that some forbid always takes back, rules that change nothing, things
 * that nobody may do, words that nothing is ever called. Found by searching all
 * facts that the rules can tell apart (`regions.ts`), not by a solver; what that
 * cannot answer is listed instead of passed over.
 *
 * It cannot see whether a policy is wise, which roles people have, or what a
 * rule meant.
 */
import {
  clearers,
  clearingGrounds,
  evidenceKinds,
  obligationsOf,
  permissions,
  policyActions,
  rollbackKinds,
  statuses,
  strictest,
  type Obligations,
  type Policy,
} from "@countermand/record";
import type { Expr } from "./cedar.ts";
import { and, matches, not, type Facts } from "./evaluate.ts";
import { children, factOf, operator } from "./expression.ts";
import { find, Patience, regionsOf, type Regions } from "./regions.ts";
import type { Rule } from "./rules.ts";

export interface Remark {
  /** `finding`: the policy does not do what it says. `note`: worth knowing. */
  readonly level: "finding" | "note";
  readonly file?: string;
  readonly line?: number;
  readonly says: string;
}

export interface Checked {
  readonly remarks: readonly Remark[];
  /** What was not answered, and why. */
  readonly unanswered: readonly string[];
}

/** Of what is known by name elsewhere, for misspelt words. */
export interface Known {
  readonly implications: readonly string[];
}

export function checkPolicy(rules: readonly Rule[], settings: Policy, known: Known): Checked {
  const check = new Check(rules);
  for (const rule of rules) check.rule(rule);
  check.actions();
  const remarks = [
    ...check.remarks,
    ...rules.flatMap((rule) => words(rule, settings, known)),
    ...rules.flatMap((rule) => idle(rule, settings)),
  ];
  return { remarks, unanswered: [...check.unanswered] };
}

/** Facts are searched with which all of `match`, one of `some` and none of `none` match. */
interface Question {
  readonly match?: readonly Rule[];
  readonly some?: readonly Rule[];
  readonly none?: readonly Rule[];
}

class Check {
  readonly remarks: Remark[] = [];
  readonly unanswered = new Set<string>();
  readonly #rules: readonly Rule[];
  readonly #regions: Regions;
  readonly #patience = new Patience();

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.#regions = regionsOf(rules);
    for (const [id, why] of this.#regions.inexact) {
      this.unanswered.add(`${id}: ${why}; examples were tried, not all facts`);
    }
  }

  rule(rule: Rule): void {
    const match = [rule];
    if (!this.#possible(rule, { match })) {
      this.#say(rule, "never matches: no facts that can come together fulfil its condition");
      return;
    }
    const others = this.#rules.filter((item) => item !== rule && item.purpose === rule.purpose);
    const permits = others.filter((item) => item.effect === "permit");
    const forbids = others.filter((item) => item.effect === "forbid" && meet(item, rule));
    if (rule.purpose === "classify") {
      const none = others.filter((item) => item.asks.lane === "quorum");
      if (rule.asks.lane === "clean-revert" && !this.#possible(rule, { match, none })) {
        this.#say(rule, `never takes its lane: ${ids(none)} asks for the quorum as well`);
      }
    } else if (rule.purpose === "signal") {
      // A wider rule may give more time: none of them is idle because of another.
      return;
    } else if (rule.effect === "permit") {
      if (!this.#possible(rule, { match, none: forbids })) {
        this.#say(rule, `permits nothing: all that it permits is forbidden by ${ids(forbids)}`);
      } else if (!this.#possible(rule, { match, none: others })) {
        this.#say(rule, "changes nothing: other rules permit all that it permits", "note");
      }
    } else if (!this.#possible(rule, { match, some: permits })) {
      this.#say(rule, "changes nothing: no rule permits what it forbids", "note");
    } else if (!this.#possible(rule, { match, some: permits, none: forbids })) {
      this.#say(rule, "changes nothing: other rules forbid all that it forbids", "note");
    }
  }

  /** What nobody may ever do. */
  actions(): void {
    const rules = this.#rules.filter((rule) => rule.purpose === "permission");
    const some = rules.filter((rule) => rule.effect === "permit");
    const none = rules.filter((rule) => rule.effect === "forbid");
    for (const action of askable) {
      if (this.#find(`whether anybody may ${action}`, action, { some, none })) continue;
      const vital = ["initiate", "assess", "approve", "execute"].includes(action);
      this.remarks.push({ level: vital ? "finding" : "note", says: `nobody may ever ${action}` });
    }
  }

  /** Whether there are such facts for one of the rule's actions. What is not answered counts as yes. */
  #possible(rule: Rule, question: Question): boolean {
    return (rule.actions ?? askable).some((action) => this.#find(rule.id, action, question));
  }

  #find(what: string, action: string, { match = [], some, none = [] }: Question): boolean {
    const about = (rule: Rule) => rule.actions?.includes(action) !== false;
    const one = some?.filter(about);
    const out = none.filter(about);
    if (one?.length === 0) return false;
    const goal = (facts: Facts) =>
      and([
        ...match.map((rule) => () => matches(rule, facts)),
        ...out.map((rule) => () => not(matches(rule, facts))),
        ...(one === undefined
          ? []
          : [() => not(and(one.map((rule) => () => not(matches(rule, facts)))))]),
      ]);
    const found = find(this.#regions, { action: `Action::${action}` }, goal, this.#patience);
    if (found === undefined) {
      this.unanswered.add(`${what}: more facts for ${action} than can be searched`);
      return true;
    }
    // Examples that do not fit prove nothing where a rule does more than compare.
    const involved = [...match, ...(one ?? []), ...out];
    return found !== "none" || involved.some((rule) => this.#regions.inexact.has(rule.id));
  }

  #say({ file, line, id }: Rule, says: string, level: Remark["level"] = "finding"): void {
    this.remarks.push({ level, file, line, says: `${id} ${says}` });
  }
}

/** What somebody can ask for. */
const askable: readonly string[] = policyActions.filter(
  (action) => action !== "classify" && action !== "signal",
);

/** There is an action that both are about. */
function meet(a: Rule, b: Rule): boolean {
  return a.actions?.some((action) => b.actions?.includes(action) !== false) !== false;
}

function ids(rules: readonly Rule[]): string {
  return rules.map((rule) => rule.id).join(", ");
}

/** Words that a rule compares a fact with and that the fact never is. */
function words(rule: Rule, settings: Policy, known: Known): readonly Remark[] {
  const vocabulary = new Map<string, readonly string[]>([
    ["principal.permissions", permissions],
    ["resource.kind", rollbackKinds],
    ["resource.status", statuses],
    ["resource.reason", settings.reasons],
    ["resource.evidence", evidenceKinds],
    ["resource.implications", known.implications],
    ["resource.clearedBy", clearers],
    ["resource.clearingGrounds", clearingGrounds],
  ]);
  return rule.json.conditions.flatMap(({ body }) =>
    comparisons(body).flatMap(([fact, word]): readonly Remark[] => {
      const words = vocabulary.get(fact);
      if (words === undefined || words.includes(word)) return [];
      const { file, line, id } = rule;
      const says = `${id} looks for ${JSON.stringify(word)}, which ${fact} never is; it is one of ${words.slice(0, 12).join(", ")}${words.length > 12 ? ", …" : ""}`;
      return [{ level: "finding", file, line, says }];
    }),
  );
}

/** Each text that a fact is compared with. */
function comparisons(expr: Expr): readonly (readonly [fact: string, word: string])[] {
  const parts = children(expr);
  const fact = parts.map(factOf).find((item) => item !== undefined);
  if (fact === undefined) return parts.flatMap(comparisons);
  return parts
    .flatMap((part) => (operator(part)[0] === "Set" ? children(part) : [part]))
    .map((part) => operator(part))
    .flatMap(([name, given]) =>
      name === "Value" && typeof given === "string" ? [[fact, given] as const] : [],
    );
}

/** Obligations that the settings ask for already. */
function idle({ asks, file, line, id }: Rule, settings: Policy): readonly Remark[] {
  const lowered = [false, true].map((emergency) => {
    const least = obligationsOf(settings, emergency);
    return Object.keys(asks).filter((field) => {
      const key = field as keyof Obligations;
      if (key === "lane" || key === "samplePercent") return false;
      const both = strictest(least, { ...least, [key]: asks[key] });
      return JSON.stringify(both[key]) === JSON.stringify(least[key]);
    });
  });
  const fields = lowered[0]?.filter((field) => lowered[1]?.includes(field)) ?? [];
  return fields.map((field) => ({
    level: "note",
    file,
    line,
    says: `${id} asks for no more ${field} than the settings do`,
  }));
}
