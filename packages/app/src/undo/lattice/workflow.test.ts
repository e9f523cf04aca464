import { ruleInput } from "../testing/rule-input.ts";
import { describe, expect, it } from "vitest";
import { gateCiPrivilegeWidened as rule } from "../rules/all/gate-ci-privilege-widened.ts";
import type { ChangedFile } from "../rules/rule.ts";
import { permissionRows } from "./workflow-rows.ts";

const path = ".github/workflows/ci.yml";
const run = (files: ChangedFile[]) => rule.run(ruleInput({ files }));
const ways = (before: string, after: string) =>
  run([{ path, status: "modified", before, after }]).map((f) => `${f.direction} ${f.subject}`);
const workflow = (job: string[], top: string[] = []) =>
  [
    "on: [push]",
    ...top,
    "jobs:",
    "  build:",
    "    name: Build",
    ...job.map((line) => `    ${line}`),
    "",
  ].join("\n");

describe("gate.ci-privilege-widened", () => {
  it("tells more power worse and less better", () => {
    const everyScope = `permissions ${[...permissionRows.keys()].join(", ")}`;
    const checkout = ["steps:", "  - uses: actions/checkout@v4"];
    for (const [weak, strong, setting] of [
      [["permissions: write-all"], ["permissions: read-all"], everyScope],
      [["permissions: {contents: write}"], ["permissions: {}"], "permissions contents"],
      [["runs-on: [self-hosted, x64]"], ["runs-on: ubuntu-latest"], "runs-on"],
      [[], ["environment: production"], "environment"],
      [["secrets: inherit"], ["secrets: {a: b}"], "secrets"],
      [["secrets: inherit"], [], "secrets"],
      [[], ["if: github.event.issue.author_association == 'OWNER'"], "if"],
      [
        checkout,
        [...checkout, "    with: {persist-credentials: false}"],
        "steps.with.persist-credentials",
      ],
    ] as const) {
      const name = `${path} job build: ${setting}`;
      expect(ways(workflow([...strong]), workflow([...weak]))).toContain(`worse ${name}`);
      expect(ways(workflow([...weak]), workflow([...strong]))).toContain(`better ${name}`);
    }
  });

  it("tells triggers of outsiders, once a file", () => {
    const before = "on: pull_request\njobs:\n  a: {runs-on: x}\n  b: {runs-on: x}\n";
    const after = before.replace("pull_request", "\n  pull_request_target:\n    branches: [main]");
    const [found, ...rest] = run([{ path, status: "modified", before, after }]);
    expect(rest).toEqual([]);
    expect(found).toMatchObject({ direction: "worse", severity: "high", rootCause: `ci:${path}` });
    expect(found?.locations).toEqual([{ side: "after", path, startLine: 2, endLine: 2 }]);
    expect(ways(after, before)).toEqual([`better ${path}: on.pull_request_target`]);
  });

  it("applies the workflow's permissions where the job has none", () => {
    const top = workflow([], ["permissions: {contents: read}"]);
    expect(ways(top, workflow(["permissions: {contents: read}"]))).toEqual([]);
    expect(ways(top, workflow(["permissions: {contents: write}"]))).toEqual([
      `worse ${path} job build: permissions contents`,
    ]);
    // The repository's default is not known.
    expect(ways(top, workflow([]))).toEqual([]);
    expect(ways(workflow([]), top)).toEqual([]);
  });

  it("is silent on comments, order, versions, moved and removed jobs", () => {
    const before = workflow(["environment: prod", "permissions: {contents: read, issues: write}"]);
    for (const same of [
      `# c\n${before}`,
      workflow(["permissions: {issues: write, contents: read}", "environment: {name: prod}"]),
      workflow(["environment: staging", "permissions: {contents: read, issues: write}"]),
      "on: [push]\njobs: {}\n",
      "not: [closed\n",
    ]) {
      expect(ways(before, same)).toEqual([]);
      expect(ways(same, before)).toEqual([]);
    }
    const moved = (after: string): ChangedFile[] => [
      { path, status: "removed", before },
      { path: ".github/workflows/other.yml", status: "added", after },
    ];
    expect(run(moved(before))).toEqual([]);
    expect(run(moved(before.replace("contents: read", "contents: write")))).toHaveLength(1);
  });
});
