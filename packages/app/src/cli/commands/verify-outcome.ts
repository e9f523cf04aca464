/** `countermand verify-outcome RB`: did it help? */
import { Command } from "commander";
import type { Context } from "../context.ts";
import { usage } from "../exit.ts";
import { Texts } from "../say.ts";
import { plain } from "../terminal.ts";
import { collect, sayAbout, speakOptions, type SpeakOptions } from "./shared.ts";

interface VerifyOutcomeOptions extends SpeakOptions {
  readonly check?: readonly string[];
  readonly failed?: true;
  readonly comment?: string;
}

export function verifyOutcomeCommand(context: Context): Command {
  const command = new Command("verify-outcome")
    .summary("say whether the rollback helped")
    .argument("<record>", "for instance RB-2026-7")
    .option("--check <name=passed|failed>", "a check and its outcome, repeatable", collect)
    .option("--failed", "the outcome is failed though no check says so")
    .option("--comment <text>", "what was seen");
  return speakOptions(command).action(async (id: string, options: VerifyOutcomeOptions) => {
    const texts = new Texts();
    const checks = (options.check ?? []).map(parseCheck);
    const failed = options.failed === true || checks.some((check) => check.outcome === "failed");
    await sayAbout(context, options, id, "verification", texts, (state) => ({
      record: state.id,
      outcome: failed ? "failed" : "passed",
      checks,
      ...texts.optional("comment", options.comment),
    }));
  });
}

function parseCheck(text: string): { name: string; outcome: "passed" | "failed" } {
  const match = /^(.+)=(passed|failed)$/.exec(text);
  if (match === null)
    throw usage(`--check is written name=passed or name=failed; found ${plain(text)}.`);
  return { name: match[1] ?? "", outcome: match[2] === "passed" ? "passed" : "failed" };
}
