/**
 * What a commit message tells about the reason, tickets and reviews. Taken as
 * text: nobody has checked that a ticket exists or that a reviewer reviewed.
 */

export type MessageFacts = {
  /** The author's own words, at most 500 characters on one line; null when there are none. */
  readonly reason: string | null;
  readonly tickets: readonly string[];
  readonly reviews: readonly Review[];
};

/** In the spelling that is usual. */
export const reviewTrailers = [
  "Reviewed-by",
  "Approved-by",
  "Acked-by",
  "Tested-by",
  "Signed-off-by",
] as const;

/** A trailer that says somebody looked. `who` is text: nobody has checked that they did. */
export type Review = { readonly trailer: (typeof reviewTrailers)[number]; readonly who: string };

const most = 20;

export function messageFacts(message: string): MessageFacts {
  return { reason: reasonOf(message), tickets: ticketsOf(message), reviews: reviewsOf(message) };
}

const trailer = /^[A-Z][A-Za-z-]{1,40}:\s+\S/;
const notAReason = [
  /^this reverts (?:commit|merge)/i,
  /^reverts\b.{0,200}[#!]\d+/i,
  /^(?:changes made to|reversing changes)/i,
  /^# \*\*\* SAY WHY/,
  /^\(cherry picked from/i,
  /^[\s,and]*[0-9a-f]{7,64}[\s,.]*$/,
  /^See merge request /,
  /^(?:co-authored-by|signed-off-by)/i,
  /^<!--.*-->$/,
  /^-{3,}$/,
];

/** The first paragraph of the body that is neither the claim itself nor trailers; `Revert reason:` wins. */
function reasonOf(message: string): string | null {
  const stated = /^(?:revert\s+)?reason(?: for (?:the )?revert)?:[ \t]*(\S.{0,2000})$/im.exec(
    message,
  );
  if (stated?.[1] !== undefined) return oneLine(stated[1]);
  const lines = message.replaceAll("\r", "").split("\n").slice(0, 2000);
  const first = lines.findIndex((line) => line.trim() !== "");
  const bodyStart = lines.findIndex((line, i) => i > first && line.trim() === "");
  if (first === -1 || bodyStart === -1) return null;
  for (const paragraph of paragraphs(lines.slice(bodyStart))) {
    const words = paragraph
      .map((line) =>
        line.trim().replace(/^this reverts commit [0-9a-f]{7,64}(?:, reversing|\.)?/i, ""),
      )
      .filter(
        (line) => line !== "" && !notAReason.some((p) => p.test(line)) && !trailer.test(line),
      );
    if (words.length > 0 && /\p{L}{2}/u.test(words.join(" "))) return oneLine(words.join(" "));
  }
  return null;
}

function* paragraphs(lines: readonly string[]): Generator<string[]> {
  let current: string[] = [];
  for (const line of [...lines, ""]) {
    if (line.trim() !== "") current.push(line);
    else if (current.length > 0) {
      yield current;
      current = [];
    }
  }
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim().toWellFormed();
  return line.length <= 500 ? line : `${line.slice(0, 499).toWellFormed()}…`;
}

/** Words in capitals with a number that look like a Jira key and are something else. */
const notAProject = new Set([
  "UTF",
  "SHA",
  "ISO",
  "RFC",
  "CVE",
  "CWE",
  "AES",
  "RSA",
  "MD",
  "HTTP",
  "TLS",
  "SSL",
  "PEP",
  "IEEE",
  "ES",
  "GPT",
  "UTC",
  "GMT",
  "X",
  "PYSEC",
  "RUSTSEC",
  "GO",
  "GHSA",
  "ISO-8859",
  "ARM",
  "IPV",
  "BIT",
]);

function ticketsOf(message: string): string[] {
  const text = message.slice(0, 65_536);
  const found: string[] = [];
  const add = (ticket: string) => {
    if (!found.includes(ticket) && found.length < most) found.push(ticket);
  };
  const url =
    /https?:\/\/[^\s/<>()"']{1,100}\/[^\s<>()"']{0,200}?\/?(?:issues|pull|merge_requests|browse|incidents?|tickets?)\/([\w-]{1,60})/g;
  for (const match of text.matchAll(url)) add(match[0]);
  const withoutUrls = text.replaceAll(/https?:\/\/\S{1,2000}/g, " ");
  for (const match of withoutUrls.matchAll(/(?<![\w-])([A-Z][A-Z0-9]{1,9})-(\d{1,7})(?![\w-])/g)) {
    if (!notAProject.has(match[1] ?? "")) add(match[0]);
  }
  for (const match of withoutUrls.matchAll(
    /(?<![\w/&-])(?:[\w.-]{1,60}\/[\w.-]{1,60}|GH-?)?#(\d{1,9})\b/g,
  )) {
    add(match[0]);
  }
  for (const match of withoutUrls.matchAll(
    /\b(?:incident|inc|sev|pagerduty)[-_ #:]{1,2}(\d{2,10})\b/gi,
  )) {
    add(match[0].trim());
  }
  return found;
}

/** From the paragraphs of trailers at the end; what is quoted in the middle is somebody else's. */
function reviewsOf(message: string): Review[] {
  const found: Review[] = [];
  for (const line of trailerLines(message)) {
    const match = /^([A-Za-z-]{1,40}):\s*(\S.{0,2000})$/.exec(line);
    const name = match?.[1]?.toLowerCase();
    const trailerName = reviewTrailers.find((one) => one.toLowerCase() === name);
    if (trailerName === undefined || found.length === most) continue;
    const who = (match?.[2] ?? "").trim().slice(0, 200).toWellFormed();
    if (!found.some((one) => one.trailer === trailerName && one.who === who)) {
      found.push({ trailer: trailerName, who });
    }
  }
  return found;
}

const trailerOrNote = /^(?:[A-Za-z][A-Za-z0-9-]{0,60}:\s*\S|\s|\(cherry picked from commit )/;

function trailerLines(message: string): string[] {
  const lines = message.slice(-65_536).replaceAll("\r", "").split("\n");
  const kept: string[][] = [];
  for (const paragraph of [...paragraphs(lines)].slice(1).reverse()) {
    if (!paragraph.every((line) => trailerOrNote.test(line))) break;
    kept.unshift(paragraph);
  }
  return kept.flat();
}
