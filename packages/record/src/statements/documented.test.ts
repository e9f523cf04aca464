/** The specification says of every kind, state and rule what the code does. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ended, statuses } from "../lifecycle/state.ts";
import { timers } from "../lifecycle/deadlines.ts";
import { maxRecordEntries } from "../lifecycle/advance.ts";
import { begunStates } from "./exception-requested.ts";
import { statementTypes } from "./types.ts";

const sources = `${import.meta.dirname}/..`;
const spec = readFileSync(`${sources}/../../../docs/spec/statements.md`, "utf8");
const refusals = readFileSync(`${sources}/constitution/refusal.ts`, "utf8");

const groups: Readonly<Record<string, readonly string[]>> = {
  all: statuses,
  open: statuses.filter((status) => !ended.includes(status)),
  begun: begunStates,
};

/** The cells of every row whose first cell is a name in backticks. */
const rows = spec
  .split("\n")
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  .filter((cells) => /^`[a-z-]+`$/.test(cells[1] ?? ""))
  .map((cells) => ({ name: (cells[1] ?? "").replaceAll("`", ""), cells: cells.slice(2) }));

const rowOf = (name: string) => {
  const found = rows.filter((row) => row.name === name && statementTypes.has(name));
  // A state may have the name of a kind (`expired`): a kind's row has at least four cells.
  return found.filter((row) => row.cells.length >= 4);
};

describe("every kind of statement", () => {
  test.each([...statementTypes.values()].map((type) => [type.name, type] as const))(
    "%s has a row with who says it and when",
    (name, type) => {
      const found = rowOf(name);
      expect(found).toHaveLength(1);
      const [by, states] = found[0]?.cells ?? [];
      const who = type.saidBy === "anyone" ? "any" : type.saidBy;
      expect(by).toBe(`${who}${type.humansOnly === true ? ", H" : ""}`);
      if (type.stream === "registry") return;
      const said = (states ?? "")
        .replaceAll(/\([^)]*\)/g, "")
        .split(/[,;]| or /)
        .map((word) => word.trim())
        .filter((word) => word !== "" && word !== "none")
        .flatMap((word) => groups[word] ?? [word]);
      expect([...new Set(said)].sort()).toEqual([...type.during].sort());
    },
  );

  test("has its fields in its row", () => {
    for (const name of statementTypes.keys()) {
      const row = rowOf(name)[0]?.cells.join(" ") ?? "";
      for (const field of fieldsOf(name)) {
        if (field === "record") continue;
        expect(row, `${name}: ${field}`).toMatch(new RegExp(`\\b${field}\\b`));
      }
    }
  });
});

/** The keys of the object literals that a kind's file gives to `predicate`, the inner ones left out. */
function fieldsOf(kind: string): readonly string[] {
  const file = readFileSync(`${sources}/statements/${kind}.ts`, "utf8")
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/\/(?:[^/\n\\]|\\.)+\/,/g, "0,");
  const from =
    file.indexOf("predicate({") < 0 ? file.indexOf("predicate(\n") : file.indexOf("predicate({");
  if (from < 0) return ["deadline"];
  const fields: string[] = [];
  let depth = 0;
  let word = "";
  for (const character of file.slice(from + "predicate".length)) {
    if ("([{".includes(character)) depth += 1;
    if (depth === 2 && ":,}".includes(character) && word !== "") fields.push(word);
    if (")]}".includes(character)) depth -= 1;
    if (depth === 0) break;
    if (depth === 2 && character === ":") word = "-";
    else if (depth !== 2 || ",{".includes(character)) word = "";
    else if (/[a-zA-Z]/.test(character) && !word.startsWith("-")) word += character;
  }
  return fields.filter((field) => !field.startsWith("-"));
}

test("the fields of a kind are read from its file", () => {
  expect(fieldsOf("grant-used")).toEqual(["record", "target", "environment", "caller"]);
  expect(fieldsOf("decision")).toEqual([
    "record",
    "decision",
    "summary",
    "evidenceSeen",
    "comment",
    "to",
    "conditions",
  ]);
});

test("every state is explained", () => {
  const section = spec.slice(spec.indexOf("## States"), spec.indexOf("## Kinds"));
  for (const status of statuses) expect(section).toContain(`\`${status}\``);
  for (const timer of timers) expect(section).toContain(`\`${timer}\``);
});

describe("every rule", () => {
  const ids = [...refusals.matchAll(/^ {2}\| "([a-z-]+)"/gm)].map((match) => match[1] ?? "");

  test("is in the tables", () => {
    const section = spec.slice(spec.indexOf("## Rules for all"));
    expect(ids.length).toBeGreaterThan(20);
    for (const id of ids) expect(section).toContain(`\`${id}\``);
    const named = section
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([a-z-]+)`/g)])
      .map((match) => match[1] ?? "");
    expect(named.sort()).toEqual([...ids].sort());
  });

  test("is one that something is refused by", () => {
    const code = readdirSync(sources, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => readFileSync(`${sources}/${file}`, "utf8"))
      .join("\n");
    const used = new Set(
      [...code.matchAll(/(?:\brule\(|new Refusal\()\s*"([a-z-]+)"/g)].map((match) => match[1]),
    );
    expect(used).toEqual(new Set(ids));
  });
});

test("the order of what follows at one moment, and the length of a record", () => {
  expect(spec).toContain(`in the order ${timers.join(", ")};`);
  expect(spec).toContain(`at most ${maxRecordEntries.toLocaleString("en-US")} entries`);
});
