/** What the rules are told beside the repository: advisory data, the time, and a key for secret values. */
import { createHmac, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type AdvisoryIndex, noAdvisories } from "../undo/advisories/advisory-index.ts";
import { AdvisoryError } from "../undo/advisories/error.ts";
import { openAdvisories } from "../undo/advisories/open.ts";
import type { Knowledge } from "../undo/assess/assess.ts";
import { repositoryName } from "../undo/git/remote.ts";
import type { Repository } from "../undo/git/repository.ts";
import { advisoriesFile, staleAfter } from "./advisories-file.ts";
import type { Context } from "./context.ts";

export async function withKnowledge<T>(
  context: Context,
  repository: Repository | undefined,
  work: (knowledge: Knowledge) => Promise<T>,
): Promise<T> {
  const key = secretsKey(context);
  using advisories = openKept(context);
  return await work({
    advisories,
    asOf: `${context.now().toISOString().slice(0, 19)}Z`,
    repository: repository === undefined ? null : await repositoryName(repository),
    hashSecret: (value) => createHmac("sha256", key).update(value).digest("hex"),
  });
}

/** The advisory data that were imported; none is an answer too. */
function openKept(context: Context): AdvisoryIndex & Disposable {
  try {
    return openAdvisories(advisoriesFile(context), staleAfter(context));
  } catch (error) {
    if (!(error instanceof AdvisoryError) || error.code !== "not-found") throw error;
    return { ...noAdvisories, [Symbol.dispose]() {} };
  }
}

/**
 * Keeps the same secret recognisable from one run to the next without keeping it.
 * Who has the key can try guesses against the hashes in reports, nothing more.
 * Without a place for it the key lasts as long as the process.
 */
function secretsKey({ env }: Context): Buffer {
  const state = env["XDG_STATE_HOME"];
  const base =
    state === undefined || state === "" ? join(env["HOME"] ?? homedir(), ".local", "state") : state;
  const folder = join(base, "countermand");
  const file = join(folder, "secrets.key");
  const made = randomBytes(32);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Never over another's: two runs that start at once agree on the first one's.
    writeFileSync(file, made.toString("hex"), { flag: "wx", mode: 0o600 });
    return made;
  } catch {
    try {
      const known = readFileSync(file, "utf8").trim();
      return /^[0-9a-f]{64}$/.test(known) ? Buffer.from(known, "hex") : made;
    } catch {
      return made;
    }
  }
}
