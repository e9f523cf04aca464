/**
 * Repository text for a terminal and for JSON lines. A commit message or a file
 * name may hold escape sequences that move the cursor, and bidirectional or
 * invisible characters that show one thing and mean another; they come out as
 * visible escapes.
 */

/**
 * C0 and C1 controls, line and paragraph separators, bidirectional controls
 * (Unicode UAX #9), zero-width and other format characters, tag characters, lone
 * surrogates.
 */
const unsafe =
  /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Text on one line, nothing in it that a terminal obeys or hides; cut to `width` characters. */
export function forTerminal(text: string, width = Number.POSITIVE_INFINITY): string {
  const visible = text.replaceAll(unsafe, escape);
  const characters = Array.from(visible.slice(0, Number.isFinite(width) ? width * 2 : undefined));
  return characters.length <= width
    ? characters.join("")
    : `${characters.slice(0, width - 1).join("")}…`;
}

function escape(character: string): string {
  if (character === "\t") return "\\t";
  if (character === "\n") return "\\n";
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** JSON on one line; what `forTerminal` escapes is escaped here as JSON does, so the value is the same. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(unsafe, (character) =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** Seconds as a person says them: 40 s, 12 min, 5 h, 3 d. */
export function duration(seconds: number): string {
  const s = Math.abs(Math.round(seconds));
  const [minute, hour, day] = [60, 3600, 86_400];
  const size =
    s < 2 * minute
      ? `${s} s`
      : s < 2 * hour
        ? `${Math.round(s / minute)} min`
        : s < 2 * day
          ? `${Math.round(s / hour)} h`
          : `${Math.round(s / day)} d`;
  return seconds < 0 ? `-${size}` : size;
}

/** `1 commit`, `2 commits`, `12,345 commits`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

export function number(n: number): string {
  return String(n).replaceAll(/\B(?=(?:\d{3})+(?!\d))/g, ",");
}
