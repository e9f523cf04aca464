/** A folder among the user's caches: what is in it can be made again. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Context } from "./context.ts";

/** Undefined, with one sentence to the person, where it cannot be written; `loss` says what that costs. */
export function cacheFolder(context: Context, name: string, loss: string): string | undefined {
  const cache = context.env["XDG_CACHE_HOME"];
  const base =
    cache === undefined || cache === "" ? join(context.env["HOME"] ?? homedir(), ".cache") : cache;
  const directory = join(base, "countermand", name);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.W_OK);
    return directory;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    context.err(`${directory} cannot be written (${code}): ${loss}.\n`);
    return undefined;
  }
}
