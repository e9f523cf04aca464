/**
 * How deep JSON goes, before anything recurses over it: brackets are counted
 * outside strings, so that a bomb costs one pass and no stack. The text need not
 * be JSON; what is not is refused by whoever parses it.
 */

/** Where the first bracket beyond `most` levels stands: byte offset, or code unit of a string. Null: nowhere. */
export function tooDeepAt(json: Uint8Array | string, most: number): number | null {
  const unit =
    typeof json === "string" ? (i: number) => json.charCodeAt(i) : (i: number) => json[i] ?? 0;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const c = unit(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > most) return i;
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
  return null;
}
