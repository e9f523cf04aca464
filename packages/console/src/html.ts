/**
 * HTML by tagged template. Every value that goes in is text and is escaped; the
 * only thing that is not escaped again is what another `html` made. There is no
 * way to mark a string as safe, so there is nothing to review for it.
 *
 * Control characters, and characters that are invisible or change direction,
 * become visible escapes as on the command line: a commit subject cannot hide or
 * reorder what a reader sees. Line feeds and tabs stay, as character references,
 * so that they mean the same inside an attribute.
 */

const template = Symbol("html");

/** Markup whose values are escaped. Only `html` makes it. */
export interface Html {
  readonly [template]: string;
}

/** What may stand in a template: false and undefined are nothing, a list is its items. */
export type Part = string | number | Html | false | undefined | readonly Part[];

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0] ?? "";
  parts.forEach((part, i) => {
    text += show(part) + (strings[i + 1] ?? "");
  });
  return { [template]: text };
}

/** The markup as a string, to be sent. */
export function render(markup: Html): string {
  return markup[template];
}

function show(part: Part): string {
  if (part === false || part === undefined) return "";
  if (typeof part === "string") return escape(part);
  if (typeof part === "number") return String(part);
  if (template in part) return part[template];
  return part.map(show).join("");
}

const references: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
  "\n": "&#10;",
  "\t": "&#9;",
};

function escape(text: string): string {
  return visible(text).replaceAll(/[&<>"'`\n\t]/g, (unit) => references[unit] ?? "");
}

/** Controls, soft hyphen, zero-width and direction-changing characters, tags, lone surrogates. */
const unsafe =
  /[\u{0}-\u{8}\u{b}-\u{1f}\u{7f}-\u{9f}\u{ad}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180e}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{3164}\u{feff}\u{ffa0}\u{fff9}-\u{fffb}\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;

/** `text` with what nobody can see written out, as on the command line: `\u202e`. */
export function visible(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(unsafe, (unit) => {
    const code = (unit.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}
