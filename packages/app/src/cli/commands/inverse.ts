/** `countermand inverse`: proves, and checks, that one state is another without given commits. */
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { parseCommit } from "../../undo/git/commit.ts";
import type { Repository } from "../../undo/git/repository.ts";
import { resolveCommit, resolveRange } from "../../undo/git/resolve.ts";
import { checkInverse } from "../../undo/inverse/check.ts";
import {
  type GoingBack,
  proveCommits,
  type Undone,
  withObjects,
} from "../../undo/inverse/commits.ts";
import {
  inverseProofBytes,
  inverseProofDigest,
  largestProof,
  type InverseProof,
  parseInverseProof,
  type TreeName,
  type UndoneChange,
  unescapePath,
} from "../../undo/inverse/proof.ts";
import type { InverseProblem, Objects } from "../../undo/inverse/prove.ts";
import { pathText } from "../../undo/git/tree-diff.ts";
import { count, forTerminal, jsonLine } from "../../undo/text.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { withRepository } from "../repository-argument.ts";

type Exit = (code: number) => void;

export function inverseCommand(context: Context, exit: Exit): Command {
  const command = new Command("inverse")
    .summary("prove that a commit takes others back exactly, or check such a proof")
    .description(
      "A proof that going from one tree to another takes given commits back and does nothing else. Who has the trees can check it, without the commits and without git's diff.",
    );
  command.addCommand(makeCommand(context));
  command.addCommand(checkCommand(context, exit));
  return command;
}

interface MakeOptions {
  readonly repo?: string;
  readonly by: string;
  readonly from?: string;
  readonly to?: string;
  readonly out?: string;
}

function makeCommand(context: Context): Command {
  return new Command("make")
    .summary("make the proof, or say path by path why there is none")
    .description(
      "UNDONE are the commits that are taken back, the newest first: each against its first parent; A..B is everything after A up to B as one change. Prints the proof, canonical JSON, with nothing after it.",
    )
    .argument("<undone...>", "commits, or ranges A..B")
    .option("--by <commit>", "the commit that goes back, against its first parent", "HEAD")
    .option("--from <ref>", "instead of --by: the state that is left (with --to)")
    .option("--to <ref>", "instead of --by: the state that is gone back to (with --from)")
    .option("--repo <dir>", "the repository (the one here)")
    .option("--out <file>", "write the proof here and say its digest")
    .action(async (named: readonly string[], options: MakeOptions) => {
      await inRepository(context, options.repo, async (repository) => {
        const back = await goingBack(repository, options);
        const undone: Undone[] = [];
        for (const one of named) {
          const range = await resolveRange(repository, one);
          undone.push(
            range === null
              ? { commit: await resolveCommit(repository, one) }
              : { before: range.from, after: range.to },
          );
        }
        const { proof, problems } = await proveCommits(repository, back, undone);
        if (proof === null) throw notTheInverse(problems);
        const bytes = inverseProofBytes(proof);
        if (options.out === undefined) {
          context.outBytes(bytes);
          return;
        }
        const file = resolve(context.cwd, options.out);
        await writeFile(file, bytes).catch((error: NodeJS.ErrnoException) => {
          throw usage(`${file} cannot be written (${error.code}).`);
        });
        context.out(`${await summary(repository, proof)}\nsha256:${inverseProofDigest(proof)}\n`);
      });
    });
}

async function goingBack(
  repository: Repository,
  { by, from, to }: MakeOptions,
): Promise<GoingBack> {
  if (from === undefined && to === undefined) {
    return { commit: await resolveCommit(repository, by) };
  }
  if (from === undefined || to === undefined) {
    throw usage("--from and --to go together: the state that is left, and the one gone back to.");
  }
  return { from: await resolveCommit(repository, from), to: await resolveCommit(repository, to) };
}

const mostShown = 20;

function notTheInverse(problems: readonly InverseProblem[]): CommandError {
  const lines = problems.slice(0, mostShown).map(said);
  const more = problems.length - lines.length;
  return new CommandError(
    exitCodes.finding,
    [
      "This is not the exact inverse:",
      ...lines,
      ...(more > 0 ? [`  and ${count(more, "more path")}`] : []),
    ].join("\n"),
  );
}

