/** How an audit reads the content of what it finds, keeping it for the next time. */
import { openImplicationCache, versionsOf } from "../undo/assess/cache.ts";
import { contentReader, type ImplicationReader } from "../undo/assess/reversal.ts";
import type { Repository } from "../undo/git/repository.ts";
import { cacheFolder } from "./cache-folder.ts";
import type { Context } from "./context.ts";
import { withKnowledge } from "./knowledge.ts";

export async function withImplications<T>(
  context: Context,
  repository: Repository,
  work: (implications: {
    readonly reader: ImplicationReader;
    readonly versions: string;
  }) => Promise<T>,
): Promise<T> {
  return await withKnowledge(context, repository, async (knowledge) => {
    const versions = versionsOf(knowledge);
    const reader = contentReader(repository, knowledge);
    const folder = cacheFolder(context, "implications", "the next audit reads everything again");
    if (folder === undefined) return await work({ reader, versions });
    const cache = await openImplicationCache(folder, repository.gitDir, versions, reader);
    try {
      return await work({ reader: cache.reader, versions });
    } finally {
      await cache.close();
    }
  });
}
