/**
 * Cedar, as much of it as is used. The library is one WebAssembly instance for
 * the process: what is given to it is bounded before (`limits.ts`), because a
 * stack that overflows in it ends every later call.
 */
import {
  getCedarVersion,
  policyToJson,
  policyToText,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
  validate,
  type AuthorizationAnswer,
  type CheckParseAnswer,
  type DetailedError,
  type Expr,
  type PolicyJson,
  type StatefulAuthorizationCall,
} from "@cedar-policy/cedar-wasm/nodejs";

export type { Expr, PolicyJson };

/** What is wrong in one rule's text, and where in it (UTF-16 units), if Cedar knows. */
export interface CedarProblem {
  readonly says: string;
  readonly offset?: number;
}

/** One rule, or why its text is none. */
export function parseRule(
  text: string,
): { readonly json: PolicyJson } | { readonly problem: CedarProblem } {
  const answer = policyToJson(text);
  if (answer.type === "success") return { json: answer.json };
  return { problem: toProblem(text, answer.errors) };
}

/**
 * Every way in which the rules do not fit the schema, by rule id. Warnings count:
 * a condition that is always false is a mistake too. Cedar looks at each action
 * in turn and in no order, so one mistake is told once.
 */
export function typeCheck(
  schema: string,
  rules: Readonly<Record<string, string>>,
): readonly (CedarProblem & { readonly rule?: string })[] {
  const answer = validate({
    validationSettings: { mode: "strict" },
    schema,
    policies: { staticPolicies: { ...rules } },
  });
  if (answer.type === "failure") return answer.errors.map((error) => ({ says: error.message }));
  const wrong = new Set(answer.validationErrors.map(({ policyId }) => policyId));
  const found = new Map<string, CedarProblem & { readonly rule: string }>();
  for (const { policyId, error } of [
    ...answer.validationErrors,
    ...answer.validationWarnings.filter((item) => !wrong.has(item.policyId)),
  ]) {
    const problem = { rule: policyId, ...toProblem(rules[policyId] ?? "", [error]) };
    const key = `${policyId} ${problem.offset ?? ""}`;
    const before = found.get(key);
    if (before === undefined || problem.says < before.says) found.set(key, problem);
  }
  return [
    ...[...found.values()].sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0)),
    ...answer.otherWarnings.map((error) => ({ says: error.message })),
  ];
}

const schemas = new Set<string>();

/** Keeps a parsed schema under `name`. */
export function prepareSchema(name: string, schema: string): void {
  if (schemas.has(name)) return;
  succeeded(preparseSchema(name, schema));
  schemas.add(name);
}

/**
 * Keeps a parsed set of rules under `name`, for `authorise`. Cedar has no way to
 * let go of one: the same name takes the place of the one before.
 */
export function prepareRules(name: string, rules: Readonly<Record<string, string>>): void {
  succeeded(preparsePolicySet(name, { staticPolicies: { ...rules } }));
}

function succeeded(answer: CheckParseAnswer): void {
  if (answer.type === "failure") throw new TypeError(answer.errors[0]?.message ?? "not parsed");
}

export type Call = Omit<
  StatefulAuthorizationCall,
  "preparsedSchemaName" | "preparsedPolicySetId" | "validateRequest"
>;

/** The answer of the rules kept under a name. The request must fit the schema. */
export function authorise(schema: string, rules: string, call: Call): AuthorizationAnswer {
  return statefulIsAuthorized({
    ...call,
    preparsedSchemaName: schema,
    preparsedPolicySetId: rules,
    validateRequest: true,
  });
}

/** A condition as text, for a person. */
export function conditionText(body: Expr): string {
  const answer = policyToText({
    effect: "permit",
    principal: { op: "All" },
    action: { op: "All" },
    resource: { op: "All" },
    conditions: [{ kind: "when", body }],
  });
  // Cedar's numbers have 64 bits, and JSON's way through JavaScript loses the largest.
  if (answer.type === "failure") return "(a condition with a number beyond 2^53)";
  const { text } = answer;
  return text
    .slice(text.indexOf("{") + 1, text.lastIndexOf("}"))
    .replaceAll(/\s+/g, " ")
    .trim();
}

export const cedarVersion = getCedarVersion();

function toProblem(text: string, errors: readonly DetailedError[]): CedarProblem {
  const [error] = errors;
  if (error === undefined) return { says: "Cedar refuses it and does not say why" };
  const location = error.sourceLocations?.[0];
  const help = [location?.label, error.help].filter((item) => item !== null && item !== undefined);
  const says = [error.message, ...help]
    .join("; ")
    .replace("failed to parse policy from string: ", "")
    .replaceAll(/(?:for policy `[^`]*`[,:] )|(?: for Action::"[^"]*"(?= not found))/g, "");
  if (location === undefined) return { says };
  // Cedar counts bytes.
  const offset = Buffer.from(text).subarray(0, location.start).toString().length;
  return { says, offset };
}
