/** What a proposal would undo, as an `assessed` statement says it, with the report beside it. */
import { encodeHex, type Identity, type JsonObject } from "@countermand/record";
import { sha256 } from "@countermand/tlog";
import { authorEmails, resolveAuthors } from "../rollbacks/authors.ts";
import type { Instance } from "../rollbacks/countermand.ts";
import type { SignedClearing } from "../undo/clearing/clearings.ts";
import { GitError } from "../undo/git/error.ts";
import type { Repository } from "../undo/git/repository.ts";
import { renderUndo, undoReportBytes } from "../undo/range/render.ts";
import type { UndoReport } from "../undo/range/report.ts";
import { ascii, summaryOf } from "../undo/range/summary.ts";
import { undo } from "../undo/range/undo.ts";
import type { Context } from "./context.ts";
import { contextIn } from "./context-file.ts";
import { withKnowledge } from "./knowledge.ts";

export interface Assessed {
  readonly body: JsonObject;
  /** Canonical bytes of the report; none where there is nothing to compare. */
  readonly report?: Uint8Array;
  /** Canonical bytes of the proof that it is an exact inverse, where there is one. */
  readonly inverse?: Uint8Array;
  /** For a person. */
  readonly text: string;
}

const tool = "countermand-undo@0.1.0";

/** What `compareStates` found, as a statement about the record `id`. */
export function assessedFrom(
  context: Context,
  report: UndoReport | string,
  id: string,
  instance: Instance,
  inverse?: Uint8Array,
): Assessed {
  if (typeof report === "string") {
    return {
      body: {
        record: id,
        tool,
        commits: 0,
        files: 0,
        authors: [],
        unknownAuthors: 0,
        implications: [],
        unknowns: [report],
      },
      text: `What this undoes is unknown: ${report}.\n`,
    };
  }
  const bytes = undoReportBytes(report);
  const emails = authorEmails(bytes);
  return {
    body: {
      record: id,
      tool,
      ...summaryOf(report),
      ...resolveAuthors(emails, instance.registry, instance.openings),
      report: { digest: encodeHex(sha256(bytes)), size: bytes.length },
      ...(inverse === undefined
        ? {}
        : { inverse: { digest: encodeHex(sha256(inverse)), size: inverse.length } }),
    },
    report: bytes,
    ...(inverse === undefined ? {} : { inverse }),
    text: renderUndo(report, context.columns),
  };
}

/** What going from one state to the other undoes, or why that cannot be said. */
export async function compareStates(
  context: Context,
  { current, target }: { readonly current: Identity; readonly target: Identity },
  repository: Repository | undefined,
  /** What was signed of findings of the record that is revised. */
  clearings: readonly SignedClearing[] = [],
): Promise<UndoReport | string> {
  if (current.type !== "commit" || target.type !== "commit") {
    return "the states are not commits, and their content is not compared yet";
  }
  if (repository === undefined) return "there was no repository to compare them in";
  const operator = await contextIn(context, undefined);
  try {
    return await withKnowledge(context, repository, (knowledge) =>
      undo(repository, {
        from: current.commit,
        target: target.commit,
        ...operator,
        clearings: { statements: clearings },
        knowledge,
        signal: context.interrupted,
      }),
    );
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    return ascii(`the commits could not be compared: ${error.message}`);
  }
}
