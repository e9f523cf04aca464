/**
 * What a commit message says that the commit undoes. These are claims: content
 * decides (docs/design/undo.md). Forms: git's own (`This reverts commit`, with
 * `--reference`, `Reapply`), GitHub's and GitLab's buttons, Conventional
 * Commits' `revert:` with `Refs:`, trailers, and branch names in merge subjects.
 *
 * Never a target: the id after "reversing changes made to", which is the parent
 * that a reverted merge is compared with. Left out: prose ("we undo that").
 */

export type Claim =
  /** Abbreviated or full; `against` is the parent that a merge was reverted to. */
  | { readonly kind: "commit"; readonly id: string; readonly against: string | null }
  | { readonly kind: "pull"; readonly number: number }
  | { readonly kind: "subject"; readonly text: string; readonly cut: boolean }
  /** Calls itself a revert and names nothing that can be looked up. */
  | { readonly kind: "unnamed"; readonly text: string };

const mayClaim = /revert|reapply|reland|backs? out|backed out/i;
/** A squash body may list many; what comes after is not a rollback that a person reads one by one. */
const mostClaims = 100;

/** The claims of a message in the order in which they should be believed; empty when it makes none. */
export function parseClaims(message: string): Claim[] {
  if (!mayClaim.test(message)) return [];
  const found: Claim[] = [];
  const add = (claim: Claim) => {
    const known = found.some((other) => sameClaim(other, claim));
    if (!known && found.length < mostClaims) found.push(claim);
  };
  const lines = message.split("\n");
  const subject = subjectLine(lines);
  for (const [i, line] of lines.entries()) {
    // A sentence may be wrapped: what follows its head can stand on the next lines.
    const text = line.length > 2000 ? line.slice(0, 2000) : line;
    if (!/revert|back/i.test(text)) continue;
    for (const claim of idsIn(line, lines, i)) add(claim);
    for (const claim of pullsIn(text)) add(claim);
  }
  const quoted = quotedSubject(subject.text) ?? quotedSubject(subject.title);
  if (quoted === undefined && conventional.test(subject.text)) {
    for (const line of lines) {
      const ids = /^refs?:\s*((?:[0-9a-f]{7,64}[\s,]*){1,50})$/i.exec(line.slice(0, 2000))?.[1];
      for (const id of ids?.split(/[\s,]+/) ?? []) if (id !== "") add(commitClaim(id, null));
    }
  }
  if (quoted !== undefined) add(quoted);
  const branch = /(?:from \S{1,200}\/|branch ')revert-(\d{1,9})-/.exec(subject.text)?.[1];
  if (branch !== undefined) add({ kind: "pull", number: Number(branch) });
  if (found.length === 0) {
    const conventionalText = conventional.exec(subject.text)?.[1];
    if (conventionalText !== undefined) {
      add({ kind: "subject", text: withoutOwnPull(conventionalText), cut: false });
    } else if (/^(?:\[[^\]]{1,60}\]\s*)?revert(?:s|ed|ing)?\b/i.test(subject.text)) {
      add({ kind: "unnamed", text: subject.text });
    }
  }
  return found;
}

function sameClaim(a: Claim, b: Claim): boolean {
  if (a.kind === "commit" && b.kind === "commit") {
    return a.id.startsWith(b.id) || b.id.startsWith(a.id);
  }
  return JSON.stringify(a) === JSON.stringify(b);
}

function commitClaim(id: string, against: string | null): Claim {
  return { kind: "commit", id: id.toLowerCase(), against };
}

/** Whether the subject, or the title of what a merge brings, says that this is a revert. */
export function isRevertSubject(message: string): boolean {
  const { text, title } = subjectLine(message.slice(0, 8192).split("\n"));
  const form =
    /^(?:\S{1,60}:\s+|\[[^\]]{1,60}\]\s*){0,3}(?:revert|reapply|reland|back(?:s|ed|ing)? ?out)/i;
  return form.test(text) || form.test(title) || /(?:\/|branch ')revert-\d/.test(text);
}

/** The first line, and for a merge made by a button the title of what it merges. */
function subjectLine(lines: readonly string[]): { text: string; title: string } {
  const first = lines.findIndex((line) => line.trim() !== "");
  const text = (lines[first] ?? "").trim().slice(0, 2000);
  if (!text.startsWith("Merge ")) return { text, title: "" };
  const title = lines.slice(first + 1).find((line) => line.trim() !== "") ?? "";
  return { text, title: title.trim().slice(0, 2000) };
}

