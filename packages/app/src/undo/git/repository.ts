/**
 * Opens a repository for reading only. Discovery runs in the repository; from
 * then on git runs in an empty repository of our own whose object directory is
 * the real one (GIT_OBJECT_DIRECTORY) and whose refs are a copy taken at the
 * moment of opening. So its .git/config, attributes, grafts, hooks, index, work
 * tree, promisor remotes and replace refs are never read after discovery, and a
 * ref that moves meanwhile does not change an answer half way.
 *
 * Ownership: git refuses other users' repositories because their configuration
 * can run programs. As it is not obeyed here, such repositories are opened.
 *
 * Not defended: an object store whose index files lie. Blobs and commits that
 * decide something are read through object-reader.ts, which checks their hash.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve as resolvePath } from "node:path";
import { GitError, quoted } from "./error.ts";
import {
  failure,
  type GitOutput,
  type GitPlace,
  type GitProcess,
  runGit,
  type RunOptions,
  startGit,
} from "./run.ts";

export type Ref = { readonly name: string; readonly oid: string };

export type Repository = {
  /** As given, absolute. */
  readonly path: string;
  readonly gitDir: string;
  readonly bare: boolean;
  readonly objectFormat: "sha1" | "sha256";
  /** Hexadecimal digits of an object id: 40 or 64. */
  readonly oidLength: number;
  /** The commits whose parents were cut off; empty when the history is whole. */
  readonly shallowCommits: readonly string[];
  /** Objects may be missing on purpose (a promisor pack is present). */
  readonly partial: boolean;
  /** The commit id of HEAD, or null on an unborn branch. */
  readonly head: string | null;
  readonly refs: readonly Ref[];
  run(args: readonly string[], options?: RunOptions): Promise<GitOutput>;
  start(args: readonly string[]): GitProcess;
  /** Removes the temporary directory. Safe to call twice. */
  close(): Promise<void>;
};

const discoveryTimeoutMs = 20_000;

/** Opens the repository that `path` (a work tree, a folder in one, or a bare repository) belongs to. */
export async function openRepository(path: string): Promise<Repository> {
  if (path === "" || path.includes("\0")) {
    throw new GitError("not-a-repository", `${quoted(path)} is not a path`);
  }
  const absolute = resolvePath(path);
  const isDirectory = await stat(absolute).then(
    (s) => s.isDirectory(),
    () => false,
  );
  if (!isDirectory) {
    throw new GitError("not-a-repository", `${quoted(absolute)} is not a directory`);
  }
  const there: GitPlace = { cwd: absolute };
  const facts = await discover(there, absolute);
  const pinned: GitPlace = { cwd: absolute, environment: { GIT_DIR: facts.gitDir } };
  const [refs, head, shallowCommits, partial] = await Promise.all([
    listRefs(pinned),
    readHead(pinned),
    readShallow(facts.shallowFile, facts.oidLength),
    hasPromisorPack(facts.objects),
  ]);
  const own = await mkdtemp(join(tmpdir(), "countermand-git-"));
  try {
    await writeEmptyRepository(own, facts.objectFormat, head, refs, shallowCommits);
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    throw error;
  }
  const place: GitPlace = {
    cwd: own,
    environment: { GIT_DIR: own, GIT_OBJECT_DIRECTORY: facts.objects },
  };
  return {
    path: absolute,
    gitDir: facts.gitDir,
    bare: facts.bare,
    objectFormat: facts.objectFormat,
    oidLength: facts.oidLength,
    shallowCommits,
    partial,
    head,
    refs,
    run: (args, options) => runGit(place, args, options),
    start: (args) => startGit(place, args),
    close: () => rm(own, { recursive: true, force: true }),
  };
}

type Facts = {
  readonly gitDir: string;
  readonly objects: string;
  readonly shallowFile: string;
  readonly bare: boolean;
  readonly objectFormat: "sha1" | "sha256";
  readonly oidLength: number;
};

