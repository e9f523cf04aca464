/**
 * `owner/name` of a repository on its forge, from the URL of its remote `origin`:
 * what an advisory's links to pull requests are compared with. One value of one
 * file is read, without includes; nothing in it is obeyed.
 */
import { join } from "node:path";
import type { Repository } from "./repository.ts";

/** Lower case; null where there is no remote `origin` with such a URL. */
export async function repositoryName(repo: Repository): Promise<string | null> {
  const file = join(repo.gitDir, "config");
  const args = ["config", "--file", file, "--no-includes", "--get", "remote.origin.url"];
  const { code, stdout } = await repo.run(args, { maxBytes: 64 * 1024 });
  return code === 0 ? nameInUrl(stdout.toString("utf8").trim()) : null;
}

/** `https://host/owner/name.git`, `ssh://git@host/owner/name`, `git@host:owner/name.git`; groups are kept. */
export function nameInUrl(url: string): string | null {
  if (url.length > 1000) return null;
  const path =
    /^(?:https?|ssh|git):\/\/(?:[^/@\s]{0,200}@)?[^/\s]{1,200}\/(.+)$/.exec(url)?.[1] ??
    /^[\w.-]{1,100}@[\w.-]{1,200}:(.+)$/.exec(url)?.[1];
  const name = path?.replace(/\/$/, "").replace(/\.git$/, "");
  return name !== undefined && /^[\w.-]+(?:\/[\w.-]+){1,6}$/.test(name) ? name.toLowerCase() : null;
}