function said({ path, why }: InverseProblem): string {
  const name = path === undefined ? "" : `${forTerminal(pathText(unescapePath(path)), 200)}: `;
  return `  ${name}${why}`;
}

interface CheckOptions {
  readonly repo?: string;
  readonly digest?: string;
  readonly json?: true;
}

function checkCommand(context: Context, exit: Exit): Command {
  return new Command("check")
    .summary("check a proof against the trees in a repository")
    .description(
      "Exit code 0: it holds. 1: it does not, or is not the one with --digest. 2: the file is no proof. 3: a tree or file that decides is not in the repository.",
    )
    .argument("<proof>", "the file")
    .option("--repo <dir>", "a repository that has the trees (the one here)")
    .option("--digest <sha256>", "the digest that a record or an assessment names")
    .option("--json", "one JSON object: holds, takesBack, digest, problems, unseen")
    .action(async (name: string, options: CheckOptions) => {
      const proof = parseInverseProof(await readProof(context, name));
      const digest = inverseProofDigest(proof);
      await inRepository(context, options.repo, async (repository) => {
        const checked = await withObjects(repository, (objects) => checkInverse(objects, proof));
        const problems = [...checked.problems];
        const wanted = options.digest?.replace(/^sha256:/, "");
        if (wanted !== undefined && wanted !== digest) {
          problems.unshift({ why: `its digest is ${digest}` });
        }
        if (problems.length > 0) exit(exitCodes.finding);
        const { takesBack } = proof;
        const { unseen } = checked;
        const holds = problems.length === 0;
        if (options.json === true) {
          context.out(`${jsonLine({ holds, takesBack, digest, problems, unseen })}\n`);
          return;
        }
        const lines = [
          ...(holds ? ["holds:", await summary(repository, proof)] : ["does not hold:"]),
          ...problems.slice(0, mostShown).map(said),
          ...unseen.map((commit) => `  commit ${commit} is not here: its tree was taken on trust`),
          `sha256:${digest}`,
        ];
        context.out(`${lines.join("\n")}\n`);
      });
    });
}

async function readProof(context: Context, name: string): Promise<Uint8Array> {
  const file = resolve(context.cwd, name);
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw usage(`${file} cannot be read (${error.code}).`);
  });
  if (bytes.length > largestProof) throw usage(`${file} is larger than a proof can be.`);
  return bytes;
}

/** What a proof says, for a person. */
async function summary(repository: Repository, proof: InverseProof): Promise<string> {
  return await withObjects(repository, async (objects) => {
    const lines = [`going from ${nameOf(proof.from)} to ${nameOf(proof.to)} takes back`];
    for (const one of proof.undoes) lines.push(`  ${await changeName(objects, one)}`);
    const merged = proof.paths.filter(({ how }) => how === "merge").length;
    lines.push(
      `${proof.takesBack === "all" ? "all of it" : "the rest of it (some had been taken back before)"} and nothing else: ${count(proof.paths.length, "path")}, ${merged} of them by lines`,
    );
    return lines.join("\n");
  });
}

function nameOf({ tree, commit }: TreeName): string {
  return commit === undefined ? `tree ${tree}` : commit;
}

/** A commit where the change is that commit against its first parent; else the two states. */
async function changeName({ reader }: Objects, { before, after }: UndoneChange): Promise<string> {
  const object = after.commit === undefined ? null : await reader.read(after.commit);
  const commit =
    after.commit === undefined || object?.kind !== "found" || object.type !== "commit"
      ? null
      : parseCommit(after.commit, object.content);
  const isOwn = commit !== null && commit.parents[0] === before.commit;
  return isOwn
    ? `${after.commit} ${forTerminal(commit.subject, 60)}`
    : `what was done from ${nameOf(before)} to ${nameOf(after)}`;
}

async function inRepository(
  context: Context,
  named: string | undefined,
  work: (repository: Repository) => Promise<void>,
): Promise<void> {
  await withRepository(context, named, async (repository) => {
    if (repository === undefined) {
      throw usage("There is no git repository here; name one with --repo.");
    }
    await work(repository);
  });
}
