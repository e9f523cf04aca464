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

/** Every way in which the rules do not fit the schema, warnings too, by rule id. */
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
  return [
    ...[...answer.validationErrors, ...answer.validationWarnings].map(({ policyId, error }) => ({
      rule: policyId,
      ...toProblem(rules[policyId] ?? "", [error]),
    })),
    ...answer.otherWarnings.map((error) => ({ says: error.message })),
  ];
}

/**
 * Keeps a parsed set of rules under `name`, for `authorise`. Cedar has no way to
 * let go of one: the same name takes the place of the one before.
 */
export function prepare(
  name: string,
  schema: string,
  rules: Readonly<Record<string, string>>,
): void {
  const first = preparseSchema(name, schema);
  const second = preparsePolicySet(name, { staticPolicies: { ...rules } });
  for (const answer of [first, second]) {
    if (answer.type === "failure") throw new TypeError(answer.errors[0]?.message ?? "not parsed");
  }
}

export type Call = Omit<
  StatefulAuthorizationCall,
  "preparsedSchemaName" | "preparsedPolicySetId" | "validateRequest"
>;

/** The answer of the rules kept under `name`. The request must fit the schema. */
export function authorise(name: string, call: Call): AuthorizationAnswer {
  return statefulIsAuthorized({
    ...call,
    preparsedSchemaName: name,
    preparsedPolicySetId: name,
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
  if (answer.type === "failure") throw new TypeError(answer.errors[0]?.message ?? "no text");
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
    .replace(/^for policy `[^`]*`[,:] /, "");
  if (location === undefined) return { says };
  // Cedar counts bytes.
  const offset = Buffer.from(text).subarray(0, location.start).toString().length;
  return { says, offset };
}
