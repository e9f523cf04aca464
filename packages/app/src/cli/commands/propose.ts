/**
 * `countermand propose`: ask for what is missing, work out what it would undo,
 * and put it before the approvers. Also revises a proposal (`--revise RB`).
 */
import { randomUUID } from "node:crypto";
import { Command } from "commander";
import {
  modes,
  rollbackKinds,
  showIdentity,
  type Identity,
  type JsonObject,
  type Mode,
  type RecordState,
  type Registry,
} from "@countermand/record";
import type { Countermand, RecordView } from "../../rollbacks/countermand.ts";
import type { Repository } from "../../undo/git/repository.ts";
import { Asker } from "../ask.ts";
import { assessedFrom, compareStates } from "../assessment.ts";
import { provenInverse } from "../proven-inverse.ts";
import type { Context } from "../context.ts";
import { usage } from "../exit.ts";
import { identityHelp, parseIdentity } from "../identity-argument.ts";
import { withRepository } from "../repository-argument.ts";
import { say, Texts, type Speaker } from "../say.ts";
import { sshSigner } from "../ssh-signer.ts";
import { plain, style } from "../terminal.ts";
import { clearingsOf } from "../../undo/clearing/clearings.ts";
import { count } from "../../undo/text.ts";
import {
  collect,
  minutes,
  speakOptions,
  tellAccepted,
  textOf,
  until,
  withLedger,
  type SpeakOptions,
} from "./shared.ts";

interface ProposeOptions extends SpeakOptions {
  readonly service?: string;
  readonly environment?: string;
  readonly kind?: string;
  readonly current?: string;
  readonly target?: string;
  readonly reason?: string;
  readonly ticket?: readonly string[];
  readonly rationale?: string;
  readonly impact?: string;
  readonly security?: string;
  readonly expires?: string;
  readonly stabiliseFor: string;
  readonly repo?: string;
  readonly revise?: string;
  readonly emergency?: true;
  readonly incident?: string;
  readonly exercise?: true;
  readonly plan?: true;
  readonly fromPlan?: string;
  readonly check?: readonly string[];
  readonly mandatory?: string;
  readonly owner?: string;
  readonly deadline?: string;
}

export function proposeCommand(context: Context): Command {
  const command = new Command("propose")
    .summary("propose a rollback")
    .description(
      `Proposes a rollback: asks for what is missing, works out what it would undo, signs both and records them.\nStates are immutable: ${identityHelp}.`,
    )
    .option("--service <name>", "what is taken back")
    .option("--environment <name>", "where")
    .option("--kind <kind>", `one of ${rollbackKinds.join(", ")}`)
    .option("--current <state>", "what runs now (in a repository: HEAD)")
    .option("--target <state>", "what is to run")
    .option("--reason <code>", "one of the policy's reason codes")
    .option("--ticket <id>", "ticket or incident, repeatable", collect)
    .option("--rationale <text>", "why going back is right")
    .option("--impact <text>", "what users will notice")
    .option("--security <text>", "what it means for security")
    .option("--expires <when>", "for a temporary rollback: 2d, or an instant with its zone")
    .option("--stabilise-for <span>", "how long it must hold once verified", "30m")
    .option("--repo <folder>", "the repository to analyse (the one here)")
    .option(
      "--revise <record>",
      "revise this proposal; what is not given stays, approvals become void",
    )
    .option("--emergency", "act now, answer for it afterwards: a short window at once")
    .option("--incident <id>", "of an emergency: the incident that is open")
    .option("--exercise", "a drill: the same way, and nothing in production is let through")
    .option("--plan", "written before a change ships, for the day it must be taken back")
    .option("--from-plan <record>", "start from this plan; what is not given is the plan's")
    .option("--check <name>", "a check that is to tell whether it worked, repeatable", collect)
    .option("--mandatory <signal>", "it must happen, because of this finding or alert")
    .option("--owner <person>", "of a mandatory one: who answers for it")
    .option("--deadline <when>", "of a mandatory one: 2d, or an instant with its zone");
  return speakOptions(command).action(async (options: ProposeOptions) => {
    const signer = sshSigner(context, options.key);
    await withLedger(context, options, ({ countermand }) =>
      withRepository(context, options.repo, (repository) =>
        propose({ context, countermand, signer }, options, repository),
      ),
    );
  });
}

