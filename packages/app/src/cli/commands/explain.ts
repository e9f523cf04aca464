/** `countermand explain FINDING`: one finding of a report, or of a record's assessment. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { explainFinding, findFindings } from "../../undo/output/explain.ts";
import { parseUndoReport } from "../../undo/range/parse-report.ts";
import type { UndoReport } from "../../undo/range/report.ts";
import { count } from "../../undo/text.ts";
import type { Context } from "../context.ts";
import { usage } from "../exit.ts";
import { lastReport } from "../last-report.ts";

export function explainCommand(context: Context): Command {
  return new Command("explain")
    .summary("say more about one finding: why, where, what would settle it")
    .description(
      "FINDING is the beginning of its fingerprint (6 digits or more, at the end of its line), or the name of an implication. It is looked for in the last report that `undo` printed here, or in the file that --report names.",
    )
    .argument("<finding>", "for instance 3f2a91c0, or gate.scanner-disabled")
    .option("--report <file>", "a report from `countermand undo --json`")
    .action(async (asked: string, options: { report?: string }) => {
      const report =
        options.report === undefined
          ? await kept(context)
          : await read(resolve(context.cwd, options.report));
      const found = findFindings(report, asked);
      if (found.length === 0) {
        throw usage(
          `No finding of ${report.findings.length} in this report is ${JSON.stringify(asked)}; give 6 digits or more of a fingerprint, or the name of an implication.`,
        );
      }
      context.out(
        found.map((finding) => explainFinding(finding, report, context.columns)).join("\n"),
      );
      if (found.length > 1) context.out(`\n${count(found.length, "finding")}\n`);
    });
}

async function kept(context: Context): Promise<UndoReport> {
  const bytes = await lastReport(context);
  if (bytes === undefined) {
    throw usage(
      "There is no report to look in: run countermand undo first, or name one with --report.",
    );
  }
  return parseUndoReport(bytes);
}

async function read(file: string): Promise<UndoReport> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw usage(`${file} cannot be read (${error.code}).`);
  });
  return parseUndoReport(bytes);
}
