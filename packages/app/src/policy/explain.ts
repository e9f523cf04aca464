/**
 * Why a request is allowed or not, rule by rule and condition by condition, and
 * what would have to be true instead. Cedar decides; which condition fails is
 * our evaluator's word, and each "would be allowed" has been asked of Cedar too.
 */
import type { PolicyRequest, Verdict } from "@countermand/record";
import { conditionText, type Expr } from "./cedar.ts";
import { evaluate, matches, NotModelled, truth } from "./evaluate.ts";
import { conjuncts, factsIn } from "./expression.ts";
import { factsOf } from "./facts.ts";
import type { LoadedPolicy } from "./judge.ts";
import { factKinds, other, regionsOf } from "./regions.ts";
import type { Rule } from "./rules.ts";

export interface ExplainedRule {
  readonly id: string;
  readonly effect: "permit" | "forbid";
  readonly file: string;
  readonly line: number;
  readonly says?: string;
  /** Undefined: our evaluator does not model it. */
  readonly matches?: boolean;
  /** Each condition, and whether it holds. */
  readonly conditions: readonly { readonly text: string; readonly holds?: boolean }[];
}

/** Facts that would have to be otherwise, all of them. */
export type Change = readonly { readonly fact: string; readonly is: string; readonly be: string }[];

export interface Explanation {
  readonly verdict: Verdict;
  /** Rules about this action; those that match first. */
  readonly rules: readonly ExplainedRule[];
  /** Where it is not allowed: the least that would allow it, the fewest changes first. */
  readonly would: readonly Change[];
}

export function explainRequest(policy: LoadedPolicy, request: PolicyRequest): Explanation {
  const { action } = request;
  const rules = policy.rules.filter(
    (rule) => rule.purpose === "permission" && rule.actions?.includes(action) !== false,
  );
  const verdict = policy.permits(request);
  const explained = rules.map((rule) => explainRule(rule, request));
  return {
    verdict,
    rules: explained.toSorted((a, b) => Number(b.matches === true) - Number(a.matches === true)),
    would: verdict.allowed ? [] : changes(policy, rules, request),
  };
}

export function explainRule(rule: Rule, request: PolicyRequest): ExplainedRule {
  const facts = factsOf(request);
  const { id, effect, file, line, says } = rule;
  const holds = modelled(() => matches(rule, facts));
  const conditions = rule.json.conditions.flatMap(({ kind, body }) =>
    (kind === "when" ? conjuncts(body) : [{ "!": { arg: body } } as Expr]).map((part) => {
      const value = modelled(() => truth(evaluate(part, facts)));
      return { text: conditionText(part), ...(value === undefined ? {} : { holds: value }) };
    }),
  );
  return {
    id,
    effect,
    file,
    line,
    ...(says === undefined ? {} : { says }),
    ...(holds === undefined ? {} : { matches: holds }),
    conditions,
  };
}

function modelled<T>(ask: () => T | undefined): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof NotModelled) return undefined;
    throw error;
  }
}

const maxChanges = 5;
/** Requests that are put to Cedar before giving up: about a third of a second. */
const maxAsked = 1000;

/** One fact changed, or two, among those that the rules look at. */
function changes(
  policy: LoadedPolicy,
  rules: readonly Rule[],
  request: PolicyRequest,
): readonly Change[] {
  const steps = stepsFrom(rules, request);
  const found: Change[] = [];
  let asked = 0;
  const attempt = (chosen: readonly Step[]): void => {
    if (found.length === maxChanges || asked === maxAsked) return;
    const changed = chosen.reduce((it, step) => step.apply(it), request);
    // Ours first: it is a thousand times faster, and only what it lets pass is put to Cedar.
    if (!wouldAllow(rules, changed)) return;
    asked += 1;
    if (policy.permits(changed).allowed) found.push(chosen.map((step) => step.change));
  };
  for (const step of steps) {
    // Of a number the nearest that helps is enough.
    const known = found.some(([change]) => change?.fact === step.change.fact);
    if (!known || !step.nearest) attempt([step]);
  }
  if (found.length > 0) return found;
  steps.forEach((first, i) => {
    for (const second of steps.slice(i + 1)) {
      if (first.change.fact !== second.change.fact) attempt([first, second]);
    }
  });
  return found;
}

/** False only where our evaluator is sure. */
function wouldAllow(rules: readonly Rule[], request: PolicyRequest): boolean {
  const facts = factsOf(request);
  const matching = (rule: Rule) => modelled(() => matches(rule, facts));
  return (
    rules.some((rule) => rule.effect === "permit" && matching(rule) !== false) &&
    !rules.some((rule) => rule.effect === "forbid" && matching(rule) === true)
  );
}

interface Step {
  readonly change: Change[number];
  /** One of many numbers or times, in the order of their distance. */
  readonly nearest: boolean;
  apply(request: PolicyRequest): PolicyRequest;
}

/** Who asks and what a rollback is called cannot become otherwise. */
const fixed = new Set(["principal.id", "resource.service", "resource.environment"]);

function stepsFrom(rules: readonly Rule[], request: PolicyRequest): readonly Step[] {
  const { domains, members } = regionsOf(rules);
  const asked = new Set(
    rules.flatMap((rule) => rule.json.conditions.flatMap(({ body }) => [...factsIn(body)])),
  );
  return [...asked].flatMap((fact): readonly Step[] => {
    const kind = factKinds.get(fact);
    const [part, name] = fact.split(".") as ["principal" | "resource" | "context", string];
    if (kind === undefined || fixed.has(fact)) return [];
    const now = (request[part] as unknown as Readonly<Record<string, unknown>>)[name];
    const nearest = kind.type === "number" || kind.type === "time";
    const step = (value: unknown, is: string, be: string): Step => ({
      change: { fact, is, be },
      nearest,
      apply: (it) => ({ ...it, [part]: { ...it[part], [name]: value } }),
    });
    if (kind.type === "set") {
      const set = now as readonly string[];
      return [
        ...(members.get(fact) ?? [])
          .filter((item) => item !== other)
          .map((item) =>
            set.includes(item)
              ? step(
                  set.filter((each) => each !== item),
                  `with ${item}`,
                  `without ${item}`,
                )
              : step([...set, item].sort(), `without ${item}`, `with ${item}`),
          ),
        ...(set.length > 0 ? [step([], set.join(", "), "empty")] : []),
      ];
    }
    const from = kind.type === "time" ? Date.parse(now as string) : (now as number);
    const values = [...(domains.get(fact) ?? [])];
    if (nearest) values.sort((a, b) => Math.abs(Number(a) - from) - Math.abs(Number(b) - from));
    return values.flatMap((value) => {
      const wanted = plainValue(value, kind.type);
      return wanted === now || wanted === other ? [] : [step(wanted, String(now), String(wanted))];
    });
  });
}

function plainValue(value: unknown, type: string): unknown {
  if (type === "time") return new Date(value as number).toISOString();
  return type === "word" ? (value as string).replace(/^\w+::/, "") : value;
}
