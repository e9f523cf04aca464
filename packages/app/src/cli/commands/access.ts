/** `countermand access explain`: may this person do this, by which rule, and what if not. */
import { Command } from "commander";
import {
  classifyRequest,
  obligationsOf,
  parsePublicKey,
  parsePublicKeyLine,
  policyActions,
  policyRequest,
  type EnrolledKey,
  type PolicyAction,
  type PolicyRequest,
  type RecordState,
  type Registry,
} from "@countermand/record";
import { explainRequest, explainRule } from "../../policy/explain.ts";
import { fixedRules } from "../../policy/fixed.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { exitCodes, usage, type ExitCode } from "../exit.ts";
import { renderExplanation, renderRule } from "../policy-render.ts";
import { inForce, policyIn, policyOf, type PolicySource } from "../policy-source.ts";
import { plain, style } from "../terminal.ts";
import { ledgerOptions, withLedger } from "./shared.ts";

type Exit = (code: ExitCode) => void;

export function accessCommand(context: Context, exit: Exit): Command {
  return new Command("access")
    .summary("why somebody may or may not do something")
    .addCommand(explainCommand(context, exit));
}

interface ExplainOptions extends LedgerOptions {
  readonly policy?: string;
  readonly verified?: true;
  readonly json?: true;
}

function explainCommand(context: Context, exit: Exit): Command {
  const command = new Command("explain")
    .summary("may this person do this to this record, and by which rule")
    .description(
      "Asks what no policy can change first, then the rules in force, with the facts as they are now. Exit code 0: it is allowed. 1: it is not, and what would have to be true is said.",
    )
    .argument("<person>", "their id")
    .argument("<action>", `one of ${policyActions.join(", ")}`)
    .argument("<record>", "for instance RB-2026-7")
    .option("--policy <dir>", "by a folder's policy instead of the one in force")
    .option("--verified", "as if the key's device had verified the person")
    .option("--json", "print one JSON object");
  return ledgerOptions(command).action(
    async (person: string, action: string, id: string, options: ExplainOptions) => {
      const asked = policyActions.find((item) => item === action);
      if (asked === undefined) throw usage(`The action is one of ${policyActions.join(", ")}.`);
      await withLedger(context, options, async ({ countermand }) => {
        const [{ registry }, { state }] = await Promise.all([
          countermand.instance(),
          countermand.record(id),
        ]);
        const source =
          options.policy === undefined
            ? await policyOf(countermand, inForce(registry))
            : await policyIn(context, options.policy);
        if (asked === "classify") classify(context, options, source, state, registry);
        else explain(context, exit, options, { person, action: asked, state, registry, source });
      });
    },
  );
}

interface Asked {
  readonly person: string;
  readonly action: PolicyAction;
  readonly state: RecordState;
  readonly registry: Registry;
  readonly source: PolicySource;
}

function explain(context: Context, exit: Exit, options: ExplainOptions, asked: Asked): void {
  const { person, action, state, registry, source } = asked;
  const now = context.now().toISOString();
  const { key, refuses } = fixedRules(action, person, state, registry, now);
  const request =
    key === undefined ? undefined : requestOf(asked, key, now, options.verified === true);
  const { rules } = source;
  const explanation =
    rules === undefined || request === undefined ? undefined : explainRequest(rules, request);
  const allowed = refuses.length === 0 && explanation?.verdict.allowed !== false;
  if (!allowed) exit(exitCodes.finding);
  if (options.json === true) {
    context.out(
      `${JSON.stringify({ allowed, constitution: refuses, ...(request === undefined ? {} : { request }), ...explanation })}\n`,
    );
    return;
  }
  const may = allowed ? style(context, "green", "may") : style(context, "red", "may not");
  context.out(`${plain(person)} ${may} ${action} on ${state.id}.\n`);
  for (const says of refuses) context.out(`  ${style(context, "red", "✗")} ${plain(says, 400)}\n`);
  if (refuses.length > 0) context.out("  That is fixed; no policy changes it.\n");
  if (rules === undefined) {
    context.out(`${plain(source.place)} has no rules: what is fixed and the settings decide.\n`);
  }
  if (explanation === undefined || request === undefined) return;
  const { principal } = request;
  context.out(
    `${style(context, "bold", plain(source.place))}: ${plain(explanation.verdict.reason, 600)}\n`,
  );
  context.out(renderExplanation(context, explanation));
  context.out(
    `Asked as of now, with a key of kind ${principal.key}${principal.userVerified ? ", person verified" : ""}, ${principal.keyAgeMinutes} min old${action === "initiate-emergency" ? ", and nothing overdue" : ""}.\n`,
  );
}

function requestOf(
  { action, state, registry, person }: Asked,
  key: EnrolledKey,
  now: string,
  verified: boolean,
): PolicyRequest {
  const said: Parameters<typeof policyRequest>[3] = {
    index: 0,
    leafHash: "",
    recordedAt: now,
    stream: state.id,
    payloadDigest: "",
    type: "",
    head: {
      id: "",
      actor: person,
      key: key.fingerprint,
      instance: registry.instance,
      occurredAt: now,
    },
    body: {},
    subjects: [],
    signedWith: kindOf(key),
    userVerified: verified,
  };
  return policyRequest(action, state, registry, said, undefined);
}

/** A passkey's application is the page's host; a security key's begins with `ssh:`. */
function kindOf({ publicKey }: EnrolledKey): "ssh" | "security-key" | "passkey" {
  const key = parsePublicKey(parsePublicKeyLine(publicKey));
  if (!("application" in key)) return "ssh";
  return key.application.startsWith("ssh:") ? "security-key" : "passkey";
}

function classify(
  context: Context,
  options: ExplainOptions,
  { rules, place, settings }: PolicySource,
  state: RecordState,
  registry: Registry,
): void {
  if (rules === undefined) throw usage(`${place} has no rules, so nothing is classified.`);
  const request = classifyRequest(state, registry, context.now().toISOString());
  const least = obligationsOf(settings, state.proposal.mode === "emergency");
  const result = rules.classify(request, least);
  const explained = rules.rules
    .filter((rule) => rule.purpose === "classify")
    .map((rule) => explainRule(rule, request));
  if (options.json === true) {
    context.out(`${JSON.stringify({ ...result, request, explained })}\n`);
    return;
  }
  context.out(
    `${state.id} would be classified as ${result.classes.length === 0 ? "nothing special" : plain(result.classes.join(", "))}.\n`,
  );
  for (const rule of explained) context.out(renderRule(context, rule));
  context.out(`Obligations: ${plain(JSON.stringify(result.obligations), 2000)}\n`);
}
