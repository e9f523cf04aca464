/** The specification and the words of mail know every kind. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { statementTypes } from "@countermand/record";
import { expect, test } from "vitest";
import { noticeKinds, personalKinds } from "./notice.ts";
import { linesOf, titleOf } from "./text.ts";
import { noticeOf } from "./testing/notices.ts";

const spec = readFileSync(join(import.meta.dirname, "../../../../docs/spec/webhooks.md"), "utf8");
const rows = spec.split("\n").filter((line) => line.startsWith("| `"));

test.each([...noticeKinds, ...personalKinds, "test"] as const)(
  "%s has a row and a title",
  (kind) => {
    expect(rows.some((row) => row.split("|")[1]?.includes(`\`${kind}\``))).toBe(true);
    expect(titleOf(noticeOf({ kind }))).toMatch(/^[A-Z].*: RB-2026-1, api in prod$/);
  },
);

test("the example is one", () => {
  const example = /```json\n([^]*?)```/.exec(spec)?.[1] ?? "";
  const { type, data } = JSON.parse(example) as { type: string; data: { statement: string } };
  expect(noticeKinds).toContain(type);
  expect(statementTypes.has(data.statement)).toBe(true);
});

test("nothing breaks out of its line", () => {
  const notice = noticeOf({ actor: "a\r\nb", says: "c\u2028d\u202ee\u0000" });
  for (const line of [titleOf(notice), ...linesOf(notice, "example.com/x", undefined)]) {
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
});
