/** Asking a person for what is missing, or saying what is missing where nobody is there to ask. */
import { lintRationale, rationaleHelp } from "@countermand/record";
import type { Context } from "./context.ts";
import { CommandError, exitCodes, usage } from "./exit.ts";

/** One field of a command: where it comes from, and how it is asked for. */
export interface Question {
  /** `--reason` */
  readonly option: string;
  readonly question: string;
  /** Shown before the question. */
  readonly help?: string;
  /** The answer if nothing is typed. */
  readonly fallback?: string;
}

/** The given value, or the answer; collects in `missing` where nobody can be asked. */
export async function required(
  context: Context,
  given: string | undefined,
  question: Question,
  missing: string[],
): Promise<string> {
  if (given !== undefined && given.trim() !== "") return given;
  if (context.ask === undefined) {
    missing.push(`${question.option}  ${question.question}`);
    return "";
  }
  if (question.help !== undefined) context.err(`${question.help}\n`);
  for (;;) {
    const hint = question.fallback === undefined ? "" : ` [${question.fallback}]`;
    const answer = (await context.ask(`${question.question}${hint}: `)).trim();
    if (answer !== "") return answer;
    if (question.fallback !== undefined) return question.fallback;
  }
}

/** Throws one usage error that lists all that is missing. */
export function refuseMissing(missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw usage(`Missing:\n${missing.map((line) => `  ${line}`).join("\n")}`);
}

/** A rationale with substance: asked again until it has some, or refused with what is missing. */
export async function rationale(
  context: Context,
  given: string | undefined,
  others: readonly string[],
  missing: string[],
): Promise<string> {
  let text = given;
  for (;;) {
    const asked = text === undefined || text.trim() === "";
    text = await required(
      context,
      text,
      { option: "--rationale", question: "Why go back", help: rationaleHelp },
      missing,
    );
    if (text === "") return text;
    const remarks = lintRationale(text, others);
    const refused = remarks.filter((remark) => remark.level === "refused");
    if (refused.length === 0) {
      for (const remark of remarks) context.err(`Advice: ${remark.says}\n`);
      return text;
    }
    const says = refused.map((remark) => remark.says).join("\n");
    if (!asked || context.ask === undefined) {
      throw new CommandError(exitCodes.finding, `${says}\n${rationaleHelp}`);
    }
    context.err(`${says}\n`);
    text = undefined;
  }
}

/** Yes or no; `assumed` where nobody is there. */
export async function confirm(
  context: Context,
  question: string,
  assumed: boolean,
): Promise<boolean> {
  if (context.ask === undefined) return assumed;
  const answer = (await context.ask(`${question} [y/N] `)).trim().toLowerCase();
  return answer === "y" || answer === "yes";
}
