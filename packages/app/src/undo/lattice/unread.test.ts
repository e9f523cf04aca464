import { expect, it } from "vitest";
import { unreadConfiguration } from "./unread.ts";

it("names what was not read once, by path, and nothing else", () => {
  const workflow = ".github/workflows/ci.yml";
  expect(
    unreadConfiguration([
      { path: workflow, status: "modified", before: "on: push\n", after: "a: 1\na: 2\n" },
      { path: "chart/templates/a.yaml", status: "added", after: "kind: Pod\nx: {{ .y }}\n" },
      { path: "b.yaml", status: "modified", before: "a: [", after: "b: [" },
      { path: "good.yaml", status: "modified", before: "a: 1\n", after: "a: 2\n" },
      { path: "gone.yaml", status: "removed" },
      { path: "notes.txt", status: "modified", before: "a: [", after: "a: [" },
    ]),
  ).toEqual([
    { path: workflow, reason: "a repeated key at line 2" },
    { path: "b.yaml", reason: "not YAML at line 1" },
  ]);
});
