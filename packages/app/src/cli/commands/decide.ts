/**
 * What a person decides on a proposal: approve, perhaps on conditions, reject,
 * ask for changes, delegate, escalate; and taking it back. Show, read, sign
 * exactly that.
 */
import { Command } from "commander";
import {
  decisionSentence,
  decisionsInForce,
  evidenceHash,
  holderOf,
  type Condition,
  type DecisionKind,
  type JsonObject,
  type RationaleUse,
} from "@countermand/record";
import { Asker, confirm } from "../ask.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../exit.ts";
import { Texts } from "../say.ts";
import { showRecord } from "../show-record.ts";
import { sshSigner } from "../ssh-signer.ts";
import { plain, style } from "../terminal.ts";
import { collect, sayAbout, speakOptions, until, withLedger, type SpeakOptions } from "./shared.ts";

interface DecideOptions extends SpeakOptions {
  readonly comment?: string;
  readonly yes?: true;
  readonly ifCheck?: readonly string[];
  readonly until?: string;
  readonly onlyIn?: string;
}

const whatYouSign =
  "Shows the record, then signs one sentence about exactly this version of it. If the record changes afterwards, the decision is void.";

export function approveCommand(context: Context): Command {
  const command = deciding("approve", "approve a proposed rollback: sign what you read")
    .option("--if-check <name>", "only if this check is reported as passed; repeatable", collect)
    .option("--until <when>", "only until then: 2h, or an instant with its zone")
    .option("--only-in <environment>", "only there");
  return speakOptions(command).action((id: string, options: DecideOptions) =>
    decide(context, "approve", id, options),
  );
}

export function rejectCommand(context: Context): Command {
  const command = deciding("reject", "reject a proposed rollback, with the reason why");
  return speakOptions(command).action((id: string, options: DecideOptions) =>
    decide(context, "reject", id, options),
  );
}

export function requestChangesCommand(context: Context): Command {
  const command = deciding("request-changes", "ask for changes; nothing is authorised until then");
  return speakOptions(command).action((id: string, options: DecideOptions) =>
    decide(context, "request-changes", id, options),
  );
}

export function delegateCommand(context: Context): Command {
  const command = deciding("delegate", "let another person decide with your roles too").argument(
    "<person>",
    "their id; they decide themselves, once, and hand nothing on",
  );
  return speakOptions(command).action((id: string, to: string, options: DecideOptions) =>
    decide(context, "delegate", id, options, to),
  );
}

export function escalateCommand(context: Context): Command {
  const command = deciding("escalate", "ask for the approval of a role as well").argument(
    "<role>",
    "for instance security",
  );
  return speakOptions(command).action((id: string, to: string, options: DecideOptions) =>
    decide(context, "escalate", id, options, to),
  );
}

function deciding(name: DecisionKind, summary: string): Command {
  const why = name === "reject" || name === "request-changes";
  return new Command(name)
    .summary(summary)
    .description(whatYouSign)
    .argument("<record>", "for instance RB-2026-7")
    .option("--comment <text>", why ? "why, or what is to change (asked for)" : "a comment")
    .option("-y, --yes", "do not ask for confirmation");
}

/** Decisions that say why; an approval does where it has conditions and a comment. */
const uses: Readonly<Partial<Record<DecisionKind, RationaleUse>>> = {
  reject: "rejection",
  "request-changes": "change-request",
};

async function decide(
  context: Context,
  decision: DecisionKind,
  id: string,
  options: DecideOptions,
  to?: string,
): Promise<void> {
  const texts = new Texts();
  await sayAbout(context, options, id, "decision", texts, async (state, view) => {
    const conditions = conditionsOf(context, options);
    const sentence = decisionSentence(state, decision, conditions, to);
    if (options.yes !== true) context.err(showRecord(context, view.state, view.openings));
    context.err(`\nYou sign: ${style(context, "bold", plain(sentence, 1000))}\n`);
    const asker = new Asker(context);
    const conditional = conditions.length > 0 && options.comment !== undefined;
    const use = uses[decision] ?? (conditional ? "condition" : undefined);
    const comment =
      use === undefined
        ? options.comment
        : await asker.rationale(options.comment, { option: "--comment", use });
    asker.refuseMissing();
    if (options.yes !== true && !(await confirm(context, "Sign it?", true))) {
      throw new CommandError(exitCodes.finding, "Nothing was signed.");
    }
    const body: JsonObject = {
      record: state.id,
      decision,
      summary: sentence,
      evidenceSeen: evidenceHash(state.evidence),
      ...(to === undefined ? {} : { to }),
      ...(conditions.length === 0 ? {} : { conditions }),
      ...texts.optional("comment", comment),
    };
    return body;
  });
}

function conditionsOf(context: Context, options: DecideOptions): readonly Condition[] {
  return [
    ...(options.ifCheck ?? []).map((name): Condition => ({ type: "check", name })),
    ...(options.until === undefined
      ? []
      : [{ type: "until", at: until(context, options.until, "--until") } as const]),
    ...(options.onlyIn === undefined
      ? []
      : [{ type: "environment", environment: options.onlyIn } as const]),
  ];
}

export function withdrawDecisionCommand(context: Context): Command {
  const command = new Command("withdraw-decision")
    .summary("take your own decision back")
    .description(
      "Takes back what you decided on this version. An authorisation that rested on it falls with it.",
    )
    .argument("<record>", "for instance RB-2026-7")
    .option("--comment <text>", "why");
  return speakOptions(command).action(
    async (id: string, options: SpeakOptions & { comment?: string }) => {
      const signer = sshSigner(context, options.key);
      const { registry } = await withLedger(context, options, ({ countermand }) =>
        countermand.instance(),
      );
      const person = holderOf(registry, signer.fingerprint)?.id;
      const texts = new Texts();
      await sayAbout(context, options, id, "decision-withdrawn", texts, (state) => {
        const mine = decisionsInForce(state).find((item) => item.actor === person);
        if (mine === undefined) {
          throw new CommandError(
            exitCodes.finding,
            `You have no decision in force on ${state.id}; \`countermand show ${state.id}\` tells who has.`,
          );
        }
        return {
          record: state.id,
          decision: mine.id,
          ...texts.optional("comment", options.comment),
        };
      });
    },
  );
}
