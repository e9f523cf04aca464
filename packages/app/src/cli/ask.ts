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
  /** The answer if nothing is typed, or nobody is there. */
  readonly fallback?: string;
}

/** Asks, or notes what is missing where nobody is there to answer, all of it for one error. */
export class Asker {
  readonly context: Context;
  readonly #missing: string[] = [];

  constructor(context: Context) {
    this.context = context;
  }

  /** The given value, or the answer; empty where it is missing. */
  async ask(given: string | undefined, question: Question): Promise<string> {
    if (given !== undefined && given.trim() !== "") return given;
    const { ask } = this.context;
    if (ask === undefined) {
      if (question.fallback !== undefined) return question.fallback;
      this.#missing.push(`${question.option}  ${question.question}`);
      return "";
    }
    if (question.help !== undefined) this.context.err(`${question.help}\n`);
    for (;;) {
      const hint = question.fallback === undefined ? "" : ` [${question.fallback}]`;
      const answer = (await ask(`${question.question}${hint}: `)).trim();
      if (answer !== "") return answer;
      if (question.fallback !== undefined) return question.fallback;
    }
  }

  /** A rationale with substance: asked again until it has some, or refused with what is missing. */
  async rationale(given: string | undefined, others: readonly string[]): Promise<string> {
    let text = given;
    for (;;) {
      const asked = text === undefined || text.trim() === "";
      text = await this.ask(text, {
        option: "--rationale",
        question: "Why go back",
        help: rationaleHelp,
      });
      if (text === "") return text;
      const remarks = lintRationale(text, others);
      const refused = remarks.filter((remark) => remark.level === "refused");
      if (refused.length === 0) {
        for (const remark of remarks) this.context.err(`Advice: ${remark.says}\n`);
        return text;
      }
      const says = refused.map((remark) => remark.says).join("\n");
      if (!asked || this.context.ask === undefined) {
        throw new CommandError(exitCodes.finding, `${says}\n${rationaleHelp}`);
      }
      this.context.err(`${says}\n`);
      text = undefined;
    }
  }

  /** Throws one usage error that lists all that is missing. */
  refuseMissing(): void {
    if (this.#missing.length === 0) return;
    throw usage(`Missing:\n${this.#missing.map((line) => `  ${line}`).join("\n")}`);
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
