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
});
