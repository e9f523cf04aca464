/** `countermand undo [REPO] TARGET`: what would going back undo? */
import { Command } from "commander";
import { renderUndo, renderUndoJson } from "../../undo/range/render.ts";
import { undoStates } from "../../undo/range/states.ts";
import type { Context } from "../context.ts";
import { withKnowledge } from "../knowledge.ts";
import { withRepository } from "../repository-argument.ts";

interface UndoOptions {
  readonly from?: string;
  readonly revert?: true;
  readonly json?: true;
}

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
    .option("--json", "print the report as one JSON object")
    .action(async (first: string, second: string | undefined, options: UndoOptions) => {
      const target = second ?? first;
      await withRepository(
        context,
        second === undefined ? undefined : first,
        async (repository) => {
          const report = await withKnowledge(context, repository, (knowledge) =>
            undoStates(repository, {
              target,
              ...(options.from === undefined ? {} : { from: options.from }),
              ...(options.revert === true ? { mode: "revert" } : {}),
              knowledge,
              signal: context.interrupted,
            }),
          );
          context.out(
            options.json === true ? renderUndoJson(report) : renderUndo(report, context.columns),
          );
        },
      );
    });
}
