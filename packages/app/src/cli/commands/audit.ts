/** `countermand audit [REPO]`: every reversal in a history, by content. No account, no server. */
import { Command } from "commander";
import { type AuditOptions, auditWithDelays } from "../../undo/audit/audit.ts";
import { renderAuditSummary, renderReversalJson } from "../../undo/audit/render.ts";
import { SummaryBuilder } from "../../undo/audit/summary.ts";
import type { Repository } from "../../undo/git/repository.ts";
import { number } from "../../undo/text.ts";
import { cacheFolder } from "../cache-folder.ts";
import type { Context } from "../context.ts";
import { collect } from "./shared.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { withImplications } from "../implications.ts";
import { progressLine } from "../progress.ts";
import { withRepository } from "../repository-argument.ts";

interface AuditCommandOptions {
  readonly ref?: readonly string[];
  readonly json?: true;
  readonly quick?: true;
  readonly resume: boolean;
}

export function auditCommand(context: Context): Command {
  return new Command("audit")
    .summary("find every reversal in a repository's history, by content")
    .description(
      "Finds every reversal in a history: claims are checked against the inverse patch, and reversals that no message mentions are found too. Each is judged by what it takes away, with a risk. Ctrl-C stops it; the same command goes on where it stopped, and one that is finished is told again at once as long as nothing is new.",
    )
    .argument("[repo]", "the repository (the one here)")
    .option("--ref <ref>", "audit this ref, repeatable (HEAD)", collect)
    .option("--json", "one JSON object a line, as they are found")
    .option("--quick", "implications from messages and paths alone; no file is read")
    .option("--no-resume", "start over, and keep nothing: an earlier run is not looked at")
    .action(async (repo: string | undefined, options: AuditCommandOptions) => {
      await withRepository(context, repo, async (repository) => {
        if (repository === undefined) {
          throw usage("There is no git repository here; name one: countermand audit REPO.");
        }
        const audit = (implications?: AuditOptions["implications"]) =>
          runAudit(context, repository, options, implications);
        await (options.quick === true ? audit() : withImplications(context, repository, audit));
      });
    });
}

async function runAudit(
  context: Context,
  repository: Repository,
  options: AuditCommandOptions,
  implications: AuditOptions["implications"],
): Promise<void> {
  const progress = progressLine(context, { everySeconds: 10 });
  let at = "";
  const directory = options.resume
    ? cacheFolder(context, "audits", "if interrupted, this audit starts over")
    : undefined;
  const summary = new SummaryBuilder();
  try {
    for await (const { reversal, delay } of auditWithDelays(repository, {
      ...(options.ref === undefined ? {} : { refs: options.ref }),
      ...(directory === undefined ? {} : { stateDirectory: directory }),
      ...(implications === undefined ? {} : { implications }),
      signal: context.interrupted,
      onCoverage: (coverage) => {
        summary.coverage = coverage;
      },
      onProgress: ({ phase, done, total, found }) => {
        at =
          phase === "reading"
            ? `reading history: ${number(done)} commits`
            : `comparing: ${number(done)} of ${number(total ?? done)} commits, ${number(found)} reversals`;
        progress.show(at);
      },
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
      directory === undefined
        ? "Interrupted; nothing was kept, so the same command starts over."
        : `Interrupted${at === "" ? "" : ` while ${at}`}. What was found is kept in ${directory}; the same command goes on where it stopped (--no-resume starts over).`,
    );
  }
  progress.clear();
  if (options.json !== true) {
    context.out(renderAuditSummary(summary.finish(), context.columns));
  }
}
