/** The proof that a proposal is the exact inverse of what it undoes, where there is one. */
import type { RecordState } from "@countermand/record";

import { claimOf, isCleanInverse, withObjects } from "../undo/inverse/commits.ts";
import { checkInverse } from "../undo/inverse/check.ts";
import { InverseError } from "../undo/inverse/error.ts";
import { inverseProofBytes, mostUndone } from "../undo/inverse/proof.ts";
import { proveInverse } from "../undo/inverse/prove.ts";
import { GitError } from "../undo/git/error.ts";
import type { Repository } from "../undo/git/repository.ts";
import type { UndoReport } from "../undo/range/report.ts";

/** Undefined where it is none, or where that cannot be shown: then people decide, as always. */
export async function provenInverse(
  { current, target }: Pick<RecordState["proposal"], "current" | "target">,
  repository: Repository | undefined,
  report: UndoReport | string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (repository === undefined || typeof report === "string") return undefined;
  if (current.type !== "commit" || target.type !== "commit") return undefined;
  const { undone, undoneCount } = report;
  if (undoneCount === 0 || undoneCount > mostUndone || undone.length < undoneCount) {
    return undefined;
  }
  const back = { from: current.commit, to: target.commit };
  try {
    return await withObjects(repository, async (objects) => {
      const asked = await claimOf(
        objects,
        back,
        undone.map(({ commit }) => ({ commit })),
      );
      const { proof } = await proveInverse(objects, asked);
      if (proof === null) return undefined;
      const judged = isCleanInverse(proof, await checkInverse(objects, proof), asked);
      return judged.clean ? inverseProofBytes(proof) : undefined;
    });
  } catch (error) {
    if (error instanceof GitError || error instanceof InverseError) return undefined;
    throw error;
  }
}
