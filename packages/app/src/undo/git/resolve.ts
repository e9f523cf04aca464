/**
 * From what a person types to a commit id. Accepted: a full or abbreviated id,
 * a ref name, and `~n`, `^n`, `^{commit}` after either. Not accepted: searches
 * (`:/text`), paths (`rev:path`), reflog and upstream forms (`@{...}`), because
 * their answer depends on more than the history.
 */
import { GitError, quoted } from "./error.ts";
import type { Repository } from "./repository.ts";

const suffixes = /(?:~\d{0,6}|\^\d{0,3}|\^\{(?:commit)?\})*$/;

/** The commit that `ref` names, as a full id. Every refusal is a GitError with one sentence. */
export async function resolveCommit(repo: Repository, ref: string): Promise<string> {
  const { base, suffix } = checkForm(ref);
  if (base === "HEAD" && repo.head === null) {
    throw new GitError(
      "empty-repository",
      "HEAD names no commit yet: the repository is empty or on an unborn branch",
    );
  }
  const start = findBase(repo, base);
  const wanted = `${start ?? base}${suffix}`;
  const { code, stdout, stderr } = await repo.run(
    ["rev-parse", "--verify", "--end-of-options", `${wanted}^{commit}`],
    { maxBytes: 65_536 },
  );
  const oid = stdout.toString("latin1").trim();
  if (code === 0 && oid.length === repo.oidLength) return oid;
  if (/ambiguous/.test(stderr)) {
    throw new GitError(
      "ambiguous-ref",
      `${quoted(ref)} fits more than one object; give more digits of the id`,
    );
  }
  if (/expected commit type|not a commit/.test(stderr)) {
    throw new GitError("bad-ref", `${quoted(ref)} exists but is not a commit`);
  }
  if (repo.shallowCommits.length > 0 && (suffix !== "" || isHex(base))) {
    throw new GitError(
      "shallow",
      `${quoted(ref)} is not in this shallow clone; fetch the whole history with git fetch --unshallow`,
    );
  }
  throw new GitError("bad-ref", `${quoted(ref)} names no commit in this repository`);
}

function checkForm(ref: string): { base: string; suffix: string } {
  const refuse = (why: string) => new GitError("bad-ref", `${quoted(ref)} ${why}`);
  if (ref === "") throw refuse("is no ref; give a commit, branch or tag");
  if (ref.length > 1024) throw refuse("is longer than a ref can be");
  if (ref.startsWith("-")) throw refuse("looks like an option; a ref cannot start with -");
  if (/[\x00-\x20\x7f*?[\\]/.test(ref)) {
    throw refuse("holds a character that no ref can hold (space, control, * ? [ or backslash)");
  }
  if (ref.includes("..")) throw refuse("is a range; a single commit, branch or tag is needed");
  if (ref.includes("@{") || ref.includes(":")) {
    throw refuse("uses a form that depends on more than the history; give a commit, branch or tag");
  }
  const suffix = suffixes.exec(ref)?.[0] ?? "";
  const base = ref.slice(0, ref.length - suffix.length);
  if (base === "" || base.includes("^") || base.includes("~")) {
    throw refuse("is no ref; give a commit, branch or tag");
  }
  return { base: base === "@" ? "HEAD" : base, suffix };
}

/** The object that a ref name stands for, or undefined when it can only be an object id. */
function findBase(repo: Repository, base: string): string | undefined {
  if (base === "HEAD") return repo.head ?? undefined;
  if (isHex(base) && base.length === repo.oidLength) return base;
  const names = [
    base,
    `refs/${base}`,
    `refs/tags/${base}`,
    `refs/heads/${base}`,
    `refs/remotes/${base}`,
    `refs/remotes/${base}/HEAD`,
  ];
  const found = repo.refs.filter((ref) => names.includes(ref.name));
  const objects = new Set(found.map((ref) => ref.oid));
  if (objects.size > 1) {
    throw new GitError(
      "ambiguous-ref",
      `${quoted(base)} is ambiguous: ${found.map((ref) => quoted(ref.name)).join(" and ")} differ; give the full name`,
    );
  }
  return found[0]?.oid;
}

function isHex(text: string): boolean {
  return /^[0-9a-f]{4,64}$/.test(text);
}

export type Range = { readonly from: string; readonly to: string };

/** `A..B` as two commits; null when `text` is no range. `A...B` is refused. */
export async function resolveRange(repo: Repository, text: string): Promise<Range | null> {
  const at = text.indexOf("..");
  if (at === -1) return null;
  if (text.includes("...")) {
    throw new GitError(
      "bad-ref",
      `${quoted(text)} is a symmetric difference; give A..B for the commits after A up to B`,
    );
  }
  const [from, to] = [text.slice(0, at), text.slice(at + 2)];
  return {
    from: await resolveCommit(repo, from === "" ? "HEAD" : from),
    to: await resolveCommit(repo, to === "" ? "HEAD" : to),
  };
}

export type Tag = { readonly name: string; readonly commit: string };

/** Tags without `refs/tags/`, each with the object it names in the end (annotated tags peeled), by name. */
export async function listTags(repo: Repository): Promise<Tag[]> {
  const { stdout } = await repo.run([
    "for-each-ref",
    "--format=%(objectname) %(*objectname) %(refname)",
    "refs/tags",
  ]);
  const tags: Tag[] = [];
  for (const line of stdout.toString("utf8").split("\n")) {
    const [oid, peeled, name] = line.split(" ");
    if (oid === undefined || peeled === undefined || name === undefined) continue;
    tags.push({ name: name.slice("refs/tags/".length), commit: peeled === "" ? oid : peeled });
  }
  return tags;
}
