/** `countermand observe RB --running STATE`: what runs now, seen by somebody. */
import { Command } from "commander";
import type { JsonObject } from "@countermand/record";
import type { Context } from "../context.ts";
import { identityHelp, parseIdentity } from "../identity-argument.ts";
import { withRepository } from "../repository-argument.ts";
import { Texts } from "../say.ts";
import { sayAbout, speakOptions, type SpeakOptions } from "./shared.ts";

interface ObserveOptions extends SpeakOptions {
  readonly running: string;
  readonly source: string;
  readonly comment?: string;
  readonly repo?: string;
}

export function observeCommand(context: Context): Command {
  const command = new Command("observe")
    .summary("say what runs now; counts if you are not the executor")
    .argument("<record>", "for instance RB-2026-7")
    .requiredOption("--running <state>", `what runs: ${identityHelp}`)
    .option("--source <name>", "where it was seen: kubectl, health-endpoint, eyes", "eyes")
    .option("--comment <text>", "more about it")
    .option("--repo <folder>", "the repository to look a ref up in (the one here)");
  return speakOptions(command).action(async (id: string, options: ObserveOptions) => {
    const texts = new Texts();
    const running = await withRepository(context, options.repo, (repository) =>
      parseIdentity(options.running, repository),
    );
    await sayAbout(context, options, id, "observation", texts, (state): JsonObject => ({
      record: state.id,
      running,
      source: options.source,
      ...texts.optional("comment", options.comment),
    }));
  });
}
