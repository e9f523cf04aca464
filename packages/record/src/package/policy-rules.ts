/**
 * The policy rules that a package needs: every artefact of rules that its
 * registry entries propose. Which of them was in force when is the replay's to
 * find out.
 */
import { decodeBase64 } from "../bytes/encoding.ts";
import { parseEntry, registryStream } from "../entry/entry.ts";
import type { Artefact } from "../lifecycle/state.ts";
import type { Judge, Judging } from "../policy/judge.ts";
import { parsePayload } from "../statements/signed-statement.ts";

/** Reads rules; throws, with one sentence, where they are none. */
export type LoadJudge = (rules: Uint8Array) => Judge;

/** In order of entries, each once. Entries that cannot be read name none: they are found elsewhere. */
export function rulesNamed(entries: readonly Uint8Array[]): readonly Artefact[] {
  const found = new Map<string, Artefact>();
  for (const bytes of entries) {
    try {
      const { stream, envelope } = parseEntry(bytes);
      if (stream !== registryStream) continue;
      const { type, body } = parsePayload(decodeBase64(envelope.payload));
      const rules = body["rules"];
      if (type.name !== "policy-proposed" || typeof rules !== "object") continue;
      const { digest, size } = rules as unknown as Artefact;
      found.set(digest, { digest, size });
    } catch {
      continue;
    }
  }
  return [...found.values()];
}

/**
 * How the rules are held: by judges where all rules are here and can be loaded,
 * else not at all, and then `why` says so. Never by some of them: a record
 * decided under rules that are missing would look refused.
 */
export function judgingOf(
  named: readonly Artefact[],
  bytesOf: (digest: string) => Uint8Array | undefined,
  load: LoadJudge | undefined,
): { readonly judging: Judging; readonly why?: string } {
  if (named.length === 0) return { judging: () => undefined };
  if (load === undefined) {
    return { judging: "unchecked", why: "nothing here can read the policy's rules" };
  }
  const judges = new Map<string, Judge>();
  for (const { digest } of named) {
    const bytes = bytesOf(digest);
    if (bytes === undefined) {
      return { judging: "unchecked", why: `the policy's rules sha256:${digest} are not included` };
    }
    judges.set(digest, load(bytes));
  }
  return { judging: (rules) => judges.get(rules) };
}
