/**
 * A policy's own tests: `cases.yaml` or `cases.json` beside its rules. Each case
 * is a request of which only what matters is said, and what must come of it.
 * Not part of the artefact: they are for those who change the policy.
 */
import { parseDocument } from "yaml";
import { z } from "zod";
import {
  obligationsOf,
  policyActions,
  signalFacts,
  type Obligations,
  type Policy,
  type PolicyRequest,
} from "@countermand/record";
import { refuse } from "./error.ts";
import type { GateMode, LoadedPolicy } from "./judge.ts";
import { maxCasesBytes } from "./limits.ts";
import { gateRequest } from "./request.ts";

const maxCases = 2000;

/** What a case does not say: a person with a year-old key and no permission, a small known rollback. */
export const usual: Omit<PolicyRequest, "action"> = {
  principal: {
    id: "p-somebody",
    kind: "human",
    permissions: [],
    roles: [],
    assurance: "administrator",
    key: "ssh",
    userVerified: false,
    keyAgeMinutes: 525_600,
  },
  resource: {
    service: "checkout",
    environment: "production",
    kind: "revert",
    status: "pending_approval",
    reason: "availability",
    emergency: false,
    exercise: false,
    temporary: false,
    obliged: false,
    ...signalFacts(undefined),
    assessed: true,
    risk: 5,
    level: "low",
    coverage: 100,
    implications: [],
    openCritical: 0,
    openHigh: 0,
    openMedium: 0,
    openLow: 0,
    humanClearedCritical: 0,
    humanClearedHigh: 0,
    humanClearedMedium: 0,
    humanClearedLow: 0,
    machineClearedCritical: 0,
    machineClearedHigh: 0,
    machineClearedMedium: 0,
    machineClearedLow: 0,
    clearedBy: [],
    clearingsExpired: 0,
    clearingGrounds: [],
    unknowns: 0,
    unknownAuthors: 0,
    commits: 1,
    files: 1,
    evidence: [],
    inverse: false,
    ranBefore: false,
    approvals: 0,
    renewals: 0,
  },
  context: {
    now: "2026-11-23T10:00:00.000Z",
    weekday: "mon",
    minute: 600,
    overdueOfActor: 0,
    overdueOfService: 0,
  },
};

/** A signal opens a record of which nothing else is known yet. */
const signalled: PolicyRequest["resource"] = {
  ...gateRequest("checkout", "production").resource,
  kind: "redeploy-previous",
  status: "proposed",
  reason: "security",
  obliged: true,
  signalSource: "scanner",
  signalType: "vulnerability",
  signalSeverity: "high",
};

const word = z.string().max(200);
const words = z.array(word).max(200);
const whole = z.int();
const level = z.enum(["none", "low", "medium", "high", "critical", "unknown"]);

const principal = z.strictObject({
  id: word,
  kind: z.enum(["human", "workload", "controller", "agent", "system"]),
  permissions: words,
  roles: words,
  assurance: z.enum(["administrator", "identity-provider", "none"]),
  key: z.enum(["ssh", "security-key", "passkey", "system"]),
  userVerified: z.boolean(),
  keyAgeMinutes: whole,
}) satisfies z.ZodType<PolicyRequest["principal"]>;

const resource = z.strictObject({
  service: word,
  environment: word,
  kind: word,
  status: word,
  reason: word,
  emergency: z.boolean(),
  exercise: z.boolean(),
  temporary: z.boolean(),
  obliged: z.boolean(),
  signalSource: word,
  signalType: word,
  signalSeverity: level,
  signalIds: words,
  assessed: z.boolean(),
  risk: whole,
  level,
  coverage: whole,
  implications: words,
  openCritical: whole,
  openHigh: whole,
  openMedium: whole,
  openLow: whole,
  humanClearedCritical: whole,
  humanClearedHigh: whole,
  humanClearedMedium: whole,
  humanClearedLow: whole,
  machineClearedCritical: whole,
  machineClearedHigh: whole,
  machineClearedMedium: whole,
  machineClearedLow: whole,
  clearedBy: words,
  clearingsExpired: whole,
  clearingGrounds: words,
  unknowns: whole,
  unknownAuthors: whole,
  commits: whole,
  files: whole,
  evidence: words,
  inverse: z.boolean(),
  ranBefore: z.boolean(),
  approvals: whole,
  renewals: whole,
}) satisfies z.ZodType<PolicyRequest["resource"]>;

/** Weekday and minute follow from `now`. */
const context = z.strictObject({
  now: z.iso.datetime({ precision: 3 }),
  overdueOfActor: whole,
  overdueOfService: whole,
});

const obligations = z.strictObject({
  approvals: whole,
  roles: z.array(z.strictObject({ role: word, count: whole })).max(20),
  evidence: words,
  requestHours: whole,
  windowMinutes: whole,
  temporaryDays: whole,
  retrospectiveHours: whole,
  renewals: whole,
  notify: words,
  lane: z.enum(["quorum", "clean-revert"]),
  samplePercent: whole,
}) satisfies z.ZodType<Obligations>;

const expected = z
  .strictObject({
    allowed: z.boolean(),
    rules: words,
    classes: words,
    obligations: obligations.partial(),
    mandatory: z.boolean(),
    minutes: whole,
    owners: words,
    gate: z.enum(["fail-open", "fail-closed"]),
  })
  .partial();

