/**
 * The pattern languages of CODEOWNERS files: GitHub's (like gitignore, without
 * `!`, `[ ]` and `\#`) and GitLab's (Ruby's File.fnmatch with FNM_PATHNAME and
 * FNM_DOTMATCH). A pattern is data; matching takes at most pattern × path steps
 * and never recurses over the text.
 *
 * They differ in what a folder's name means: GitHub takes `/docs` for the folder
 * and all below it, GitLab for the path `docs` alone.
 *
 * Left out: case-insensitive matching; both forges compare exactly.
 */
export type Dialect = "github" | "gitlab";

/** One piece of a segment: this text, any run without a slash, one character, one of a set. */
type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "run" }
  | { readonly kind: "one" }
  | {
      readonly kind: "set";
      readonly not: boolean;
      /** First and last character of each range. */
      readonly ranges: readonly (readonly [string, string])[];
    };

/** `**` is any number of folders, none included. */
type Segment = "**" | readonly Piece[];

export type Pattern = {
  readonly segments: readonly Segment[];
  /** What lies below a match is matched too. */
  readonly below: boolean;
};

export const patternLimits = { length: 1000, segments: 64 } as const;

/** The pattern, or why it is none. `text` is as written, escapes included. */
export function parsePattern(text: string, dialect: Dialect): Pattern | string {
  if (text.length > patternLimits.length) {
    return `a pattern longer than ${patternLimits.length} characters`;
  }
  if (dialect === "github" && (text.startsWith("!") || text.startsWith("\\#"))) {
    return "a pattern that the forge does not know";
  }
  if (dialect === "github" && /(?<!\\)[[\]]/.test(text)) {
    return "a pattern that the forge does not know";
  }
  const rooted = text.startsWith("/");
  const folder = text.endsWith("/") && !text.endsWith("\\/");
  const names = text.split("/").filter((name) => name !== "");
  if (names.length > patternLimits.segments) {
    return `a pattern of more than ${patternLimits.segments} folders`;
  }
  const last = names.at(-1);
  if (last === undefined) return "a pattern without a name";
  const anchored = rooted || (dialect === "github" && names.length > 1);
  const segments: Segment[] = anchored ? [] : ["**"];
  for (const name of names) {
    if (name === "**") segments.push("**");
    else segments.push(dialect === "github" ? githubPieces(name) : gitlabPieces(name));
  }
  if (folder) return { segments: [...segments, "**", [{ kind: "run" }]], below: false };
  if (dialect === "gitlab") {
    // fnmatch: a `**` at the end is a plain run.
    if (last === "**") segments[segments.length - 1] = [{ kind: "run" }];
    return { segments, below: false };
  }
  if (last === "**") segments.push([{ kind: "run" }]);
  return { segments, below: last !== "*" && last !== "**" };
}

/** A name that every path which matches has among its folders and file; null: only wildcards. */
export function neededName({ segments }: Pattern): string | null {
  // The last: the names of folders near the root are in most paths.
  for (const segment of segments.toReversed()) {
    if (segment === "**") continue;
    const [first, second] = segment;
    if (first?.kind === "text" && second === undefined) return first.text;
  }
  return null;
}

/** `names` are those of a path between its slashes, without one at its start. */
export function matchesNames(pattern: Pattern, names: readonly string[]): boolean {
  const { segments, below } = pattern;
  const [first, second] = segments;
  // A name anywhere, which most patterns are.
  if (segments.length === 2 && first === "**" && second !== undefined && second !== "**") {
    return below
      ? names.some((name) => matchesName(second, name))
      : matchesName(second, names.at(-1) ?? "");
  }
  // Which numbers of segments can have been used up after the names so far.
  let reached = spread(new Set([0]), segments);
  for (const [at, name] of names.entries()) {
    const next = new Set<number>();
    for (const used of reached) {
      const segment = segments[used];
      if (segment === undefined) continue;
      if (segment === "**") next.add(used);
      else if (matchesName(segment, name)) next.add(used + 1);
    }
    if (next.size === 0) return false;
    reached = spread(next, segments);
    const whole = reached.has(segments.length);
    if (whole && (at === names.length - 1 || below)) return true;
  }
  return false;
}

/** `**` may stand for no folder at all. */
function spread(reached: Set<number>, segments: readonly Segment[]): Set<number> {
  for (const used of reached) if (segments[used] === "**") reached.add(used + 1);
  return reached;
}

/** One name against one segment: greedy, going back to the last run only. */
function matchesName(pieces: readonly Piece[], name: string): boolean {
  const last = pieces.at(-1);
  if (last?.kind === "text" && !name.endsWith(last.text)) return false;
  let [piece, at] = [0, 0];
  let [runPiece, runAt] = [-1, 0];
  while (at < name.length || piece < pieces.length) {
    const wanted = pieces[piece];
    if (wanted?.kind === "run") {
      [runPiece, runAt] = [piece, at];
      piece++;
      continue;
    }
    const taken = wanted === undefined ? 0 : length(wanted, name, at);
    if (taken > 0) {
      at += taken;
      piece++;
      continue;
    }
    if (runPiece === -1 || runAt >= name.length) return false;
    runAt++;
    [piece, at] = [runPiece + 1, runAt];
  }
  return true;
}

/** How many characters of the name the piece takes; 0 is no match. */
function length(piece: Piece, name: string, at: number): number {
  if (piece.kind === "text") return name.startsWith(piece.text, at) ? piece.text.length : 0;
  const character = name[at];
  if (character === undefined) return 0;
  if (piece.kind !== "set") return 1;
  const inside = piece.ranges.some(([from, to]) => from <= character && character <= to);
  return inside === piece.not ? 0 : 1;
}

function githubPieces(name: string): Piece[] {
  return pieces(name, () => null);
}

function gitlabPieces(name: string): Piece[] {
  return pieces(name, set);
}

type SetAt = { readonly piece: Piece; readonly end: number };

function pieces(name: string, setAt: (name: string, at: number) => SetAt | null): Piece[] {
  const found: Piece[] = [];
  let text = "";
  const flush = () => {
    if (text !== "") found.push({ kind: "text", text });
    text = "";
  };
  for (let at = 0; at < name.length; at++) {
    const character = name[at];
    if (character === "\\" && at + 1 < name.length) {
      text += name[++at] ?? "";
    } else if (character === "*") {
      flush();
      if (found.at(-1)?.kind !== "run") found.push({ kind: "run" });
    } else if (character === "?") {
      flush();
      found.push({ kind: "one" });
    } else {
      const range = character === "[" ? setAt(name, at) : null;
      if (range === null) {
        text += character ?? "";
      } else {
        flush();
        found.push(range.piece);
        at = range.end;
      }
    }
  }
  flush();
  return found;
}

/** `[a-z_]`, `[^a]`, `[!a]`; null where the bracket is never closed, which then stands for itself. */
function set(name: string, start: number): SetAt | null {
  let at = start + 1;
  const not = name[at] === "^" || name[at] === "!";
  if (not) at++;
  const ranges: [string, string][] = [];
  for (; at < name.length; at++) {
    if (name[at] === "]" && ranges.length > 0) {
      return { piece: { kind: "set", not, ranges }, end: at };
    }
    if (name[at] === "\\" && at + 1 < name.length) at++;
    const from = name[at] ?? "";
    if (name[at + 1] === "-" && at + 2 < name.length && name[at + 2] !== "]") {
      ranges.push([from, name[at + 2] ?? from]);
      at += 2;
    } else {
      ranges.push([from, from]);
    }
  }
  return null;
}
