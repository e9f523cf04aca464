/** `countermand redact RB FIELD`: delete a text for good; the proof stays. */
import { Command } from "commander";
import { deletionGrounds } from "@countermand/record";
import { confirm } from "../ask.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { Texts } from "../say.ts";
import { recordTexts } from "../show-record.ts";
import { plain } from "../terminal.ts";
import { sayAbout, speakOptions, type SpeakOptions } from "./shared.ts";

interface RedactOptions extends SpeakOptions {
  readonly ground: string;
  readonly yes?: true;
}

export function redactCommand(context: Context): Command {
  const command = new Command("redact")
    .summary("delete texts of a record for good; entries and proofs stay valid")
    .argument("<record>", "for instance RB-2026-7")
    .argument("<field...>", "fields as `show` names them, for instance rationale")
    .requiredOption("--ground <ground>", `one of ${deletionGrounds.join(", ")}`)
    .option("-y, --yes", "do not ask for confirmation");
  return speakOptions(command).action(
    async (id: string, fields: readonly string[], options: RedactOptions) => {
      const texts = new Texts();
      await sayAbout(context, options, id, "opening-deleted", texts, async (state) => {
        const named = recordTexts(state);
        const commitments = fields.map((field) => {
          const commitment = named.get(field);
          if (commitment === undefined) {
            throw usage(
              `${id} has no text ${plain(field)}; it has ${[...named.keys()].join(", ")}.`,
            );
          }
          return commitment;
        });
        const question = `Delete ${fields.map((field) => plain(field)).join(", ")} of ${state.id} for good?`;
        if (options.yes !== true && !(await confirm(context, question, false))) {
          throw new CommandError(exitCodes.usage, "Nothing was deleted; --yes confirms.");
        }
        return { record: state.id, commitments, ground: options.ground };
      });
    },
  );
}