const oneCase = z.strictObject({
  name: word.min(1),
  action: z.enum([...policyActions, "deploy-unchecked"]),
  principal: principal.partial().optional(),
  resource: resource.partial().optional(),
  context: context.partial().optional(),
  expect: expected,
});

const caseFile = z.strictObject({ cases: z.array(oneCase).min(1).max(maxCases) });

export type Case = z.infer<typeof oneCase>;

/** Strict. Throws a `PolicyError` that names the place. */
export function parseCases(file: string, text: string): readonly Case[] {
  if (text.length > maxCasesBytes) {
    throw refuse(file, `${text.length} characters; at most ${maxCasesBytes}`);
  }
  const result = caseFile.safeParse(file.endsWith(".json") ? json(file, text) : yaml(file, text));
  if (!result.success) {
    const [issue] = result.error.issues;
    const path = (issue?.path ?? []).map(String).join(".");
    throw refuse(file, `${path === "" ? "" : `${path}: `}${issue?.message ?? "not cases"}`);
  }
  const { cases } = result.data;
  for (const item of cases) {
    const wrong = misplaced(item);
    if (wrong !== undefined) throw refuse(file, `the case ${JSON.stringify(item.name)} ${wrong}`);
  }
  return cases;
}

/** What a case expects must be something that its action gives. */
function misplaced({ action, expect: wanted }: Case): string | undefined {
  const gives =
    action === "classify"
      ? ["classes", "obligations", "rules"]
      : action === "signal"
        ? ["mandatory", "rules", "minutes", "owners"]
        : action === "deploy-unchecked"
          ? ["gate"]
          : ["allowed", "rules"];
  const asked = Object.keys(wanted);
  const wrong = asked.find((key) => !gives.includes(key));
  if (wrong !== undefined) return `expects ${wrong}; ${action} gives ${gives.join(", ")}`;
  return asked.length === 0 ? `expects nothing; ${action} gives ${gives.join(", ")}` : undefined;
}

function json(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse(file, `not JSON: ${(error as Error).message}`);
  }
}

function yaml(file: string, text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = text.slice(0, error.pos[0]).split("\n").length;
    throw refuse(file, error.message, { line });
  }
  try {
    // Nobody needs an alias here, and a few of them can stand for gigabytes.
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw refuse(file, (cause as Error).message);
  }
}

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** The whole request of a case. */
export function requestOf(item: Case): PolicyRequest {
  const moment = Object.assign({}, usual.context, item.context);
  const time = new Date(moment.now);
  return {
    action: item.action === "deploy-unchecked" ? "execute" : item.action,
    principal: Object.assign({}, usual.principal, item.principal),
    resource: Object.assign(
      {},
      item.action === "signal" ? signalled : usual.resource,
      item.resource,
    ),
    context: {
      ...moment,
      weekday: weekdays[time.getUTCDay()] ?? "sun",
      minute: time.getUTCHours() * 60 + time.getUTCMinutes(),
    },
  };
}

/** One thing that came out otherwise than expected. */
export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

export interface CaseResult {
  readonly name: string;
  /** Empty: as expected. */
  readonly differences: readonly Difference[];
  /** What decided, for a person. */
  readonly why: string;
}

export function runCase(policy: LoadedPolicy, settings: Policy, item: Case): CaseResult {
  const request = requestOf(item);
  const { found, why } = outcome(policy, settings, item.action, request);
  const { obligations: asked, ...others } = item.expect;
  const wanted = { ...others, ...asked };
  const differences = Object.entries(wanted).flatMap(([what, value]): readonly Difference[] => {
    const expectedText = show(value);
    const foundText = show(found[what]);
    return expectedText === foundText ? [] : [{ what, expected: expectedText, found: foundText }];
  });
  return { name: item.name, differences, why };
}

function outcome(
  policy: LoadedPolicy,
  settings: Policy,
  action: Case["action"],
  request: PolicyRequest,
): { readonly found: Readonly<Record<string, unknown>>; readonly why: string } {
  if (action === "deploy-unchecked") {
    const { service, environment } = request.resource;
    const gate: GateMode = policy.gateMode(environment, service);
    return { found: { gate }, why: gate };
  }
  if (action === "classify") {
    const least = obligationsOf(settings, request.resource.emergency);
    const { classes, rules, obligations: asked } = policy.classify(request, least);
    const why = rules.length === 0 ? "no rule matches" : `rules ${rules.join(", ")}`;
    return { found: { classes, rules, ...asked }, why };
  }
  if (action === "signal") {
    const { rules, minutes, owners } = policy.obliges(request);
    const why = rules.length === 0 ? "no rule matches" : `rules ${rules.join(", ")}`;
    return { found: { mandatory: rules.length > 0, rules, minutes, owners }, why };
  }
  const { allowed, rules, reason } = policy.permits(request);
  return { found: { allowed, rules }, why: reason };
}

/** Lists compared without their order: what decides is who is in them. */
function show(value: unknown): string {
  if (!Array.isArray(value)) return JSON.stringify(value) ?? "nothing";
  return `[${value
    .map((item) => JSON.stringify(item))
    .sort()
    .join(", ")}]`;
}
