import { array, assert, constantFrom, property } from "fast-check";
import { expect, test } from "vitest";
import { returnPath } from "./return-path.ts";

test.each([
  "/",
  "/records/RB-2026-7",
  "/?status=proposed&service=a%20b",
  "/login/cli?port=4000&challenge=abc",
  "/records/RB-2026-7#timeline",
])("goes back to %s", (path) => {
  expect(returnPath(path)).toBe(path);
});

test.each([
  undefined,
  "",
  "https://evil.example/",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "\t//evil.example",
  " //evil.example",
  "javascript:alert(1)",
  "/.//evil.example",
  "/x/..//evil.example",
  "/%5c../\\evil.example",
  "evil.example",
  "@evil.example",
  "/é",
  `/${"a".repeat(1000)}`,
])("stays here for %j", (path) => {
  expect(returnPath(path)).toBe("/");
});

test("whatever comes, a browser stays on this host, and a second look changes nothing", () => {
  const pieces = ["/", "\\", ".", "..", "a", "@", ":", "evil.example", "\t", "%2f", "?", "#"];
  assert(
    property(array(constantFrom(...pieces), { maxLength: 8 }), (parts) => {
      const path = returnPath(parts.join(""));
      expect(new URL(path, "https://here.example/login").host).toBe("here.example");
      expect(returnPath(path)).toBe(path);
    }),
    { numRuns: 2000 },
  );
});
