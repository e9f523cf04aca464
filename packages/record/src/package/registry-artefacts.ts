/**
 * Artefacts that a package needs beside the record's own: every policy's rules
 * that its registry entries propose (which of them was in force when is the
 * replay's to find out), and key sets of identity providers.
 */
import type { JsonValue } from "../bytes/canonical-json.ts";
import { decodeBase64 } from "../bytes/encoding.ts";
import { parseEntry, registryStream } from "../entry/entry.ts";
import type { Artefact } from "../lifecycle/state.ts";
import type { Judge, Judging } from "../policy/judge.ts";
import { parsePayload } from "../statements/signed-statement.ts";

/** Reads rules; throws, with one sentence, where they are none. */
export type LoadJudge = (rules: Uint8Array) => Judge;

/** Artefacts that registry entries name, in their order, each once. */
export interface RegistryArtefacts {
  readonly rules: readonly Artefact[];
  /** Key sets of identity providers. */
  readonly keySets: readonly Artefact[];
}

/** Entries that cannot be read name none: they are found elsewhere. */
export function registryArtefacts(entries: readonly Uint8Array[]): RegistryArtefacts {
  const rules = new Map<string, Artefact>();
  const keySets = new Map<string, Artefact>();
  for (const bytes of entries) {
    try {
      const { stream, envelope } = parseEntry(bytes);
      if (stream !== registryStream) continue;
      const { type, body } = parsePayload(decodeBase64(envelope.payload));
      add(rules, type.name === "policy-proposed" ? body["rules"] : undefined);
      add(keySets, type.name === "key-enrolled" ? body["keys"] : undefined);
    } catch {
      continue;
    }
  }
  return { rules: [...rules.values()], keySets: [...keySets.values()] };
}

function add(found: Map<string, Artefact>, value: JsonValue | undefined): void {
  if (typeof value !== "object") return;
  const { digest, size } = value as unknown as Artefact;
  found.set(digest, { digest, size });
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
