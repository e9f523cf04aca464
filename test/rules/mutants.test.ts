/** That no rule is left out when the rules are broken one by one, and no explanation is of a line that is gone. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { reasons } from "./explained.ts";
import { operators, removals } from "./mutants.ts";

const source = path.join(import.meta.dirname, "../../packages/record/src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
  (file) =>
    /^(?:constitution|lifecycle|registry|policy|statements)\//.test(file) &&
    file.endsWith(".ts") &&
    !file.endsWith(".test.ts"),
);
const read = (file: string) => readFileSync(path.join(source, file), "utf8");

describe("a mutant", () => {
  test("is made of every rule and every refusal", () => {
    for (const file of files) {
      const text = read(file);
      const rules = text.match(/^\s*rule\($|[ ;]rule\("/gm)?.length ?? 0;
      const thrown = text.match(/throw new Refusal\(/g)?.length ?? 0;
      const what = removals(file, text).map((item) => item.what);
      expect(what.filter((item) => item === "rule removed").length, file).toBe(rules);
      expect(what.filter((item) => item === "refusal not thrown").length, file).toBe(thrown);
    }
  });

  test("changes one place", () => {
    const text = 'if (a === b && c < 3) throw new Refusal("x", "y && z");\n';
    expect(operators("x.ts", text).map((item) => [item.what, item.text])).toEqual([
      ["`||` instead", text.replace(" && c", " || c")],
      ["`||` instead", text.replace("y && z", "y || z")],
      ["`!==` instead", text.replace("===", "!==")],
      ["`<=` instead", text.replace("< 3", "<= 3")],
    ]);
    expect(removals("x.ts", text).map((item) => item.text)).toEqual([
      text.replace("throw new", "void new"),
    ]);
  });
});

test.each(reasons)("$file, $what: $was is there to be explained", ({ file, what, was, why }) => {
  const found = [...operators(file, read(file)), ...removals(file, read(file))];
  expect(found.some((item) => item.what === what && was.test(item.was))).toBe(true);
  expect(why.length).toBeGreaterThan(20);
});
