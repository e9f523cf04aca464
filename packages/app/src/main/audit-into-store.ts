/** A repository's audit, kept in the store so that page and API show it, with what to do next. */
import { resolve } from "node:path";
import type { Context } from "../cli/context.ts";
import { withImplications } from "../cli/implications.ts";
import { progressLine } from "../cli/progress.ts";
import { plain, style } from "../cli/terminal.ts";
import { storeAudit } from "../rollbacks/audits.ts";
import type { AuditedReversal } from "../rollbacks/countermand.ts";
import { auditWithDelays } from "../undo/audit/audit.ts";
import { notSeen, renderAuditSummary } from "../undo/audit/render.ts";
import { SummaryBuilder } from "../undo/audit/summary.ts";
import { GitError } from "../undo/git/error.ts";
import { openRepository } from "../undo/git/repository.ts";
import { number } from "../undo/text.ts";
import type { Application } from "./application.ts";

/** Says what it found. A repository that cannot be audited is said, and the server goes on. */
export async function auditIntoStore(
  context: Context,
  application: Application,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await audit(context, application, resolve(context.cwd, path), signal);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof GitError)) throw error;
    context.err(`Nothing was audited: ${error.message}\n`);
  }
  context.out(await nextSteps(context, application));
}

async function audit(
  context: Context,
  { store, service }: Application,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const repository = await openRepository(path);
  const progress = progressLine(context);
  try {
    const summary = new SummaryBuilder();
    // Some hundred bytes a reversal; stored at once, so that an audit is there whole or not at all.
    const reversals: AuditedReversal[] = [];
    await withImplications(context, repository, async (implications) => {
      for await (const { reversal, delay } of auditWithDelays(repository, {
        implications,
        signal,
        onCoverage: (coverage) => {
          summary.coverage = coverage;
        },
        onProgress: ({ done, found }) =>
          progress.show(
            `auditing ${plain(path)}: ${number(done)} commits, ${number(found)} reversals`,
          ),
      })) {
        summary.add(reversal, delay);
        reversals.push({ ...reversal, repository: path, delay });
      }
    });
    progress.clear();
    const finished = summary.finish();
    await storeAudit(
      store.database,
      service.logId,
      {
        repository: path,
        head: repository.head ?? "",
        finishedAt: store.now().toISOString(),
        commits: finished.coverage?.commits ?? 0,
        reversals: finished.reversals,
        unknowns: notSeen(finished.coverage),
      },
      reversals,
    );
    context.out(
      `\n${style(context, "bold", plain(path))}\n${renderAuditSummary(finished, context.columns)}`,
    );
  } finally {
    progress.clear();
    await repository.close();
  }
}

async function nextSteps(context: Context, { service }: Application): Promise<string> {
  const ledger = service.opened;
  const steps =
    ledger === undefined
      ? [
          "npx countermand init                       open the ledger; you become its first administrator",
          "npx countermand person add --public-key …  enrol somebody who can approve",
        ]
      : [];
  return [
    "",
    style(context, "bold", "Next"),
    ...steps.map((step) => `  ${step}`),
    "  npx countermand undo <tag or commit>       what would going back undo?",
    "  npx countermand propose                    propose a rollback",
    "Ctrl-C stops the server; what it holds stays.",
    "",
  ].join("\n");
}
