/** docs/policy says what is so: the default policy word for word, recipes that load, every fact and annotation. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defaultPolicy, policyActions } from "@countermand/record";
import { parseAnnotations } from "./annotations.ts";
import { parseCases, runCase, usual } from "./cases.ts";
import { checkPolicy } from "./check.ts";
import { readDefault } from "./folder.ts";
import { loadJudge } from "./judge.ts";
import { limits } from "./limits.ts";
import { factKinds } from "./regions.ts";
import { defaultFolder } from "./schema.ts";
import { bundleOf, permitAll, request } from "./testing/requests.ts";

const page = (name: string) =>
  readFileSync(new URL(`../../../../docs/policy/${name}`, import.meta.url), "utf8");
const blocks = (text: string, language: string) =>
  [...text.matchAll(/```(\w+)\n([^]*?)```/g)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? "");
const words = (text: string) => text.split(/\s+/).join(" ").trim();

describe("docs/policy", () => {
  it("explains every rule of the default policy, word for word and in order", () => {
    const sections = page("default.md").split(/^## /m);
    for (const file of ["access", "guards", "classes", "signals", "gate"]) {
      const section = sections.find((text) => text.startsWith(`${file}.cedar\n`)) ?? "";
      const source = readFileSync(new URL(`${file}.cedar`, defaultFolder), "utf8");
      expect(words(blocks(section, "cedar").join("\n")), file).toBe(words(source));
      // A rule without a sentence after it is not explained.
      expect(section, file).not.toMatch(/```\n+(?:```|$)(?!cedar\n@)/);
    }
  });

  it("shows the default settings as they are", async () => {
    const [json] = blocks(page("default.md"), "json");
    expect(JSON.parse(json ?? "")).toEqual((await readDefault()).settings);
  });

  it("has recipes that load and in which the check finds nothing", () => {
    const recipes = [...blocks(page("recipes.md"), "cedar"), ...blocks(page("README.md"), "cedar")];
    expect(recipes.length).toBeGreaterThan(10);
    for (const recipe of recipes) {
      const { rules } = loadJudge(bundleOf(permitAll + recipe));
      const found = checkPolicy(rules, defaultPolicy, { implications: [] });
      expect(
        found.remarks.filter((remark) => remark.level === "finding"),
        recipe,
      ).toEqual([]);
    }
  });

  it("has a recipe that shuts emergencies to plain keys, which does what it says", () => {
    const recipe = blocks(page("recipes.md"), "cedar").find((text) =>
      text.includes("step-up-for-emergencies"),
    );
    const policy = loadJudge(bundleOf(permitAll + (recipe ?? "")));
    const declared = (userVerified: boolean, emergency: boolean) =>
      policy.permits(
        request({
          action: emergency ? "initiate-emergency" : "initiate",
          principal: { userVerified },
          resource: { emergency },
        }),
      );
    expect(declared(false, true)).toMatchObject({
      allowed: false,
      rules: ["step-up-for-emergencies"],
    });
    expect(declared(true, true).allowed).toBe(true);
    expect(declared(false, false).allowed).toBe(true);
  });

  it("names every fact, every action and every annotation", () => {
    const facts = page("facts.md");
    for (const fact of factKinds.keys()) expect(facts).toContain(`\`${fact}\``);
    for (const action of [...policyActions, "deploy-unchecked"])
      expect(facts).toContain(`\`${action}\``);
    const readme = page("README.md");
    const knownOf = (given: Readonly<Record<string, string>>, purpose: "classify" | "signal") => {
      try {
        parseAnnotations({ id: "a", zzz: "", ...given }, purpose, "permit");
      } catch (error) {
        return (error as Error).message.match(/@[a-z]+/g) ?? [];
      }
      return [];
    };
    const known = [...knownOf({ class: "c" }, "classify"), ...knownOf({ oblige: "24h" }, "signal")];
    expect(known.length).toBeGreaterThan(14);
    for (const name of known) {
      if (name !== "@zzz") expect(readme, name).toContain(`\`${name}\``);
    }
    const { files, rules, ruleLength, nesting, operators } = limits;
    for (const bound of [files, rules, ruleLength, nesting, operators]) {
      expect(readme).toContain(String(bound));
    }
  });

  it("has cases that come out, and says what is usual", async () => {
    const text = page("cases.md");
    const { settings, bundle } = await readDefault();
    const policy = loadJudge(bundle);
    for (const item of parseCases("cases.yaml", blocks(text, "yaml").join(""))) {
      expect(runCase(policy, settings, item)).toMatchObject({ differences: [] });
    }
    expect([usual.resource.service, usual.resource.level, usual.context.weekday]).toEqual([
      "checkout",
      "low",
      "mon",
    ]);
    for (const word of ["`checkout`", "`production`", "low risk", "23 November 2026"]) {
      expect(text).toContain(word);
    }
  });
});
