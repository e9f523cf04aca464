import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rules } from "../rules/registry.ts";
import { implicationOf, implications } from "./taxonomy.ts";

describe("the implications", () => {
  it("are 40, three facts about the going back itself, and tests that go", () => {
    expect(implications).toHaveLength(44);
    expect(new Set(implications.map(({ id }) => id)).size).toBe(44);
  });

  it("are all that rules report, and each has a page", () => {
    const pages = new Set(
      readdirSync(new URL("../../../../../docs/implications", import.meta.url)),
    );
    for (const id of rules.flatMap((rule) => rule.implications)) {
      expect(implicationOf(id), id).toBeDefined();
      expect(pages.has(`${id}.md`), id).toBe(true);
    }
  });

  it("are all in the index of the pages, with their titles and severities", () => {
    const index = readFileSync(
      new URL("../../../../../docs/implications/README.md", import.meta.url),
      "utf8",
    );
    for (const { id, title, severity } of implications) {
      expect(index).toContain(`| [${id}](${id}.md) | ${title} | ${severity} |\n`);
    }
  });

  it("name weaknesses, techniques and controls as their catalogues do", () => {
    for (const { id, cwe, attack, controls } of implications) {
      expect(/^[a-z]+\.[a-z-]+$/.test(id)).toBe(true);
      for (const number of cwe) expect(Number.isInteger(number) && number > 0).toBe(true);
      for (const technique of attack) expect(technique).toMatch(/^T\d{4}(?:\.\d{3})?$/);
      for (const control of controls) {
        expect(control).toMatch(/^(?:[A-Z]{2}-\d{1,2}(?:\(\d\))?|A\.[5-8]\.\d{1,2})$/);
      }
    }
  });
});
