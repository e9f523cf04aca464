/** `countermand audit [REPO]`: every reversal in a history, by content. No account, no server. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { auditWithDelays } from "../../undo/audit/audit.ts";
import { renderAuditSummary, renderReversalJson } from "../../undo/audit/render.ts";
import { SummaryBuilder } from "../../undo/audit/summary.ts";
import { number } from "../../undo/text.ts";
import type { Context } from "../context.ts";
import { collect } from "./shared.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { progressLine } from "../progress.ts";
import { withRepository } from "../repository-argument.ts";

interface AuditOptions {
  readonly ref?: readonly string[];
  readonly json?: true;
  readonly resume: boolean;
}

export function auditCommand(context: Context): Command {
  return new Command("audit")
    .summary("find every reversal in a repository's history, by content")
    .description(
      "Finds every reversal in a history: claims are checked against the inverse patch, and reversals that no message mentions are found too. Ctrl-C stops it; the same command goes on where it stopped.",
    )
    .argument("[repo]", "the repository (the one here)")
    .option("--ref <ref>", "audit this ref, repeatable (HEAD)", collect)
    .option("--json", "one JSON object a line, as they are found")
    .option("--no-resume", "start over even if an earlier run was interrupted")
    .action(async (repo: string | undefined, options: AuditOptions) => {
      await withRepository(context, repo, async (repository) => {
        if (repository === undefined) {
          throw usage("There is no git repository here; name one: countermand audit REPO.");
        }
        const progress = progressLine(context);
        const directory = options.resume ? stateDirectory(context) : undefined;
        const summary = new SummaryBuilder();
        try {
          for await (const { reversal, delay } of auditWithDelays(repository, {
            ...(options.ref === undefined ? {} : { refs: options.ref }),
            ...(directory === undefined ? {} : { stateDirectory: directory }),
            signal: context.interrupted,
            onCoverage: (coverage) => {
              summary.coverage = coverage;
            },
            onProgress: ({ phase, done, total, found }) =>
              progress.show(
                phase === "reading"
                  ? `reading history: ${number(done)} commits`
                  : `comparing: ${number(done)} of ${number(total ?? done)} commits, ${number(found)} reversals`,
              ),
          })) {
            summary.add(reversal, delay);
            if (options.json !== true) continue;
            progress.clear();
            context.out(renderReversalJson(reversal));
          }
        } catch (error) {
          progress.clear();
          if (!context.interrupted.aborted) throw error;
          throw new CommandError(
            exitCodes.couldNot,
            "Interrupted; the same command goes on where it stopped.",
          );
        }
        progress.clear();
        if (options.json !== true) {
          context.out(renderAuditSummary(summary.finish(), context.columns));
        }
      });
    });
}

/** Where an interrupted audit is kept: with the user's caches. Without a place there is no going on. */
function stateDirectory(context: Context): string | undefined {
  const cache = context.env["XDG_CACHE_HOME"];
  const base =
    cache === undefined || cache === "" ? join(context.env["HOME"] ?? homedir(), ".cache") : cache;
  const directory = join(base, "countermand", "audits");
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.W_OK);
    return directory;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    context.err(
      `${directory} cannot be written (${code}): if interrupted, this audit starts over.\n`,
    );
    return undefined;
  }
}
