/**
 * The record package's `Judge` over Cedar. Whatever goes wrong inside makes it
 * stricter: Cedar alone skips a rule that cannot be evaluated, so that a
 * `forbid` with an error would forbid nothing; here one error denies. A rule for
 * `classify` or `signal` that cannot be evaluated counts as matching, and its lane
 * does not.
 */
import {
  strictest,
  type Classification,
  type Judge,
  type Obliging,
  type Obligations,
  type PolicyRequest,
  type Verdict,
} from "@countermand/record";
import { bundleDigest, parseBundle } from "./bundle.ts";
import { authorise, prepareRules, prepareSchema } from "./cedar.ts";
import { schemaName } from "./limits.ts";
import { callOf, gateRequest, type Asked } from "./request.ts";
import { readRules, type Rule } from "./rules.ts";
import { schemas } from "./schema.ts";

/** What a gate does with a deployment while the ledger cannot be asked. */
export type GateMode = "fail-open" | "fail-closed";

export interface LoadedPolicy extends Judge {
  /** SHA-256 of the artefact. */
  readonly digest: string;
  /** In the order of files and lines. */
  readonly rules: readonly Rule[];
  gateMode(environment: string, service?: string): GateMode;
}

/**
 * A judge for one artefact. Throws a `PolicyError` for bytes that are no policy,
 * or one that does not type-check. Keeps about as much memory as the artefact
 * has, for the life of the process.
 */
export function loadJudge(bytes: Uint8Array): LoadedPolicy {
  const files = parseBundle(bytes);
  const rules = readRules(files);
  const digest = bundleDigest(bytes);
  const text = files.get(schemaName) ?? "";
  const version = schemas.get(text) ?? 0;
  const schema = `schema ${version}`;
  prepareSchema(schema, text);
  const setOf = (purpose: Rule["purpose"]): RuleSet => {
    const name = `${digest}/${purpose}`;
    const own = rules.filter((rule) => rule.purpose === purpose);
    prepareRules(name, Object.fromEntries(own.map((rule) => [rule.id, rule.text])));
    return { name, schema, version, rules: own };
  };
  const sets = {
    permission: setOf("permission"),
    classify: setOf("classify"),
    signal: setOf("signal"),
    gate: setOf("gate"),
  };
  return {
    digest,
    rules,
    permits: (request) => permits(sets.permission, request),
    classify: (request, least) => classify(sets.classify, request, least),
    obliges: (request) => obliges(sets.signal, request),
    gateMode: (environment, service = "unknown") => {
      const answer = ask(sets.gate, gateRequest(service, environment), "deploy-unchecked");
      return answer.failure === undefined && answer.errors.size === 0 && answer.allowed
        ? "fail-open"
        : "fail-closed";
    },
  };
}

interface RuleSet {
  readonly name: string;
  readonly schema: string;
  /** Of the schema. */
  readonly version: number;
  readonly rules: readonly Rule[];
}

interface Answer {
  readonly allowed: boolean;
  /** Rules that decided. */
  readonly decided: readonly string[];
  /** Rules that could not be evaluated, with the reason. */
  readonly errors: ReadonlyMap<string, string>;
  /** Why nothing could be evaluated at all. */
  readonly failure?: string;
}

