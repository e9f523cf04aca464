/** Makes histories with real git for tests: fixed names and dates, so ids are the same in every run. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export type CommitOptions = {
  readonly files?: Readonly<Record<string, string | Buffer | null>>;
  /** Seconds after the commit before; default one hour. */
  readonly after?: number;
  readonly allowEmpty?: boolean;
};

export class HistoryBuilder {
  readonly directory: string;
  #seconds = 1_700_000_000;

  constructor(options: { readonly format?: "sha1" | "sha256" } = {}) {
    this.directory = mkdtempSync(join(tmpdir(), "countermand-history-"));
    this.git(["init", "-q", "-b", "main", `--object-format=${options.format ?? "sha1"}`]);
  }

  /** Runs git here and returns its output without the last line feed. */
  git(args: readonly string[], input?: string | Buffer): string {
    const date = `${this.#seconds} +0000`;
    return execFileSync("git", [...args], {
      cwd: this.directory,
      input: input ?? "",
      maxBuffer: 64 * 1024 * 1024,
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: this.directory,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_AUTHOR_NAME: "Ann",
        GIT_AUTHOR_EMAIL: "ann@example.org",
        GIT_COMMITTER_NAME: "Ann",
        GIT_COMMITTER_EMAIL: "ann@example.org",
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_DATE: date,
        LC_ALL: "C",
      },
    })
      .toString("utf8")
      .replace(/\n$/, "");
  }

  write(path: string, content: string | Buffer): void {
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  /** Writes the files (null deletes), stages everything and commits. Returns the commit id. */
  commit(message: string | Buffer, options: CommitOptions = {}): string {
    for (const [path, content] of Object.entries(options.files ?? {})) {
      if (content === null) rmSync(join(this.directory, path));
      else this.write(path, content);
    }
    this.#seconds += options.after ?? 3600;
    this.git(["add", "-A"]);
    const empty = options.allowEmpty === true ? ["--allow-empty"] : [];
    const form = ["--allow-empty-message", "--cleanup=verbatim", ...empty];
    this.git(["commit", "-q", ...form, "-F", "-"], Buffer.from(message));
    return this.head();
  }

  /** `git revert`, with the message git writes unless one is given. */
  revert(
    commit: string,
    options: { readonly mainline?: number; readonly message?: string } = {},
  ): string {
    this.#seconds += 3600;
    const mainline = options.mainline === undefined ? [] : ["-m", String(options.mainline)];
    this.git(["revert", "--no-edit", ...mainline, commit]);
    if (options.message !== undefined)
      this.git(["commit", "-q", "--amend", "-F", "-"], options.message);
    return this.head();
  }

  /** Merges with a merge commit. */
  merge(branches: readonly string[], message: string): string {
    this.#seconds += 3600;
    this.git(["merge", "-q", "--no-ff", "-m", message, ...branches]);
    return this.head();
  }

  head(): string {
    return this.git(["rev-parse", "HEAD"]);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** `n` lines that say something, `tag` in each. */
export function textLines(tag: string, n: number): string {
  return Array.from({ length: n }, (_, i) => `${tag} statement number ${i} of the file\n`).join("");
}
