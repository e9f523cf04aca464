import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "./limits.ts";
import { placeOf, scan } from "./scan.ts";

const texts = (source: string) => scan("a.cedar", source).pieces.map((piece) => piece.text);
const says = (source: string) => scan("a.cedar", source).problems.map((problem) => problem.says);

describe("cutting Cedar text into rules", () => {
  it("ends a rule at its semicolon, not at one in a string or a comment", () => {
    const source =
      '// a; "b\npermit(principal, action, resource) when { "a;\\";" == "b" };\nforbid (x);';
    expect(texts(source)).toEqual([
      '// a; "b\npermit(principal, action, resource) when { "a;\\";" == "b" };',
      "\nforbid (x);",
    ]);
  });

  it("knows where each begins", () => {
    const source = "\n// why\n\n  permit (a);permit (b);";
    const places = scan("a.cedar", source).pieces.map((piece) => placeOf(source, piece.first));
    expect(places).toEqual([
      { line: 4, column: 3 },
      { line: 4, column: 14 },
    ]);
  });

  it("refuses what does not end", () => {
    expect(scan("a.cedar", "permit (a);\n permit (b)").problems).toEqual([
      { file: "a.cedar", line: 2, column: 2, says: expect.stringContaining("end with `;`") },
    ]);
    expect(says('permit ("a);\n')).toEqual([expect.stringContaining("a string begins here")]);
    expect(says("// only a comment\n")).toEqual([]);
  });

  it.each([
    ["a carriage return", "permit (a);\r\n", "line feed alone"],
    ["an override of direction", 'permit ("a\u202eb");', "U+202E"],
    ["a zero-width space", "per\u200bmit (a);", "U+200B"],
    ["an escape", "// \u001b[2J\npermit (a);", "U+001B"],
    ["a byte order mark", "\ufeffpermit (a);", "U+FEFF"],
    ["a no-break hyphen of another width", "permit\u00ad (a);", "U+00AD"],
  ])("refuses %s", (_what, source, words) => {
    expect(says(source)).toEqual([expect.stringContaining(words)]);
    expect(texts(source)).toEqual([]);
  });

  it("refuses what would overflow Cedar's stack, and takes what is just below", () => {
    const nested = (n: number) => `permit${"(".repeat(n)}${")".repeat(n)};`;
    expect(says(nested(limits.nesting))).toEqual([]);
    expect(says(nested(limits.nesting + 1))).toEqual([expect.stringContaining("nested deeper")]);
    const chain = (n: number) => `permit (a) ${"&& b ".repeat(n)};`;
    expect(says(chain(limits.operators))).toEqual([]);
    expect(says(chain(limits.operators + 1))).toEqual([expect.stringContaining("more than")]);
    expect(says(`permit (${"a".repeat(limits.ruleLength)});`)).toEqual([
      expect.stringContaining("at most"),
    ]);
  });

  it("loses nothing: pieces and what follows them are the text", () => {
    const part = fc.constantFrom("permit", " ", "\n", ";", '"x;"', "// c;\n", "(", ")", "é", '"');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const source = parts.join("");
        const { pieces } = scan("a.cedar", source);
        const joined = pieces.map((piece) => piece.text).join("");
        expect(source.startsWith(joined)).toBe(true);
        for (const piece of pieces) {
          expect(source.slice(piece.from, piece.from + piece.text.length)).toBe(piece.text);
          expect(piece.first).toBeGreaterThanOrEqual(piece.from);
        }
      }),
    );
  });
});
