/** `countermand review RB`: afterwards, by somebody who took no part. */
import { Command } from "commander";
import { Asker } from "../ask.ts";
import type { Context } from "../context.ts";
import { Texts } from "../say.ts";
import { collect, sayAbout, speakOptions, type SpeakOptions } from "./shared.ts";

interface ReviewOptions extends SpeakOptions {
  readonly outcome?: string;
  readonly findings?: string;
  readonly action?: readonly string[];
}

export function reviewCommand(context: Context): Command {
  const command = new Command("review")
    .summary("review a rollback that you took no part in")
    .argument("<record>", "for instance RB-2026-7")
    .option("--outcome <outcome>", "effective, partly-effective or ineffective")
    .option("--findings <text>", "what was found")
    .option("--action <ticket>", "a ticket for what is to change, repeatable", collect);
  return speakOptions(command).action(async (id: string, options: ReviewOptions) => {
    const asker = new Asker(context);
    const outcome = await asker.ask(options.outcome, {
      option: "--outcome",
      question: "Was it effective, partly-effective or ineffective",
    });
    const findings = await asker.ask(options.findings, {
      option: "--findings",
      question: "What did the review find",
    });
    asker.refuseMissing();
    const texts = new Texts();
    await sayAbout(context, options, id, "reviewed", texts, (state) => ({
      record: state.id,
      outcome,
      actions: options.action ?? [],
      findings: texts.commit(findings),
    }));
  });
}
