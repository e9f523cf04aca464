/**
 * Commits and pull requests in the URLs that an advisory refers to: GitHub,
 * GitLab, Bitbucket, Gitea, gitiles and cgit. That is what turns the bare id of
 * an undone commit into the name of the flaw that it fixed.
 */

const longest = 500;
/** Fewer digits than this name too many commits. */
export const shortestCommit = 12;

const commit =
  /\/(?:-\/)?(?:commits?|patch|\+)\/(?:\?id=)?([0-9a-f]{12,64})(?![0-9a-z])|\/pull\/\d{1,9}\/(?:commits|changes)\/([0-9a-f]{12,64})(?![0-9a-z])|[?&;](?:id|h)=([0-9a-f]{12,64})(?![0-9a-z])/i;
const pull =
  /^https?:\/\/(?:www\.)?github\.com\/([\w.-]{1,100})\/([\w.-]{1,100})\/pull\/(\d{1,9})(?![0-9a-z])/i;
const mergeRequest =
  /^https?:\/\/[\w.-]{1,100}\/([\w./-]{3,200}?)\/(?:-\/)?merge_requests\/(\d{1,9})(?![0-9a-z])/i;

/** The commit that a URL names, lower case, 12 to 64 digits; null: none. */
export function commitOf(url: string): string | null {
  const found = url.length > longest ? null : commit.exec(url);
  const id = found?.[1] ?? found?.[2] ?? found?.[3];
  return id === undefined ? null : id.toLowerCase();
}

/** The pull or merge request that a URL names, `owner/name#number` in lower case; null: none. */
export function pullOf(url: string): string | null {
  if (url.length > longest) return null;
  const github = pull.exec(url);
  if (github !== null) return `${github[1]}/${github[2]}#${Number(github[3])}`.toLowerCase();
  const gitlab = mergeRequest.exec(url);
  return gitlab === null ? null : `${gitlab[1]}#${Number(gitlab[2])}`.toLowerCase();
}