async function propose(
  speaker: Speaker,
  options: ProposeOptions,
  repository: Repository | undefined,
): Promise<void> {
  const { context, countermand } = speaker;
  const instance = await countermand.instance();
  const { registry } = instance;
  const revised =
    options.revise === undefined ? undefined : await countermand.record(options.revise);
  const plan =
    options.fromPlan === undefined ? undefined : await countermand.record(options.fromPlan);
  const before = revised ?? plan;
  const asker = new Asker(context);
  const states = await askStates(asker, options, before, repository);
  // What it undoes comes first: who answers the questions after it should know.
  const cleared =
    before === undefined ? [] : clearingsOf(before.state, context.now().toISOString());
  const report =
    states === undefined ? undefined : await compareStates(context, states, repository, cleared);
  if (report !== undefined && context.ask !== undefined) {
    context.err(`\n${assessedFrom(context, report, "", instance).text}\n`);
  }
  const texts = new Texts();
  const undone = typeof report === "object" ? report.undone.map(({ subject }) => subject) : [];
  const body = await askReasons(asker, options, before, registry, texts, undone);
  asker.refuseMissing();
  if (states === undefined || report === undefined) throw new TypeError("nothing was missing");

  const full: JsonObject = {
    uid: revised?.state.uid ?? randomUUID(),
    ...states,
    ...body,
    ...bindings(context, options, revised?.state.proposal),
    ...(revised === undefined
      ? {}
      : { revises: { record: revised.state.id, hash: revised.state.hash } }),
  };
  const accepted = await say(speaker, registry, "proposed", revised?.state, full, texts);
  tellAccepted(context, accepted);
  const { state } = await countermand.record(accepted.stream);
  const inverse = await provenInverse(state.proposal, repository, report);
  const assessed = assessedFrom(context, report, state.id, instance, inverse);
  for (const artefact of [assessed.report, assessed.inverse]) {
    if (artefact !== undefined) await countermand.putArtefact(artefact);
  }
  tellAccepted(
    context,
    await say(speaker, registry, "assessed", state, assessed.body, new Texts()),
  );
  // Where questions were asked, it was shown before them.
  if (context.ask === undefined) context.out(`\n${assessed.text}`);
  if (plan !== undefined) context.out(againstPlan(state, plan.state));
  context.out(`\n${style(context, "bold", "Next")}: ${await nextStep(countermand, state.id)}\n`);
}

/** What a proposal is bound to: given, or as it was. */
function bindings(
  context: Context,
  options: ProposeOptions,
  old: RecordState["proposal"] | undefined,
): JsonObject {
  const mode = modeOf(options) ?? old?.mode;
  const incident = options.incident ?? old?.incident;
  const plan = options.fromPlan ?? old?.plan;
  const checks = options.check ?? old?.checks ?? [];
  const obligation = old?.obligation ?? obligationOf(context, options);
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(incident === undefined ? {} : { incident }),
    ...(plan === undefined ? {} : { plan }),
    ...(checks.length === 0 ? {} : { checks }),
    ...(obligation === undefined ? {} : { obligation: { ...obligation } }),
  };
}

function modeOf(options: ProposeOptions): Mode | undefined {
  const given = modes.filter((mode) => options[mode] === true);
  if (given.length > 1) throw usage(`--${given.join(" and --")} exclude each other.`);
  const [mode] = given;
  if ((mode === "emergency") !== (options.incident !== undefined) && options.revise === undefined) {
    throw usage(
      mode === "emergency"
        ? "An emergency names the incident that is open: --incident INC-4471."
        : "--incident is for an emergency; name it with --ticket.",
    );
  }
  return mode;
}

function obligationOf(context: Context, options: ProposeOptions) {
  const { mandatory: signal, owner, deadline } = options;
  if (signal === undefined && owner === undefined && deadline === undefined) return undefined;
  if (signal === undefined || owner === undefined || deadline === undefined) {
    throw usage("A mandatory rollback has all three: --mandatory, --owner and --deadline.");
  }
  return { signal, owner, deadline: until(context, deadline, "--deadline") };
}

/** How the proposal differs from the plan that was written for it. */
function againstPlan({ proposal }: RecordState, { id, proposal: planned }: RecordState): string {
  const compared = [
    ["service", proposal.service, planned.service],
    ["environment", proposal.environment, planned.environment],
    ["kind", proposal.kind, planned.kind],
    ["target", showIdentity(proposal.target), showIdentity(planned.target)],
    ["checks", proposal.checks.join(", ") || "none", planned.checks.join(", ") || "none"],
    ["must hold", `${proposal.stabiliseMinutes} min`, `${planned.stabiliseMinutes} min`],
  ] as const;
  const differ = compared.filter(([, now, then]) => now !== then);
  if (differ.length === 0) return `\nIt is what ${id} planned.\n`;
  const lines = differ.map(
    ([what, now, then]) => `  ${what}: ${plain(now)}; planned was ${plain(then)}\n`,
  );
  return `\nIt differs from the plan ${id}:\n${lines.join("")}`;
}