async function discover(place: GitPlace, path: string): Promise<Facts> {
  const { code, stdout, stderr } = await runGit(
    place,
    [
      "rev-parse",
      "--path-format=absolute",
      "--absolute-git-dir",
      "--git-path",
      "objects",
      "--git-path",
      "shallow",
      "--is-bare-repository",
      "--show-object-format",
    ],
    { timeoutMs: discoveryTimeoutMs, maxBytes: 1024 * 1024 },
  );
  if (code !== 0) {
    if (/not a git repository|must be run in a work tree/.test(stderr)) {
      throw new GitError("not-a-repository", `${quoted(path)} is not in a git repository`);
    }
    if (/unknown repository extension|repo version|bad config|object-?format/i.test(stderr)) {
      throw new GitError(
        "unsupported-repository",
        `git cannot open ${quoted(path)}: its configuration is damaged or asks for a newer git`,
      );
    }
    throw failure("rev-parse", stderr);
  }
  const lines = stdout.toString("utf8").split("\n");
  const [gitDir, objects, shallowFile, bare, format] = lines;
  if (
    lines.length !== 6 ||
    gitDir === undefined ||
    objects === undefined ||
    shallowFile === undefined ||
    (format !== "sha1" && format !== "sha256")
  ) {
    throw new GitError(
      "unsupported-repository",
      `the path of ${quoted(path)} holds a line break, or its object format is unknown`,
    );
  }
  return {
    gitDir,
    objects,
    shallowFile,
    bare: bare === "true",
    objectFormat: format,
    oidLength: format === "sha1" ? 40 : 64,
  };
}

async function listRefs(place: GitPlace): Promise<Ref[]> {
  const { code, stdout, stderr } = await runGit(
    place,
    ["for-each-ref", "--format=%(objectname) %(refname)"],
    { timeoutMs: discoveryTimeoutMs },
  );
  if (code !== 0) throw failure("for-each-ref", stderr);
  const refs: Ref[] = [];
  for (const line of stdout.toString("utf8").split("\n")) {
    const space = line.indexOf(" ");
    const name = line.slice(space + 1);
    if (space < 1 || name.startsWith("refs/replace/")) continue;
    const oid = line.slice(0, space);
    refs.push({ name, oid });
  }
  return refs;
}

async function readHead(place: GitPlace): Promise<string | null> {
  const { code, stdout } = await runGit(
    place,
    ["rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD"],
    { timeoutMs: discoveryTimeoutMs, maxBytes: 4096 },
  );
  const oid = stdout.toString("latin1").trim();
  return code === 0 && /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(oid) ? oid : null;
}

async function readShallow(file: string, oidLength: number): Promise<string[]> {
  const text = await readFile(file, "latin1").catch(() => "");
  return text.split("\n").filter((line) => line.length === oidLength && /^[0-9a-f]+$/.test(line));
}

async function hasPromisorPack(objects: string): Promise<boolean> {
  const names = await readdir(join(objects, "pack")).catch(() => []);
  return names.some((name) => name.endsWith(".promisor"));
}

async function writeEmptyRepository(
  directory: string,
  format: "sha1" | "sha256",
  head: string | null,
  refs: readonly Ref[],
  shallow: readonly string[],
): Promise<void> {
  const config =
    format === "sha1"
      ? "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
      : "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectFormat = sha256\n";
  await mkdir(join(directory, "refs"));
  await mkdir(join(directory, "objects"));
  await writeFile(join(directory, "config"), config);
  await writeFile(join(directory, "HEAD"), head === null ? "ref: refs/heads/none\n" : `${head}\n`);
  await writeFile(
    join(directory, "packed-refs"),
    refs.map((ref) => `${ref.oid} ${ref.name}\n`).join(""),
  );
  if (shallow.length > 0) {
    await writeFile(join(directory, "shallow"), shallow.map((oid) => `${oid}\n`).join(""));
  }
}
