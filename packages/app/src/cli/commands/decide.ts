/** `countermand approve RB` and `countermand reject RB`: show, read, sign exactly that. */
import { Command } from "commander";
import { decisionSentence, evidenceHash } from "@countermand/record";
import { Asker, confirm } from "../ask.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../exit.ts";
import { Texts } from "../say.ts";
import { showRecord } from "../show-record.ts";
import { plain, style } from "../terminal.ts";
import { sayAbout, speakOptions, type SpeakOptions } from "./shared.ts";

interface DecideOptions extends SpeakOptions {
  readonly comment?: string;
  readonly yes?: true;
}

export function approveCommand(context: Context): Command {
  return decide(context, "approve", "approve a proposed rollback: sign what you read");
}

export function rejectCommand(context: Context): Command {
  return decide(context, "reject", "reject a proposed rollback, with the reason why");
}

function decide(context: Context, decision: "approve" | "reject", summary: string): Command {
  const command = new Command(decision)
    .summary(summary)
    .description(
      `Shows the record, then signs one sentence about exactly this version of it. If the record changes afterwards, the decision is void.`,
    )
    .argument("<record>", "for instance RB-2026-7")
    .option("--comment <text>", decision === "reject" ? "why not (asked for)" : "a comment")
    .option("-y, --yes", "do not ask for confirmation");
  return speakOptions(command).action(async (id: string, options: DecideOptions) => {
    const texts = new Texts();
    await sayAbout(context, options, id, "decision", texts, async (state, view) => {
      const sentence = decisionSentence(state, decision);
      if (options.yes !== true) context.err(showRecord(context, view.state, view.openings));
      context.err(`\nYou sign: ${style(context, "bold", plain(sentence, 1000))}\n`);
      const asker = new Asker(context);
      const comment =
        decision === "reject"
          ? await asker.ask(options.comment, { option: "--comment", question: "Why not" })
          : options.comment;
      asker.refuseMissing();
      if (options.yes !== true && !(await confirm(context, "Sign it?", true))) {
        throw new CommandError(exitCodes.finding, "Nothing was signed.");
      }
      return {
        record: state.id,
        decision,
        summary: sentence,
        evidenceSeen: evidenceHash(state.evidence),
        ...texts.optional("comment", comment),
      };
    });
  });
}
