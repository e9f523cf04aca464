import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  escapePath,
  inverseProofBytes,
  inverseProofDigest,
  type InverseProof,
  parseInverseProof,
  unescapePath,
} from "./proof.ts";

const [a, b, c] = ["a".repeat(40), "b".repeat(40), "c".repeat(40)] as const;
const proof: InverseProof = {
  from: { commit: c, tree: a },
  objects: "sha1",
  paths: [
    { how: "swap", leaves: "old name", path: "a%25" },
    { how: "merge", path: "b" },
    { changedAs: "x", how: "swap", path: "c" },
    { how: "kept", path: "%C3%A4" },
  ],
  takesBack: "rest",
  to: { tree: b },
  undoes: [{ after: { commit: c, tree: a }, before: { tree: b } }],
};
const text = (value: unknown) => Buffer.from(JSON.stringify(value));
const printed = `{"_type":"urn:countermand:inverse-proof:v1","from":{"commit":"${c}","tree":"${a}"},"objects":"sha1","paths":[{"how":"swap","leaves":"old name","path":"a%25"},{"how":"merge","path":"b"},{"changedAs":"x","how":"swap","path":"c"},{"how":"kept","path":"%C3%A4"}],"takesBack":"rest","to":{"tree":"${b}"},"undoes":[{"after":{"commit":"${c}","tree":"${a}"},"before":{"tree":"${b}"}}]}`;

describe("the bytes of a proof", () => {
  it("are these, and are read back", () => {
    expect(Buffer.from(inverseProofBytes(proof)).toString()).toBe(printed);
    expect(parseInverseProof(Buffer.from(printed))).toEqual(proof);
    expect(inverseProofDigest(proof)).toBe(
      "1a75fd7112f39e2bde25df1da45e45d19a16227e4d9ee85a0ca906ab6ca98c8d",
    );
  });

  it("cut or changed anywhere, are refused or are another proof", () => {
    const bytes = Buffer.from(printed);
    for (let end = 0; end < bytes.length; end++) {
      expect(() => parseInverseProof(bytes.subarray(0, end))).toThrow("no proof of an inverse");
    }
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        try {
          expect(Buffer.from(inverseProofBytes(parseInverseProof(changed)))).toEqual(changed);
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid" });
        }
      }),
      { numRuns: 2000 },
    );
  });

  const [first, second] = proof.paths;
  const manyMoves = Array.from({ length: 1001 }, (_, i) => ({
    changedAs: "x",
    how: "swap",
    path: String(1000 + i),
  }));
  it.each<[string, unknown, string]>([
    ["another type", { ...proof, _type: "urn:other" }, "_type"],
    ["no type", proof, "has no _type"],
    ["a member that is unknown", { ...proof, more: 1 }, "unknown"],
    ["no paths", { ...proof, paths: [] }, "0 items"],
    ["nothing undone", { ...proof, undoes: [] }, "0 items"],
    ["too much undone", { ...proof, undoes: Array(1001).fill(proof.undoes[0]) }, "1001 items"],
    ["paths out of order", { ...proof, paths: [second, first] }, "out of order"],
    ["a path twice", { ...proof, paths: [second, second] }, "out of order"],
    ["an id of the other length", { ...proof, objects: "sha256" }, "64 lower-case"],
    ["an id in upper case", { ...proof, to: { tree: a.toUpperCase() } }, "40 lower-case"],
    ["a short id", { ...proof, to: { tree: "abc" } }, "40 lower-case"],
    ["no tree", { ...proof, to: { commit: a } }, "to has no tree"],
    ["an empty path", { ...proof, paths: [{ how: "swap", path: "" }] }, "no path"],
    ["a path upwards", { ...proof, paths: [{ how: "swap", path: "a/../b" }] }, "no path"],
    ["a path of the root", { ...proof, paths: [{ how: "swap", path: "/a" }] }, "no path"],
    ["an escape too many", { ...proof, paths: [{ how: "swap", path: "%41" }] }, "no path"],
    ["a byte unescaped", { ...proof, paths: [{ how: "swap", path: "ä" }] }, "no path"],
    ["a lone %", { ...proof, paths: [{ how: "swap", path: "100%" }] }, "no path"],
    ["a longer path", { ...proof, paths: [{ how: "swap", path: "a".repeat(20_000) }] }, "no path"],
    ["another how", { ...proof, paths: [{ how: "trust me", path: "a" }] }, "none of"],
    ["two moves", { ...proof, paths: [{ ...first, changedAs: "z" }] }, "two ways"],
    ["a move to itself", { ...proof, paths: [{ ...second, leaves: "b" }] }, "the path itself"],
    ["a move of nothing", { ...proof, paths: [{ how: "kept", leaves: "a", path: "b" }] }, "moved"],
    ["many moves", { ...proof, paths: manyMoves }, "more than 1000 files"],
    ["a number", 1, "no object"],
    ["an array", [], "no object"],
    ["deep nesting", { ...proof, to: { tree: [[[[[[]]]]]] } }, "nested deeper"],
  ])("refuses %s", (_, value, why) => {
    const typed = typeof value === "object" && !Array.isArray(value) && value !== proof;
    const whole = typed ? { _type: "urn:countermand:inverse-proof:v1", ...value } : value;
    const sorted = text(sortKeys(whole));
    expect(() => parseInverseProof(sorted)).toThrow(why);
  });

  it("escapes any bytes of a path, one way only", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        const path = Buffer.from(bytes).toString("latin1");
        expect(escapePath(path)).toMatch(/^[\x20-\x7e]+$/);
        expect(unescapePath(escapePath(path))).toBe(path);
      }),
    );
  });
});

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sortKeys(member)]));
}
