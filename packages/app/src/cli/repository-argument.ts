/** The repository a command looks at: the one named, or the one here. */
import { resolve } from "node:path";
import { GitError } from "../undo/git/error.ts";
import { openRepository, type Repository } from "../undo/git/repository.ts";
import type { Context } from "./context.ts";

/**
 * Runs `work` with the repository at `named`, or with the one here, or with none
 * where nothing is named and there is none here.
 */
export async function withRepository<T>(
  context: Context,
  named: string | undefined,
  work: (repository: Repository | undefined) => Promise<T>,
): Promise<T> {
  const repository = await open(context, named);
  try {
    return await work(repository);
  } finally {
    await repository?.close();
  }
}

async function open(context: Context, named: string | undefined): Promise<Repository | undefined> {
  try {
    return await openRepository(resolve(context.cwd, named ?? "."));
  } catch (error) {
    const isNone = error instanceof GitError && error.code === "not-a-repository";
    if (named === undefined && isNone) return undefined;
    throw error;
  }
}
