/**
 * Checks a proof from the trees that it names, with nothing but object contents:
 * it is made again with the moves that it states, and must come out the same. A
 * label (the commit of a tree) is checked where the commit is there.
 */
import { parseCommit } from "../git/commit.ts";
import { type InverseProof, inverseProofDigest, type TreeName, unescapePath } from "./proof.ts";
import { type InverseProblem, type Move, type Objects, proveWithMoves } from "./prove.ts";

export type CheckedInverse = {
  readonly holds: boolean;
  /** Empty if it holds. */
  readonly problems: readonly InverseProblem[];
  /** Commits that are not here: that they have these trees was not checked. */
  readonly unseen: readonly string[];
};

const largestCommit = 64 * 1024 * 1024;

/** Throws a GitError where a tree or a file that decides is missing: then nobody knows. */
export async function checkInverse(objects: Objects, proof: InverseProof): Promise<CheckedInverse> {
  if (proof.objects !== objects.format) {
    const why = `its object ids are ${proof.objects}, those of this repository ${objects.format}`;
    return { holds: false, problems: [{ why }], unseen: [] };
  }
  const unseen = new Set<string>();
  const problems: InverseProblem[] = [];
  const names = [proof.from, proof.to, ...proof.undoes.flatMap((one) => [one.before, one.after])];
  for (const name of names) {
    const tree = await treeOf(objects, name);
    if (tree === "not here") unseen.add(name.commit ?? "");
    else if (tree !== name.tree) {
      problems.push({ why: `commit ${name.commit} has tree ${tree}, not ${name.tree}` });
    }
  }
  const moves = proof.paths.flatMap(({ path, leaves, changedAs }): Move[] => {
    const at = unescapePath(path);
    if (leaves !== undefined) return [{ path: at, leaves: unescapePath(leaves) }];
    if (changedAs !== undefined) return [{ path: at, changedAs: unescapePath(changedAs) }];
    return [];
  });
  const again = await proveWithMoves(objects, proof, moves);
  problems.push(...again.problems);
  if (again.proof !== null && inverseProofDigest(again.proof) !== inverseProofDigest(proof)) {
    problems.push({ why: "the trees give another proof: paths, or how they are settled, differ" });
  }
  return { holds: problems.length === 0, problems, unseen: [...unseen].sort() };
}

async function treeOf({ reader }: Objects, name: TreeName): Promise<string> {
  if (name.commit === undefined) return name.tree;
  const object = await reader.read(name.commit, largestCommit);
  if (object.kind === "missing") return "not here";
  if (object.kind !== "found" || object.type !== "commit") return "none: it is no commit";
  return parseCommit(name.commit, object.content)?.tree ?? "none: it is no commit";
}
