/**
 * `countermand propose`: ask for what is missing, work out what it would undo,
 * and put it before the approvers. Also revises a proposal (`--revise RB`).
 */
import { randomUUID } from "node:crypto";
import { Command } from "commander";
import {
  rollbackKinds,
  type Identity,
  type JsonObject,
  type RecordState,
} from "@countermand/record";
import type { Instance } from "../../rollbacks/countermand.ts";
import type { Repository } from "../../undo/git/repository.ts";
import { rationale, refuseMissing, required } from "../ask.ts";
import { assess } from "../assessment.ts";
import type { Context } from "../context.ts";
import { identityHelp, parseIdentity } from "../identity-argument.ts";
import { withRepository } from "../repository-argument.ts";
import { say, Texts, type Speaker } from "../say.ts";
import { sshSigner } from "../ssh-signer.ts";
import { style } from "../terminal.ts";
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
    );
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
  const before =
    options.revise === undefined ? undefined : await countermand.record(options.revise);
  const old = before?.state.proposal;
  const oldText = (commitment: string | undefined) => {
    const text = textOf(before?.openings ?? [], commitment);
    return text.startsWith("(") ? undefined : text;
  };
  const missing: string[] = [];
  const ask = (
    given: string | undefined,
    option: string,
    question: string,
    help?: string,
    fallback?: string,
  ) =>
    required(
      context,
      given,
      {
        option,
        question,
        ...(help === undefined ? {} : { help }),
        ...(fallback === undefined ? {} : { fallback }),
      },
      missing,
    );

  const service = await ask(options.service ?? old?.service, "--service", "Service");
  const environment = await ask(
    options.environment ?? old?.environment,
    "--environment",
    "Environment",
  );
  const kind = await ask(
    options.kind ?? old?.kind,
    "--kind",
    `Kind of rollback (${rollbackKinds.join(", ")})`,
    undefined,
    "redeploy-previous",
  );
  const target = options.target ?? (old === undefined ? undefined : writeIdentity(old.target));
  const targetText = await ask(
    target,
    "--target",
    "Go back to which state",
    `A state is immutable: ${identityHelp}.`,
  );
  const current = options.current ?? (old === undefined ? undefined : writeIdentity(old.current));
  const currentText =
    current ??
    (repository !== undefined && isCommit(targetText)
      ? "HEAD"
      : await ask(undefined, "--current", "What runs now"));
  const reason = await ask(
    options.reason ?? old?.reason,
    "--reason",
    `Reason (${registry.policy.reasons.join(", ")})`,
  );
  const ticket = await ask(
    options.ticket?.join(",") ?? old?.tickets.join(","),
    "--ticket",
    "Ticket or incident",
  );
  const impact = await ask(
    options.impact ?? oldText(old?.impact),
    "--impact",
    "What will users notice",
  );
  const security = await ask(
    options.security ?? oldText(old?.security),
    "--security",
    "What does it mean for security",
    "Which fixes, permissions or protections come or go? `countermand undo` shows what is known.",
  );
  const why = await rationale(
    context,
    options.rationale ?? oldText(old?.rationale),
    [impact, security, ticket, service],
    missing,
  );
  refuseMissing(missing);

  const texts = new Texts();
  const expires =
    options.expires === undefined ? old?.expiresAt : until(context, options.expires, "--expires");
  const body: JsonObject = {
    uid: before?.state.uid ?? randomUUID(),
    kind,
    service,
    environment,
    current: await parseIdentity(currentText, repository),
    target: await parseIdentity(targetText, repository),
    reason,
    tickets: ticket.split(/[,\s]+/).filter((item) => item !== ""),
    stabiliseMinutes: minutes(options.stabiliseFor, "--stabilise-for"),
    rationale: texts.commit(why),
    impact: texts.commit(impact),
    security: texts.commit(security),
    ...(expires === undefined ? {} : { expiresAt: expires }),
    ...(before === undefined
      ? {}
      : { revises: { record: before.state.id, hash: before.state.hash } }),
  };
  const accepted = await say(speaker, registry, "proposed", before?.state, body, texts);
  tellAccepted(context, accepted);
  const { state } = await countermand.record(accepted.stream);
  await sayAssessed(speaker, instance, state, repository);
}

/** Works out what the proposal would undo and says it, under the initiator's signature. */
async function sayAssessed(
  speaker: Speaker,
  instance: Instance,
  state: RecordState,
  repository: Repository | undefined,
): Promise<void> {
  const { context, countermand } = speaker;
  const { registry } = instance;
  const found = await assess(context, state, instance, repository);
  if (found.report !== undefined) await countermand.putArtefact(found.report);
  const accepted = await say(speaker, registry, "assessed", state, found.body, new Texts());
  tellAccepted(context, accepted);
  context.out(`\n${found.text}`);
  const { policy } = registry;
  context.out(
    `\n${style(context, "bold", "Next")}: ${count(policy.approvals, "approval")} by somebody else, within ${policy.requestHours} h:\n  countermand show ${accepted.stream}\n  countermand approve ${accepted.stream}\n`,
  );
}

function isCommit(text: string): boolean {
  return !/^(?:image|artifact|version):/.test(text);
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
