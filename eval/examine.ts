/** Runs the analysis over commits of one repository, as an audit does. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { contentReader, type ReversalFindings } from "../packages/app/src/undo/assess/reversal.ts";
import type { Knowledge } from "../packages/app/src/undo/assess/assess.ts";
import { Auditor } from "../packages/app/src/undo/audit/auditor.ts";
import type { Reversal } from "../packages/app/src/undo/audit/reversal.ts";
import { openRepository, type Repository } from "../packages/app/src/undo/git/repository.ts";
import { flags, none } from "../packages/app/src/undo/history/history.ts";
import { addLineKeys } from "../packages/app/src/undo/history/line-keys.ts";
import { scanHistory } from "../packages/app/src/undo/history/scan.ts";
import { CommitSource } from "../packages/app/src/undo/history/source.ts";

export type Examined = ReversalFindings & {
  readonly commit: string;
  /** Null where the audit would not take the commit for a reversal. */
  readonly reversal: Reversal | null;
  readonly milliseconds: number;
};

/** The folder of `owner/name` under `folder`, in the layouts that people use; undefined where there is none. */
export function repositoryFolder(folder: string, repo: string): string | undefined {
  const [owner = "", name = ""] = repo.split("/");
  return [join(owner, name), `${owner}__${name}`, `${owner}+${name}`, name, `${name}.git`]
    .flatMap((place) => [join(folder, place, "repo"), join(folder, place)])
    .find((path) => existsSync(path));
}

/** The commits by id, and up to `random` others of the history that claim to be reverts, evenly spread. */
export async function* examine(
  folder: string,
  commits: readonly string[],
  random: number,
  knowledge: Omit<Knowledge, "asOf">,
): AsyncGenerator<Examined & { readonly chosen: "case" | "random" }> {
  const repo = await openRepository(folder);
  try {
    yield* ofRepository(repo, commits, random, knowledge);
  } finally {
    await repo.close();
  }
}

async function* ofRepository(
  repo: Repository,
  commits: readonly string[],
  random: number,
  knowledge: Omit<Knowledge, "asOf">,
): AsyncGenerator<Examined & { readonly chosen: "case" | "random" }> {
  const source = new CommitSource(repo);
  try {
    const here: string[] = [];
    for (const oid of commits) if ((await source.commit(oid)) !== null) here.push(oid);
    const tips = repo.head === null ? here : [repo.head, ...here];
    const history = await scanHistory(repo, { tips, without: [] });
    await addLineKeys(repo, history);
    const seen = new Map<string, ReversalFindings>();
    const read = contentReader(repo, knowledge);
    const auditor = new Auditor(history, source, async (from, change) => {
      const found = await read(from, change);
      seen.set(change.commit.oid, found);
      return found;
    });
    const claims: number[] = [];
    for (let row = 0; row < history.size; row++) {
      if (history.has(row, flags.claims) && !history.has(row, flags.merge)) claims.push(row);
    }
    const step = Math.max(1, claims.length / random);
    const spread = random === 0 ? [] : claims.filter((_, i) => Math.floor(i % step) === 0);
    const wanted = [
      ...here.map((oid) => ({ row: history.find(oid), chosen: "case" as const })),
      ...spread
        .slice(0, random)
        .filter((row) => !here.includes(history.oid(row)))
        .map((row) => ({ row, chosen: "random" as const })),
    ];
    for (const { row, chosen } of wanted) {
      if (row === none) continue;
      const commit = history.oid(row);
      const start = performance.now();
      const reversal = await auditor.examine(row);
      const findings = seen.get(commit) ?? (await asPlainChange(commit, source, read));
      yield { ...findings, commit, reversal, chosen, milliseconds: performance.now() - start };
    }
  } finally {
    source.close();
  }
}

/** What the audit passes over is still a change between two states. */
async function asPlainChange(
  oid: string,
  source: CommitSource,
  read: ReturnType<typeof contentReader>,
): Promise<ReversalFindings> {
  const commit = await source.commit(oid);
  if (commit === null) throw new Error(`commit ${oid} is not there`);
  const parent = commit.parents[0] ?? null;
  return await read(source, {
    commit,
    parent,
    undone: [],
    resolvedBy: "none",
    exact: false,
    share: 0,
  });
}
