import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tooDeepAt } from "./json-depth.ts";

describe("how deep JSON goes", () => {
  it("is the same for bytes and text, and says where it goes too deep", () => {
    for (const json of ["[[1]]", '{"a":{"b":[]}}', '"[[["', '["\\"[["]', "[]".repeat(9), ""]) {
      for (let most = 0; most < 4; most++) {
        expect(tooDeepAt(new TextEncoder().encode(json), most)).toBe(tooDeepAt(json, most));
      }
    }
    expect(tooDeepAt("[[1]]", 1)).toBe(1);
    expect(tooDeepAt("[[1]]", 2)).toBeNull();
    expect(tooDeepAt('{"a":{"b":[]}}', 2)).toBe(10);
    expect(tooDeepAt('["\\"[[["]', 1)).toBeNull();
    expect(tooDeepAt("[".repeat(1_000_000), 64)).toBe(64);
  });

  it("is what reading character by character gives, whatever is escaped and cut off", () => {
    const json = fc.array(fc.constantFrom('"', "\\", "[", "]", "{", "}", "a", "é"), {
      maxLength: 14,
    });
    fc.assert(
      fc.property(json, fc.nat({ max: 3 }), (parts, most) => {
        const text = parts.join("");
        expect(tooDeepAt(text, most)).toBe(slowly(text, most));
        const inBytes = tooDeepAt(new TextEncoder().encode(text), most);
        const at = slowly(text, most);
        expect(inBytes).toBe(at === null ? null : Buffer.byteLength(text.slice(0, at)));
      }),
      { numRuns: 5_000 },
    );
  });
});

function slowly(text: string, most: number): number | null {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (inString) {
      if (c === "\\") i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if ("[{".includes(c)) {
      if (++depth > most) return i;
    } else if ("]}".includes(c)) depth--;
  }
  return null;
}
