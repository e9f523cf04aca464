import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { statementTypes } from "./types.ts";

test("every file that makes a kind of statement is listed, and under its own name", () => {
  const made = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .filter((file) =>
      /: (?:Record|Registry)Statement<|= timer\(/.test(
        readFileSync(`${import.meta.dirname}/${file}`, "utf8"),
      ),
    )
    .filter((file) => file !== "timer.ts" && file !== "statement-type.ts" && file !== "types.ts")
    .map((file) => file.replace(/\.ts$/, ""));
  expect([...statementTypes.keys()].sort()).toEqual(made.sort());
  for (const [name, type] of statementTypes) expect(type.name).toBe(name);
});