const head =
  /^[\s>*\-#]{0,8}(?:(?:this|it)\s+)?(?:partially\s+)?(?:reverts?|reverting|backs? out|backed out)(?:[-_ ]?of)?\s*:?\s*(?:the\s+)?(?:merge\s+)?(?:(?:commits?|changesets?|revisions?|sha)\s*:?\s*)?(?=$|[0-9a-f`'"])/i;

function idsIn(line: string, lines: readonly string[], at: number): Claim[] {
  const start = head.exec(line);
  if (start === null) return [];
  const rest = [line.slice(start[0].length), ...lines.slice(at + 1, at + 1 + mostClaims)]
    .join("\n")
    .slice(0, 16_384);
  const ids: string[] = [];
  let from = 0;
  for (;;) {
    const id = sticky(/[\s,;&*\-`'"]{0,20}(?:and\s+)?`?([0-9a-f]{7,64})\b`?/iy, rest, from);
    // A word of letters only ("defaced", "effaced") is no id.
    if (id === null || !/\d/.test(id[1] ?? "")) break;
    ids.push(id[1] ?? "");
    from += id[0].length;
    const reference = sticky(/\s?\([^()\n]{0,300}\)/y, rest, from);
    if (reference !== null) from += reference[0].length;
  }
  const against =
    sticky(/[,.]?\s+reversing\s+changes\s+made\s+to\s+([0-9a-f]{7,64})/iy, rest, from)?.[1] ?? null;
  return ids.map((id) => commitClaim(id, ids.length === 1 ? against : null));
}

function sticky(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const pullHead =
  /^[\s>*\-#]{0,8}(?:this\s+)?reverts?\s*:?\s+(?:(?:the\s+)?(?:pr|pull request|merge request)\s+)?(?:https?:\/\/[^\s/]{1,100}\/[^\s#!]{1,200}\/(?:pull|merge_requests)\/|[\w.-]{1,100}(?:\/[\w.-]{1,100}){1,5}[#!]|[#!])(\d{1,9})\b/i;

function pullsIn(line: string): Claim[] {
  const number = pullHead.exec(line)?.[1];
  return number === undefined ? [] : [{ kind: "pull", number: Number(number) }];
}

const conventional = /^revert(?:\([^)\n]{0,60}\))?!?:\s*(\S.*)$/i;
const opening =
  /^(?:\S{1,60}:\s+|\[[^\]]{1,60}\]\s*){0,3}(revert(?:s|ed)?|reapply|reland)[:\s]\s*["'“]/i;

/** The subject between the outer quotes; `Reapply "x"` undoes the commit named `Revert "x"`. */
function quotedSubject(line: string): Claim | undefined {
  const start = opening.exec(line);
  if (start === null) return undefined;
  const rest = withoutOwnPull(line.slice(start[0].length).trimEnd());
  const last = Math.max(rest.lastIndexOf('"'), rest.lastIndexOf("'"), rest.lastIndexOf("”"));
  const closed = last > 0 && rest.length - last <= 12;
  const inner = (closed ? rest.slice(0, last) : rest).trim();
  const cut = /(?:…|\.{3})["'”]*$/.test(inner) || !closed;
  const text = inner.replace(/(?:…|\.{3})["'”]*$/, "").trim();
  if (text === "") return undefined;
  const again = /^re(?:apply|land)$/i.test(start[1] ?? "");
  return { kind: "subject", text: again ? `Revert "${text}${cut ? "" : '"'}` : text, cut };
}

/** A squash merge appends the number of the pull request that did the revert, not of the one undone. */
function withoutOwnPull(text: string): string {
  return text.replace(/\s*\((?:#|!)\d{1,9}\)$/, "");
}

/** The number at the end of a squash subject, or of a merge subject; null when there is none. */
export function pullNumber(message: string): number | null {
  const end = message.indexOf("\n");
  const first = (end === -1 ? message : message.slice(0, end)).slice(0, 2000);
  const found =
    /\((?:#|!)(\d{1,9})\)\s*$/.exec(first)?.[1] ??
    /^Merge (?:pull request|PR) #(\d{1,9})\b/.exec(first)?.[1] ??
    (first.startsWith("Merge ")
      ? /^See merge request \S{0,300}!(\d{1,9})\s*$/m.exec(message.slice(0, 4096))?.[1]
      : undefined);
  return found === undefined ? null : Number(found);
}

/** What two spellings of one subject have in common: white space, case of nothing, and no own number. */
export function subjectKey(subject: string): string {
  return withoutOwnPull(subject.replaceAll(/\s+/g, " ").trim());
}

/** For a merge made by a button: the title of what was merged, else "". */
export function mergeTitle(message: string): string {
  return subjectLine(message.slice(0, 8192).split("\n")).title;
}
