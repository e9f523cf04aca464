/** docs/cli.md lists every command with the summary that `help` gives, and what its exit code 1 means. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { expect, test } from "vitest";
import type { Context } from "./context.ts";
import { exitCodes } from "./exit.ts";
import { buildProgram } from "./program.ts";

const page = readFileSync(new URL("../../../../docs/cli.md", import.meta.url), "utf8");
// Nothing is run: commands only keep it for later.
const context = { env: {}, cwd: "/", out() {}, err() {}, outBytes() {}, errBytes() {} };

test("every command is in the table, as help tells it, and no other", async () => {
  const program = await buildProgram(context as unknown as Context, [], () => {});
  const told = tableAfter("## Every command").map(([name, summary]) => [name, summary]);
  expect(told).toEqual(leaves(program).map(([name, summary]) => [`\`${name}\``, summary]));
});

test("every command that answers by its exit code says what 1 means", () => {
  const means = new Map(
    tableAfter("## Every command").map(([name, , meaning]) => [name?.replaceAll("`", ""), meaning]),
  );
  expect(means.size).toBeGreaterThan(50);
  for (const name of ["verify", "fsck", "gate ask", "rationale check", "policy diff", "propose"]) {
    expect([name, means.get(name)]).toEqual([name, expect.not.stringMatching(/^—?$/)]);
  }
  expect([...means.values()]).not.toContain("");
});

test("the exit codes are those of the code", () => {
  const codes = tableAfter("## Exit codes").map(([code]) => Number(code));
  expect(codes).toEqual(Object.values(exitCodes));
});

/** Commands that do something themselves: those without others beneath them, and those that have both. */
function leaves(command: Command, path: readonly string[] = []): [string, string][] {
  const beneath = command.commands.filter((sub) => sub.name() !== "help");
  // Commander tells nobody whether a command with others beneath it does something itself.
  const acts = typeof Reflect.get(command, "_actionHandler") === "function";
  const own: [string, string][] =
    path.length > 0 && (beneath.length === 0 || acts)
      ? [[path.join(" "), command.summary() || command.description()]]
      : [];
  return [...own, ...beneath.flatMap((sub) => leaves(sub, [...path, sub.name()]))];
}

/** The rows of the first table under a heading, without its head. */
function tableAfter(heading: string): string[][] {
  const lines = page.slice(page.indexOf(`\n${heading}\n`) + 1).split("\n");
  const from = lines.findIndex((line) => line.startsWith("|"));
  const to = lines.findIndex((line, i) => i > from && !line.startsWith("|"));
  return lines.slice(from + 2, to).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}