async function nextStep(countermand: Countermand, id: string): Promise<string> {
  const { state } = await countermand.record(id);
  const { obligations, authorisation, retrospective } = state;
  if (state.status === "planned") {
    return `nothing; on the day it is needed:\n  countermand propose --from-plan ${id}`;
  }
  if (authorisation !== undefined) {
    const owed =
      retrospective === undefined
        ? ""
        : `\n  then, by ${retrospective.dueAt}, somebody who took no part: countermand retrospective ${id}`;
    return `it may be run until ${authorisation.notAfter}:\n  countermand run ${id} -- COMMAND${owed}`;
  }
  const roles = obligations.roles.map((seat) => `, ${seat.count} with the role ${seat.role}`);
  return `${count(Math.max(1, obligations.approvals), "approval")}${roles.join("")} by somebody else, within ${obligations.requestHours} h:\n  countermand show ${id}\n  countermand approve ${id}`;
}

/** As it is written on the command line; undefined where nobody has named it. */
function named(state: RecordState["proposal"]["target"] | undefined): string | undefined {
  return state === undefined || state.type === "unnamed" ? undefined : writeIdentity(state);
}

/** What runs and what is to run; undefined where something is missing. */
async function askStates(
  asker: Asker,
  options: ProposeOptions,
  before: RecordView | undefined,
  repository: Repository | undefined,
): Promise<{ readonly current: Identity; readonly target: Identity } | undefined> {
  const old = before?.state.proposal;
  const target = await asker.ask(options.target ?? named(old?.target), {
    option: "--target",
    question: "Go back to which state",
    help: `A state is immutable: ${identityHelp}.`,
  });
  const isCommit = !/^(?:image|artifact|version):/.test(target);
  const current =
    options.current ??
    named(old?.current) ??
    (repository !== undefined && isCommit
      ? "HEAD"
      : await asker.ask(undefined, { option: "--current", question: "What runs now" }));
  if (target === "" || current === "") return undefined;
  return {
    current: await parseIdentity(current, repository),
    target: await parseIdentity(target, repository),
  };
}

/** Everything else that a proposal says. */
async function askReasons(
  asker: Asker,
  options: ProposeOptions,
  before: RecordView | undefined,
  registry: Registry,
  texts: Texts,
  /** Subjects of the commits that it undoes. */
  undone: readonly string[],
): Promise<JsonObject> {
  const old = before?.state.proposal;
  const oldText = (commitment: string | undefined) => {
    const text = textOf(before?.openings ?? [], commitment);
    return text.startsWith("(") ? undefined : text;
  };
  const service = await asker.ask(options.service ?? old?.service, {
    option: "--service",
    question: "Service",
  });
  const environment = await asker.ask(options.environment ?? old?.environment, {
    option: "--environment",
    question: "Environment",
  });
  const kind = await asker.ask(options.kind ?? old?.kind, {
    option: "--kind",
    question: `Kind of rollback (${rollbackKinds.join(", ")})`,
    fallback: "redeploy-previous",
  });
  const reason = await asker.ask(options.reason ?? old?.reason, {
    option: "--reason",
    question: `Reason (${registry.policy.reasons.join(", ")})`,
  });
  const ticket = await asker.ask(options.ticket?.join(",") ?? old?.tickets.join(","), {
    option: "--ticket",
    question: "Ticket or incident",
  });
  const impact = await asker.ask(options.impact ?? oldText(old?.impact), {
    option: "--impact",
    question: "What will users notice",
  });
  const security = await asker.ask(options.security ?? oldText(old?.security), {
    option: "--security",
    question: "What does it mean for security",
    help: "Which fixes, permissions or protections come or go?",
  });
  const tickets = ticket.split(/[,\s]+/).filter((item) => item !== "");
  const why = await asker.rationale(options.rationale ?? oldText(old?.rationale), {
    option: "--rationale",
    use: modeOf(options) ?? old?.mode ?? "proposal",
    reason,
    fields: { impact, security },
    tickets,
    commitMessages: undone,
  });
  const expires =
    options.expires === undefined
      ? old?.expiresAt
      : until(asker.context, options.expires, "--expires");
  return {
    kind,
    service,
    environment,
    reason,
    tickets,
    stabiliseMinutes: minutes(options.stabiliseFor, "--stabilise-for"),
    rationale: texts.commit(why),
    impact: texts.commit(impact),
    security: texts.commit(security),
    ...(expires === undefined ? {} : { expiresAt: expires }),
  };
}

/** An identity as `parseIdentity` reads it. */
function writeIdentity(value: Identity): string {
  switch (value.type) {
    case "commit":
      return `commit:${value.commit}`;
    case "image":
    case "artifact":
      return `${value.type}:${value.name === undefined ? "" : `${value.name}@`}sha256:${value.digest}`;
    case "version":
      return `version:${value.name}@${value.version}`;
  }
}
