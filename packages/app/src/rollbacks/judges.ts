/**
 * Judges of policy rules, by the digest of the rules. They are loaded before a
 * batch is decided, because deciding cannot wait; rules that are not here, or do
 * not load, have no judge, and then nothing is allowed.
 */
import type { Registry } from "@countermand/record";
import { loadJudge, type LoadedPolicy } from "../policy/judge.ts";
import type { Blobs } from "../storage/blobs.ts";

export interface Judges {
  /** Loads the rules in force, where they are here and are rules. */
  prepare(registry: Pick<Registry, "rules"> | undefined): Promise<void>;
  judge(rules: string): LoadedPolicy | undefined;
}

export function judgesOf(blobs: Pick<Blobs, "get">): Judges {
  const loaded = new Map<string, LoadedPolicy>();
  return {
    async prepare(registry) {
      const digest = registry?.rules?.digest;
      if (digest === undefined || loaded.has(digest)) return;
      const bytes = await blobs.get(digest);
      if (bytes === undefined) return;
      try {
        loaded.set(digest, loadJudge(bytes));
      } catch {
        // Refused where it is asked for; it was loaded once before it was proposed.
      }
    },
    judge: (rules) => loaded.get(rules),
  };
}
