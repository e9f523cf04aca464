/**
 * Proofs about commits: what a commit that goes back, or going from one commit's
 * state to another's, takes back. And what the lane for clean reverts asks of one.
 */
import { parseCommit } from "../git/commit.ts";
import { GitError } from "../git/error.ts";
import { ObjectReader } from "../git/object-reader.ts";
import type { Repository } from "../git/repository.ts";
import { type CheckedInverse, checkInverse } from "./check.ts";
import {
  type InverseClaim,
  type InverseProof,
  inverseProofBytes,
  inverseProofDigest,
  type TreeName,
  type UndoneChange,
} from "./proof.ts";
import { type InverseProblem, type Objects, type Proved, proveInverse } from "./prove.ts";
import { emptyTree } from "./trees.ts";

/** Full ids. `commit` is taken back against its first parent; a range from after `before` up to `after` as one change. */
export type Undone =
  | { readonly commit: string }
  | { readonly before: string; readonly after: string };

/** Full ids: a commit against its first parent, or the states of two commits. */
export type GoingBack =
  | { readonly commit: string }
  | { readonly from: string; readonly to: string };

/** Runs `work` with the objects of a repository. */
export async function withObjects<T>(
  repo: Repository,
  work: (objects: Objects) => Promise<T>,
): Promise<T> {
  const reader = new ObjectReader(repo);
  try {
    return await work({ reader, format: repo.objectFormat });
  } finally {
    reader.close();
  }
}

/** The proof that `back` takes back exactly `undone` (the newest first), or why there is none. */
export async function proveCommits(
  repo: Repository,
  back: GoingBack,
  undone: readonly Undone[],
): Promise<Proved> {
  return await withObjects(repo, async (objects) =>
    proveInverse(objects, await claimOf(objects, back, undone)),
  );
}

/** What an assessment carries of a proof: so whoever has the trees can make it again and compare. */
export type InverseReference = { readonly digest: string; readonly size: number };

export function referenceTo(proof: InverseProof): InverseReference {
  return { digest: inverseProofDigest(proof), size: inverseProofBytes(proof).length };
}

export async function claimOf(
  objects: Objects,
  back: GoingBack,
  undone: readonly Undone[],
): Promise<InverseClaim> {
  const own =
    "commit" in back
      ? await changeOf(objects, back.commit)
      : { before: await nameOf(objects, back.from), after: await nameOf(objects, back.to) };
  const undoes: UndoneChange[] = [];
  for (const one of undone) {
    undoes.push(
      "commit" in one
        ? await changeOf(objects, one.commit)
        : {
            before: await nameOf(objects, one.before),
            after: await nameOf(objects, one.after),
          },
    );
  }
  return { from: own.before, to: own.after, undoes };
}

async function changeOf(objects: Objects, oid: string): Promise<UndoneChange> {
  const { tree, parents } = await commitOf(objects, oid);
  const [parent] = parents;
  const before =
    parent === undefined ? { tree: emptyTree[objects.format] } : await nameOf(objects, parent);
  return { before, after: { tree, commit: oid } };
}

async function nameOf(objects: Objects, oid: string): Promise<TreeName> {
  return { tree: (await commitOf(objects, oid)).tree, commit: oid };
}

const largestCommit = 64 * 1024 * 1024;

async function commitOf({ reader }: Objects, oid: string) {
  const object = await reader.read(oid, largestCommit);
  const commit =
    object.kind === "found" && object.type === "commit" ? parseCommit(oid, object.content) : null;
  if (commit === null) {
    throw new GitError("missing-object", `commit ${oid} is not in this repository`);
  }
  return commit;
}

/** What somebody says is undone, as full ids: the newest first. */
export type AskedInverse = { readonly back: GoingBack; readonly undone: readonly Undone[] };

export type CleanInverse =
  | { readonly clean: true; readonly reference: InverseReference }
  | { readonly clean: false; readonly because: readonly InverseProblem[] };

/**
 * What a lane for clean reverts may believe: the proof was checked and holds, all of
 * what was asked for is taken back and not only a rest of it, and the proof is about
 * the trees of these commits (`asked`, made from the commits by `claimOf`) and no others.
 * Pure: decides, and reads nothing.
 */
export function isCleanInverse(
  proof: InverseProof,
  checked: CheckedInverse,
  asked: InverseClaim,
): CleanInverse {
  const because = [...checked.problems];
  if (!checked.holds && because.length === 0) because.push({ why: "the proof does not hold" });
  if (proof.takesBack !== "all") {
    because.push({
      why: "some of the change had been taken back before; this takes back the rest",
    });
  }
  const trees = ({ from, to, undoes }: InverseClaim) =>
    [from, to, ...undoes.flatMap(({ before, after }) => [before, after])].map(({ tree }) => tree);
  if (trees(proof).join() !== trees(asked).join()) {
    because.push({ why: "the proof is about other trees" });
  }
  return because.length === 0
    ? { clean: true, reference: referenceTo(proof) }
    : { clean: false, because };
}

/** Makes the proof, checks it as a stranger would, and judges it. */
export async function cleanInverseOf(
  repo: Repository,
  { back, undone }: AskedInverse,
): Promise<CleanInverse> {
  return await withObjects(repo, async (objects) => {
    const asked = await claimOf(objects, back, undone);
    const { proof, problems } = await proveInverse(objects, asked);
    if (proof === null) return { clean: false, because: problems };
    return isCleanInverse(proof, await checkInverse(objects, proof), asked);
  });
}
