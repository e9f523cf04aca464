/**
 * A commit object, read from its bytes (gitformat: headers, an empty line, the
 * message). Authors are taken as they stand, without a mailmap. Text that is
 * not in the encoding it names becomes U+FFFD, never an error: anyone can push
 * such a commit.
 */
export type Person = { readonly name: string; readonly email: string; readonly at: number };

export type Commit = {
  readonly oid: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Person;
  readonly committer: Person;
  /** The first paragraph on one line, at most 1000 UTF-16 units. */
  readonly subject: string;
  /** At most `messageLimit` bytes of the message are decoded. */
  readonly message: string;
  readonly messageCut: boolean;
};

/** A message may be 10 MB long; a claim or a ticket that comes later than this is not looked for. */
export const messageLimit = 256 * 1024;

/** Parses the content of a commit object. Returns null when it has no tree line, which git never writes. */
export function parseCommit(oid: string, content: Buffer): Commit | null {
  let at = 0;
  let tree: string | undefined;
  const parents: string[] = [];
  let author = nobody;
  let committer = nobody;
  let encoding = "utf-8";
  while (at < content.length) {
    let end = content.indexOf(0x0a, at);
    if (end === -1) end = content.length;
    if (end === at) {
      at++;
      break;
    }
    // Continuation lines (signatures, merge tags) start with a space and are no header of ours.
    const line = content.subarray(at, Math.min(end, at + 4096));
    const key = line.subarray(0, Math.max(0, line.indexOf(0x20))).toString("latin1");
    const value = line.subarray(key.length + 1);
    if (key === "tree") tree ??= value.toString("latin1");
    else if (key === "parent") parents.push(value.toString("latin1"));
    else if (key === "author") author = parsePerson(value);
    else if (key === "committer") committer = parsePerson(value);
    else if (key === "encoding") encoding = value.toString("latin1");
    at = end + 1;
  }
  if (tree === undefined) return null;
  const body = content.subarray(at, at + messageLimit);
  const message = decode(body, encoding);
  return {
    oid,
    tree,
    parents,
    author,
    committer,
    subject: subjectOf(message),
    message,
    messageCut: content.length - at > messageLimit,
  };
}

const nobody: Person = { name: "", email: "", at: 0 };

/** `Name <mail> seconds zone`; seconds as given, 0 when they are no number. */
function parsePerson(value: Buffer): Person {
  const text = decode(value, "utf-8");
  const close = text.lastIndexOf(">");
  const open = text.indexOf("<");
  if (open === -1 || close < open) return { name: text.trim(), email: "", at: 0 };
  const seconds = /^ (-?\d{1,14}) /.exec(`${text.slice(close + 1)} `)?.[1];
  return {
    name: text.slice(0, open).trim(),
    email: text.slice(open + 1, close).trim(),
    at: seconds === undefined ? 0 : Number(seconds),
  };
}

export function decode(bytes: Uint8Array, encoding: string): string {
  try {
    return new TextDecoder(encoding.trim()).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

/** The first paragraph, its lines joined by one space, as git prints a subject. */
export function subjectOf(message: string): string {
  const start = message.search(/[^\n]/);
  if (start === -1) return "";
  const lines: string[] = [];
  for (const line of message.slice(start, start + 4000).split("\n")) {
    if (line.trim() === "") break;
    lines.push(line.trim());
  }
  return lines.join(" ").slice(0, 1000).toWellFormed();
}

/** `Name <mail>`, the form that git itself prints. */
export function showPerson(person: Person): string {
  return `${person.name} <${person.email}>`;
}

/** Seconds since 1970 as RFC 3339 in UTC; times outside the years 0 to 9999 are pulled to their edge. */
export function isoTime(seconds: number): string {
  const clamped = Math.min(Math.max(seconds, -62_167_219_200), 253_402_300_799);
  return `${new Date(clamped * 1000).toISOString().slice(0, 19)}Z`;
}
