/** What will this undo? As a person and as a pipeline ask it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Workplace } from "./command-line.ts";

const workflow = (permission: string) =>
  `on: push\npermissions:\n  contents: ${permission}\njobs:\n  build:\n    runs-on: x\n    steps:\n      - run: npm test\n`;

/** A commit that gave a workflow less power; going back takes that away. */
function hardened(place: Workplace): void {
  place.makeRepository();
  const folder = join(place.repository, ".github/workflows");
  mkdirSync(folder, { recursive: true });
  for (const permission of ["write", "read"]) {
    writeFileSync(join(folder, "ci.yml"), workflow(permission));
    place.git("add", "-A");
    place.git(
      "-c",
      "user.name=A",
      "-c",
      "user.email=a@example.org",
      "commit",
      "-qm",
      `CI may ${permission}`,
    );
  }
}

test("the report, one finding explained, and the same for pull requests and code scanning", () => {
  using place = new Workplace();
  hardened(place);
  const report = place.run("undo", "HEAD~1");
  expect(report).toMatchObject({ code: 0, err: "" });
  expect(report.out).toMatch(
    /^Risk: \w+, \d+ of 100; 100 % of what was to be looked at was seen$/m,
  );
  const finding = /gate\.ci-privilege-widened .* ([0-9a-f]{8})$/m.exec(report.out)?.[1] ?? "";
  const explained = place.run("explain", finding);
  expect(explained.out).toContain("a workflow has more power or less gating");
  expect(explained.out).toContain("docs/implications/gate.ci-privilege-widened.md");
  expect(place.run("explain", "gate.ci-privilege-widened").out).toBe(explained.out);
  const sarif = JSON.parse(place.run("undo", "HEAD~1", "--format", "sarif").out) as {
    runs: { results: { ruleId: string }[] }[];
  };
  expect(sarif.runs[0]?.results.map(({ ruleId }) => ruleId)).toContain("gate.ci-privilege-widened");
  expect(place.run("undo", "HEAD~1", "--format", "markdown").out).toMatch(/^### Going back from/);
  const better = place.run("undo", "HEAD~2", "--from", "HEAD~1", "--json");
  expect(JSON.parse(better.out)).toMatchObject({ version: 2, risk: { weights: 2 } });
});

test("the implications of an audit are the same the second time, and as quick as wanted", () => {
  using place = new Workplace();
  hardened(place);
  place.git("-c", "user.name=A", "-c", "user.email=a@example.org", "revert", "--no-edit", "HEAD");
  const first = place.run("audit", "--json");
  expect(first.out).toContain("gate.ci-privilege-widened");
  expect(place.run("audit", "--json").out).toBe(first.out);
  expect(place.run("audit", "--json", "--quick").out).not.toContain("gate.ci-privilege-widened");
});

test("states that are no commits, and what is wrong with them", () => {
  using place = new Workplace();
  place.makeRepository();
  for (const [name, privileged] of [
    ["old", true],
    ["now", false],
  ] as const) {
    mkdirSync(join(place.folder, name));
    writeFileSync(
      join(place.folder, name, "web.yaml"),
      `apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec:\n  containers:\n    - name: web\n      image: web:1\n      securityContext: { privileged: ${privileged} }\n`,
    );
  }
  const [old, now] = [`dir:${place.folder}/old`, `dir:${place.folder}/now`];
  expect(place.run("undo", old, "--from", now).out).toContain("workload.hardening-removed");
  expect(place.run("undo", old)).toMatchObject({
    code: 2,
    err: expect.stringContaining("of its kind"),
  });
  expect(place.run("undo", "dir:/nonexistent", "--from", now)).toMatchObject({ code: 3 });
  expect(place.run("undo", "HEAD", "--format", "pdf")).toMatchObject({ code: 2 });
  expect(place.run("undo", "HEAD", "--scanners", "/nonexistent")).toMatchObject({ code: 2 });
});

test("explain says what it needs", () => {
  using place = new Workplace();
  place.makeRepository();
  expect(place.run("explain", "abcdef12")).toMatchObject({
    code: 2,
    err: expect.stringContaining("run countermand undo first"),
  });
  place.run("undo", "HEAD~1");
  expect(place.run("explain", "abcdef12")).toMatchObject({
    code: 2,
    err: expect.stringContaining("No finding of"),
  });
  writeFileSync(join(place.folder, "x.json"), "{}");
  expect(place.run("explain", "abcdef12", "--report", join(place.folder, "x.json"))).toMatchObject({
    code: 2,
    err: expect.stringContaining("not a report"),
  });
});