/** Never throws: what Cedar throws is an answer too. */
function ask(set: RuleSet, request: PolicyRequest, action: Asked): Answer {
  try {
    const answer = authorise(set.schema, set.name, callOf(request, action, set.version));
    if (answer.type === "failure") {
      return failed(answer.errors[0]?.message ?? "no reason was given");
    }
    const { decision, diagnostics } = answer.response;
    return {
      allowed: decision === "allow",
      decided: [...diagnostics.reason].sort(),
      errors: new Map(diagnostics.errors.map(({ policyId, error }) => [policyId, error.message])),
    };
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

function failed(failure: string): Answer {
  return { allowed: false, decided: [], errors: new Map(), failure };
}

function permits(set: RuleSet, request: PolicyRequest): Verdict {
  const { action } = request;
  if (action === "classify" || action === "signal") {
    return { allowed: false, rules: [], reason: `nobody is asked whether to ${action}` };
  }
  const answer = ask(set, request, action);
  if (answer.failure !== undefined) {
    return {
      allowed: false,
      rules: [],
      reason: `the policy could not judge this, so it is not allowed: ${answer.failure}`,
    };
  }
  if (answer.errors.size > 0) {
    const rules = [...answer.errors.keys()].sort();
    const [first = ""] = rules;
    return {
      allowed: false,
      rules,
      reason: `the rule ${first} could not be evaluated, so nothing is allowed: ${answer.errors.get(first) ?? ""}`,
    };
  }
  const { allowed, decided } = answer;
  return { allowed, rules: decided, reason: reasonOf(set, request, answer) };
}

function reasonOf(set: RuleSet, request: PolicyRequest, { allowed, decided }: Answer): string {
  const list = decided.join(", ");
  if (allowed) return `allowed by ${list}`;
  const { principal, resource, action } = request;
  if (decided.length === 0) {
    return `no rule lets ${principal.id} (${principal.kind}) ${action} for ${resource.service} in ${resource.environment}`;
  }
  const says = set.rules.filter((rule) => decided.includes(rule.id)).map((rule) => rule.says ?? "");
  return `${says.join("; ")} (${decided.length === 1 ? "rule" : "rules"} ${list})`;
}

/** What cannot be evaluated counts: better a rollback that somebody sets aside than one that nobody asked for. */
function matchingOf(set: RuleSet, answer: Answer): readonly Rule[] {
  return set.rules.filter(
    ({ id }) =>
      answer.failure !== undefined || answer.errors.has(id) || answer.decided.includes(id),
  );
}

/** The shortest time of all rules that match; of two that give it, the owners of the first by id. */
function obliges(set: RuleSet, request: PolicyRequest): Obliging {
  if (set.rules.length === 0) return { rules: [], minutes: 0, owners: [] };
  const matching = matchingOf(set, ask(set, request, "signal")).toSorted((a, b) =>
    a.id < b.id ? -1 : 1,
  );
  const first = matching
    .map((rule) => rule.obliges ?? { minutes: 0, owners: [] })
    .reduce<Obliging | undefined>(
      (least, { minutes, owners }) =>
        least === undefined || minutes < least.minutes ? { rules: [], minutes, owners } : least,
      undefined,
    );
  return {
    rules: matching.map((rule) => rule.id),
    minutes: first?.minutes ?? 0,
    owners: first?.owners ?? [],
  };
}

function classify(set: RuleSet, request: PolicyRequest, least: Obligations): Classification {
  const answer = ask(set, request, "classify");
  const matching = matchingOf(set, answer);
  const sure = answer.failure === undefined && answer.errors.size === 0;
  return {
    classes: [...new Set(matching.flatMap((rule) => rule.classes))].sort(),
    rules: matching.map((rule) => rule.id).sort(),
    obligations: { ...combine(matching, least), ...(sure ? {} : { lane: "quorum" as const }) },
  };
}

/**
 * The strictest of all askings over `least`. The lane is the one thing that can
 * make it easier, so here one rule that says `quorum` outweighs all others.
 */
function combine(matching: readonly Rule[], least: Obligations): Obligations {
  const all = matching.reduce(
    (sum, { asks }) => strictest(sum, { ...least, ...asks, lane: "quorum" }),
    { ...least, lane: "quorum" as const } as Obligations,
  );
  const lanes = new Set(matching.map(({ asks }) => asks.lane));
  const lane = lanes.has("quorum")
    ? "quorum"
    : lanes.has("clean-revert")
      ? "clean-revert"
      : least.lane;
  return { ...all, lane };
}
