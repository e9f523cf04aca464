import { describe, expect, it } from "vitest";
import { readYaml, textAt, yamlLimits } from "./yaml.ts";

describe("readYaml", () => {
  it("reads documents with the lines of keys and values", () => {
    const documents = readYaml("a: 1\n---\n# note\nb:\n  - c: yes\n    d: 'x'\n");
    if (typeof documents === "string") throw new Error(documents);
    expect(documents).toHaveLength(2);
    const list = documents[1]?.kind === "map" ? documents[1].entries.get("b") : undefined;
    expect(list).toMatchObject({ kind: "list", line: 4 });
    expect(list?.kind === "list" && textAt(list.items[0], "c")).toBe("yes");
  });

  it("expands aliases and merges, own keys first", () => {
    const documents = readYaml("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  a: 3\n");
    expect(typeof documents !== "string" && textAt(documents[0], "y", "a")).toBe("3");
    expect(typeof documents !== "string" && textAt(documents[0], "y", "b")).toBe("2");
  });

  it("says why it does not read what is hostile", () => {
    const bomb = ["a: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 12; i++) {
      bomb.push(`b${i}: &a${i} [${Array.from({ length: 9 }, () => `*a${i - 1}`).join(", ")}]`);
    }
    const many = "abcdefgh".repeat(yamlLimits.length);
    for (const [text, reason] of [
      [bomb.join("\n"), /aliases|values/],
      ["a: 1\nb: 2\na: 3\n", /repeated key at line 3/],
      [many, /longer/],
      ["[".repeat(100_000), /deeper/],
      ["{a: ".repeat(100_000), /deeper/],
      ["- ".repeat(100_000), /columns/],
      [`${" ".repeat(500)}a: 1`, /columns/],
      [Array.from({ length: 150 }, (_, i) => `${" ".repeat(i)}k:`).join("\n"), /deeper/],
      ["a: &a [*a]\n", /deeper|aliases/],
      ["a: *nowhere\n", /not YAML|anchor/],
      ["a: [1\nb: }", /not YAML/],
      ["? [a]\n: b\n", /key/],
      ["---\na: 1\n".repeat(600), /documents/],
      [Array.from({ length: 120_000 }, (_, i) => `${i}:`).join("\n"), /tokens|values/],
      ['"'.repeat(900_000), /tokens/],
    ] as const) {
      expect(readYaml(text), text.slice(0, 40)).toMatch(reason);
    }
  });

  it("takes no key for a property of all objects", () => {
    const documents = readYaml("__proto__: {a: 1}\nconstructor: 2\n");
    expect(typeof documents !== "string" && textAt(documents[0], "__proto__", "a")).toBe("1");
    expect(typeof documents !== "string" && textAt(documents[0], "toString")).toBeUndefined();
  });
});
