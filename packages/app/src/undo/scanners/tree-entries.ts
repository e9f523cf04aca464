/**
 * What of a git tree may become files on disk, and under which names. Everything
 * that is refused is counted by reason; the reasons hold no text of the
 * repository.
 */
import { GitError } from "../git/error.ts";
import type { Repository } from "../git/repository.ts";
import { gitlinkMode, symlinkMode } from "../git/tree-diff.ts";

/** Left out on purpose: a link's target is scanned where it is, and the configuration is the operator's. */
export const harmless = {
  link: "symbolic link",
  configuration: "scanner configuration of the repository",
} as const;

export type FileEntry = { readonly oid: string; readonly path: string };

export type TreeEntries = {
  readonly files: readonly FileEntry[];
  /** How many were left out, by reason. */
  readonly skipped: ReadonlyMap<string, number>;
};

/** The id of the tree of a commit (or of the tree itself). */
export async function treeOf(repo: Repository, commit: string): Promise<string> {
  if (!/^[0-9a-f]+$/.test(commit) || commit.length !== repo.oidLength) {
    throw new TypeError("not a full object id");
  }
  const { code, stdout } = await repo.run(
    ["rev-parse", "--verify", "--quiet", "--end-of-options", `${commit}^{tree}`],
    { maxBytes: 4096 },
  );
  if (code !== 0) throw new GitError("missing-object", `the tree of ${commit} is not here`);
  return stdout.toString("latin1").trim();
}

/** The tree's plain files; names in `leftOut` are not there, whatever they are. */
export async function treeEntries(
  repo: Repository,
  tree: string,
  leftOut: ReadonlySet<string>,
): Promise<TreeEntries> {
  const { code, stdout } = await repo.run(["ls-tree", "-r", "-z", "--full-tree", tree], {
    maxBytes: 256 * 1024 * 1024,
  });
  if (code !== 0) throw new GitError("missing-object", `a tree of ${tree} is not here`);
  const files: FileEntry[] = [];
  const skipped = new Map<string, number>();
  for (let at = 0; at < stdout.length;) {
    const end = stdout.indexOf(0, at);
    if (end === -1) break;
    const tab = stdout.indexOf(9, at);
    const [mode = "", , oid = ""] = stdout.toString("latin1", at, tab).split(" ");
    const name = stdout.subarray(tab + 1, end);
    at = end + 1;
    const reason = refusal(Number.parseInt(mode, 8), name, leftOut);
    if (reason !== null) skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
    else files.push({ oid, path: name.toString("utf8") });
  }
  return { files, skipped };
}

function refusal(mode: number, name: Buffer, leftOut: ReadonlySet<string>): string | null {
  if (mode === symlinkMode) return harmless.link;
  if (mode === gitlinkMode) return "submodule";
  if (mode !== 0o100644 && mode !== 0o100755 && mode !== 0o100664) return "unknown kind of file";
  const path = name.toString("utf8");
  if (!Buffer.from(path, "utf8").equals(name)) return "name that is no UTF-8";
  if (name.length > 1000) return "name of more than 1000 bytes";
  const names = path.split("/");
  if (names.length > 100) return "file in more than 100 folders";
  for (const one of names) {
    const wrong = wrongName(one);
    if (wrong !== null) return wrong;
    if (leftOut.has(one)) return harmless.configuration;
  }
  return null;
}

/** Names that some system takes for another: git's own rules for `.git`, and what a shell or Windows splits at. */
function wrongName(name: string): string | null {
  if (name === "" || name === "." || name === "..") return "name that leads elsewhere";
  if (Buffer.byteLength(name) > 255) return "name of more than 255 bytes";
  if (/[\0-\x1f\x7f\\]/.test(name)) return "name with a control character or backslash";
  // HFS+ ignores these; NTFS ignores dots and blanks at the end and has short names.
  const plain = name.replaceAll(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "");
  if (/^(?:\.git|git~\d)[. ]*(?::|$)/i.test(plain)) return "name taken for .git";
  return null;
}
