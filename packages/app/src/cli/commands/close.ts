/** `countermand close RB`: production is back; is everything else? */
import { Command } from "commander";
import type { Context } from "../context.ts";
import { Texts } from "../say.ts";
import { sayAbout, speakOptions, until, type SpeakOptions } from "./shared.ts";

interface CloseOptions extends SpeakOptions {
  readonly divergentUntil?: string;
  readonly comment?: string;
}

export function closeCommand(context: Context): Command {
  const command = new Command("close")
    .summary("close a reviewed record")
    .description(
      "Closes a reviewed record. By default you say that main and the desired state are back too; if they are still forward, say until when that is accepted, because a divergence that is forgotten ships again.",
    )
    .argument("<record>", "for instance RB-2026-7")
    .option(
      "--divergent-until <when>",
      "main is still forward, accepted until then (14d, or an instant)",
    )
    .option("--comment <text>", "anything else");
  return speakOptions(command).action(async (id: string, options: CloseOptions) => {
    const texts = new Texts();
    const end = options.divergentUntil;
    await sayAbout(context, options, id, "closed", texts, (state) => ({
      record: state.id,
      alignment: end === undefined ? "aligned" : "divergent",
      ...(end === undefined ? {} : { until: until(context, end, "--divergent-until") }),
      ...texts.optional("comment", options.comment),
    }));
  });
}
