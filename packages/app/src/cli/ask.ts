/** Asking a person for what is missing, or saying what is missing where nobody is there to ask. */
import {
  checkRationale,
  guidance,
  rationaleHelp,
  type RationaleToCheck,
  type Remark,
} from "@countermand/record";
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

  /**
   * Why: checked before anything is signed. Where somebody answers, it is asked
   * again until it says something, and once more where it could say more; an
   * empty line keeps it. What came as an option is refused, or told what it lacks.
   */
  async rationale(
    given: string | undefined,
    about: Omit<RationaleToCheck, "text"> & { readonly option: string },
  ): Promise<string> {
    const { option, ...place } = about;
    const { ask } = this.context;
    const { question } = guidance[about.use];
    const asked = given === undefined || given.trim() === "";
    let text = await this.ask(given, { option, question, help: rationaleHelp(about) });
    while (text !== "") {
      const remarks = checkRationale({ ...place, text });
      const refused = remarks.some(({ level }) => level === "refused");
      const says = remarks.map((remark) => remarkLine(remark)).join("");
      if (refused && (!asked || ask === undefined)) {
        throw new CommandError(exitCodes.finding, `${says}${rationaleHelp(about)}`);
      }
      this.context.err(says);
      // An emergency is not held up by a hint.
      if (remarks.length === 0 || !asked || ask === undefined) return text;
      if (refused) text = await this.ask(undefined, { option, question });
      else if (about.use === "emergency") return text;
      else {
        const again = (await ask("Write it again, or press Enter to keep it: ")).trim();
        if (again === "") return text;
        text = again;
      }
    }
    return text;
  }

  /** Throws one usage error that lists all that is missing. */
  refuseMissing(): void {
    if (this.#missing.length === 0) return;
    throw usage(`Missing:\n${this.#missing.map((line) => `  ${line}`).join("\n")}`);
  }
}

/** `Refused (too-short): …` or `Hint (no-time): …`, as a line. */
export function remarkLine({ level, name, says }: Remark): string {
  return `${level === "refused" ? "Refused" : "Hint"} (${name}): ${says}\n`;
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
