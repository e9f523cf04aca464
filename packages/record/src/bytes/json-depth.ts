/**
 * How deep JSON goes, before anything recurses over it: brackets are counted
 * outside strings, so that a bomb costs one pass and no stack. The text need not
 * be JSON; what is not is refused by whoever parses it.
 */

/** Where the first bracket beyond `most` levels stands: byte offset, or code unit of a string. Null: nowhere. */
export function tooDeepAt(json: Uint8Array | string, most: number): number | null {
  const unit =
    typeof json === "string" ? (i: number) => json.charCodeAt(i) : (i: number) => json[i] ?? 0;
  const quoteAfter =
    typeof json === "string"
      ? (i: number) => json.indexOf('"', i + 1)
      : (i: number) => json.indexOf(0x22, i + 1);
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const c = unit(i);
    if (c === 0x22) {
      // Most of what is signed is one long string: jumping over it, not stepping, halves the parsing.
      do {
        i = quoteAfter(i);
        if (i === -1) return null;
      } while (isEscaped(unit, i));
    } else if (c === 0x5b || c === 0x7b) {
      if (++depth > most) return i;
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
  return null;
}

/** Whether an odd number of backslashes stands before `at`; there is a quote before them. */
function isEscaped(unit: (i: number) => number, at: number): boolean {
  let from = at;
  while (unit(from - 1) === 0x5c) from--;
  return (at - from) % 2 === 1;
}
