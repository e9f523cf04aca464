/** `countermand withdraw RB`: the proposer takes it back. */
import { Command } from "commander";
import type { Context } from "../context.ts";
import { Texts } from "../say.ts";
import { sayAbout, speakOptions, type SpeakOptions } from "./shared.ts";

export function withdrawCommand(context: Context): Command {
  const command = new Command("withdraw")
    .summary("take your own proposal back")
    .argument("<record>", "for instance RB-2026-7")
    .option("--comment <text>", "why");
  return speakOptions(command).action(
    async (id: string, options: SpeakOptions & { comment?: string }) => {
      const texts = new Texts();
      await sayAbout(context, options, id, "withdrawn", texts, (state) => ({
        record: state.id,
        ...texts.optional("comment", options.comment),
      }));
    },
  );
}
