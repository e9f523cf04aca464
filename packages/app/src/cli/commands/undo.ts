/** `countermand undo [REPO] TARGET`: what would going back undo? */
import { Command, Option } from "commander";
import { toMarkdown } from "../../undo/output/markdown.ts";
import { toSarif } from "../../undo/output/sarif.ts";
import { renderUndo, renderUndoJson } from "../../undo/range/render.ts";
import type { UndoReport } from "../../undo/range/report.ts";
import { undoStates } from "../../undo/range/states.ts";
import type { Context } from "../context.ts";
import { type ClearingFiles, clearingsIn } from "../clearing-files.ts";
import { contextIn } from "../context-file.ts";
import { withKnowledge } from "../knowledge.ts";
import { keepReport } from "../last-report.ts";
import { scannersIn } from "../scanners.ts";
import { jsonLine } from "../../undo/text.ts";
import { collect } from "./shared.ts";
import { withRepository } from "../repository-argument.ts";

interface UndoOptions extends ClearingFiles {
  readonly from?: string;
  readonly revert?: true;
  readonly scanners?: string;
  readonly context?: string;
  readonly format: Format;
  readonly json?: true;
}

type Format = "text" | "json" | "sarif" | "markdown";

export function undoCommand(context: Context): Command {
  return new Command("undo")
    .summary("what would going back undo? by content, in seconds")
    .description(
      `Says what going from --from back to TARGET undoes: commits by content (what was reverted already does not count, what was re-applied does), files, components, authors, tags, implications, and what cannot be known.
TARGET is a commit, tag or branch to go back to; with --revert, a commit to take back; A..B, a range to take back.
Other states, for TARGET and --from alike: dir:PATH (a folder, say of rendered manifests), file:PATH (an SBOM, exported flags, terraform show -json), image:PATH[@sha256:…] (an OCI layout).`,
    )
    .argument("<repo-or-target>", "the repository, if not the one here; else the target")
    .argument("[target]", "the target")
    .option("--from <ref>", "where you go back from", "HEAD")
    .option("--revert", "take the commit TARGET back, rather than going back to it")
    .option("--scanners <file>", "also run the scanners of this file (docs/operations/scanners.md)")
    .option(
      "--context <file>",
      "where parts run and what they hold, beside the repository's own countermand.yaml",
    )
    .option(
      "--clearings <file>",
      "what people signed of findings (countermand clear RECORD --json), repeatable",
      collect,
    )
    .option("--vex <file>", "an OpenVEX or CycloneDX VEX document, repeatable", collect)
    .option(
      "--evidence <file>",
      "what a machine checked, or an SBOM of what ships (docs/spec/clearing.md), repeatable",
      collect,
    )
    .addOption(
      new Option("--format <format>", "text, json, sarif or markdown (for a pull request)")
        .choices(["text", "json", "sarif", "markdown"])
        .default("text"),
    )
    .option("--json", "the same as --format json")
    .action(async (first: string, second: string | undefined, options: UndoOptions) => {
      const target = second ?? first;
      await withRepository(
        context,
        second === undefined ? undefined : first,
        async (repository) => {
          const scanners = await scannersIn(context, options.scanners, repository);
          const clearings = await clearingsIn(context, options);
          const operator = await contextIn(context, options.context);
          const report = await withKnowledge(context, repository, (knowledge) =>
            undoStates(repository, {
              target,
              ...(options.from === undefined ? {} : { from: options.from }),
              ...(options.revert === true ? { mode: "revert" } : {}),
              ...scanners,
              ...operator,
              ...clearings,
              knowledge,
              signal: context.interrupted,
            }),
          );
          if (
            clearings.clearings !== undefined &&
            report.cleared?.some(({ by }) => by !== "context") !== true
          ) {
            context.err("Nothing that was given clears a finding of this.\n");
          }
          await keepReport(context, report);
          const format = options.json === true ? "json" : options.format;
          context.out(printed(report, format, context.columns));
        },
      );
    });
}

function printed(report: UndoReport, format: Format, columns: number): string {
  switch (format) {
    case "json":
      return renderUndoJson(report);
    case "sarif":
      return `${jsonLine(toSarif(report))}\n`;
    case "markdown":
      return toMarkdown(report);
    case "text":
      return renderUndo(report, columns);
  }
}
