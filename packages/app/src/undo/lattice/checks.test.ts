import { ruleInput } from "../testing/rule-input.ts";
import { describe, expect, it } from "vitest";
import { gateCiCheckRemoved } from "../rules/all/gate-ci-check-removed.ts";
import { gateScannerDisabled } from "../rules/all/gate-scanner-disabled.ts";
import type { ChangedFile, Rule } from "../rules/rule.ts";

const path = ".github/workflows/ci.yml";
const other = ".github/workflows/other.yml";
const ways = (rule: Rule, files: ChangedFile[]) =>
  rule.run(ruleInput({ files })).map((f) => `${f.direction} ${f.subject}`);
const edit = (rule: Rule, before: string, after: string) =>
  ways(rule, [{ path, status: "modified", before, after }]);

const workflow = (steps: string[], job: string[] = [], id = "build") =>
  [
    "on: [pull_request]",
    "jobs:",
    `  ${id}:`,
    "    runs-on: ubuntu-latest",
    ...job.map((line) => `    ${line}`),
    "    steps:",
    "      - uses: actions/checkout@v4",
    ...steps.map((step) => `      - ${step}`),
    "",
  ].join("\n");
const empty = workflow([]);

for (const [rule, step, name] of [
  [gateCiCheckRemoved, "run: npm test", "runs npm test"],
  [gateCiCheckRemoved, "run: npx eslint .", "runs npx eslint"],
  [
    gateCiCheckRemoved,
    "uses: golangci/golangci-lint-action@v6",
    "uses golangci/golangci-lint-action",
  ],
  [gateScannerDisabled, "uses: github/codeql-action/analyze@v3", "CodeQL"],
  [gateScannerDisabled, "run: trivy fs .", "Trivy"],
  [gateScannerDisabled, "run: npx snyk test", "Snyk"],
  [gateScannerDisabled, "uses: actions/dependency-review-action@v4", "dependency-review"],
] as const) {
  describe(`${rule.id}: ${step}`, () => {
    const strong = workflow([step]);

    it("tells a step that is gone, off or ignored, and the way back better", () => {
      const [key = "", value = ""] = step.split(": ");
      const weaker = [
        empty,
        workflow([`{continue-on-error: true, ${key}: "${value}"}`]),
        workflow([`{if: false, ${key}: "${value}"}`]),
        workflow([step], ["if: ${{ false }}"]),
        workflow([step], ["continue-on-error: true"]),
        "on: pull_request\njobs: {}\n",
        ...(key === "run" ? [workflow([`${step} || true`])] : []),
      ];
      for (const weak of weaker) {
        expect(edit(rule, strong, weak), weak).toEqual([`worse ${name}`]);
        expect(edit(rule, weak, strong), weak).toEqual([`better ${name}`]);
      }
    });

    it("is silent on comments, order, names, versions and whole workflows that move", () => {
      for (const same of [
        `# why\n${strong}`,
        workflow(["run: make", step]),
        workflow([step], [], "renamed"),
        strong.replace(/@v\d/, "@v9"),
        workflow([step], ["continue-on-error: false"]),
        workflow([step], ["if: github.ref == 'refs/heads/main'"]),
      ]) {
        expect(edit(rule, strong, same)).toEqual([]);
        expect(edit(rule, same, strong)).toEqual([]);
      }
      expect(
        ways(rule, [
          { path, status: "removed", before: strong },
          { path: other, status: "added", after: workflow([step], [], "elsewhere") },
        ]),
      ).toEqual([]);
      expect(
        ways(rule, [
          { path, status: "modified", before: strong, after: empty },
          { path: other, status: "modified", before: empty, after: strong },
        ]),
      ).toEqual([]);
    });

    it("tells a deleted workflow, and nothing where one cannot be read", () => {
      expect(ways(rule, [{ path, status: "removed", before: strong }])).toEqual([`worse ${name}`]);
      expect(edit(rule, strong, "jobs: [\n")).toEqual([]);
      expect(ways(rule, [{ path, status: "modified", before: strong }])).toEqual([]);
    });
  });
}

describe("gate.ci-check-removed", () => {
  it("leaves scanners to the other rule and steps that check nothing alone", () => {
    const steps = ["run: trivy fs .", "run: make build", 'run: echo "test"', "run: test -f x"];
    expect(edit(gateCiCheckRemoved, workflow(steps), empty)).toEqual([]);
    const release = workflow(["run: npm test"]).replace("pull_request", "release");
    expect(edit(gateCiCheckRemoved, release, empty)).toEqual([]);
  });

  it("counts the strongest of a check that is there more than once", () => {
    const one = workflow(["run: npm test"]);
    const both = workflow(["run: npm test || true", "run: npm test"]);
    expect(edit(gateCiCheckRemoved, one, both)).toEqual([]);
    expect(edit(gateCiCheckRemoved, both, one)).toEqual([]);
  });

  it("gives the checks of one job one root cause, and the lines of both sides", () => {
    const before = workflow(["run: npm test", "run: |\n          set -e\n          npm run lint"]);
    const after = workflow(["run: npm test || true"]);
    const found = gateCiCheckRemoved.run(
      ruleInput({ files: [{ path, status: "modified", before, after }] }),
    );
    expect(found.map((f) => [f.subject, f.rootCause, f.severity])).toEqual([
      ["runs npm lint", `ci-job:${path}#build`, "medium"],
      ["runs npm test", `ci-job:${path}#build`, "medium"],
    ]);
    expect(found[1]?.locations).toMatchObject([
      { side: "before", startLine: 7 },
      { side: "after", startLine: 7 },
    ]);
  });
});

describe("gate.scanner-disabled in configuration", () => {
  const bot = ".github/dependabot.yml";
  const updates = (...directories: string[]) =>
    `version: 2\nupdates:\n${directories.map((d) => `  - {package-ecosystem: npm, directory: ${d}}\n`).join("")}`;

  it("tells a deleted bot, unless another takes its place", () => {
    const gone: ChangedFile = { path: bot, status: "removed", before: updates("/") };
    expect(ways(gateScannerDisabled, [gone])).toEqual(["worse Dependabot"]);
    expect(
      ways(gateScannerDisabled, [{ path: bot, status: "added", after: updates("/") }]),
    ).toEqual(["better Dependabot"]);
    const renovate: ChangedFile = { path: "renovate.json", status: "added", after: "{}" };
    expect(ways(gateScannerDisabled, [gone, renovate])).toEqual([]);
  });

  it("compares what Dependabot covers", () => {
    const change = (before: string, after: string) =>
      ways(gateScannerDisabled, [{ path: bot, status: "modified", before, after }]);
    expect(change(updates("/", "/a"), updates("/"))).toEqual(["worse Dependabot updates"]);
    expect(change(updates("/"), updates("/", "/a"))).toEqual(["better Dependabot updates"]);
    expect(change(updates("/", "/a"), `# c\n${updates("/a", "/")}`)).toEqual([]);
    expect(change(updates("/"), "updates: [")).toEqual([]);
  });

  it("compares the ignore lists of scanners", () => {
    const change = (before: string, after: string) =>
      ways(gateScannerDisabled, [{ path: ".trivyignore", status: "modified", before, after }]);
    expect(change("CVE-2021-1\n", "CVE-2021-1\nCVE-2021-2\n")).toEqual(["worse .trivyignore"]);
    expect(change("CVE-2021-1\nCVE-2021-2", "CVE-2021-1\n")).toEqual(["better .trivyignore"]);
    expect(change("# a\nA\nB\n", "B\n# b\n\nA\n")).toEqual([]);
  });

  it("compares Snyk's policy: patches that go, advisories that are passed over", () => {
    const policy = (patch: string, ignore: string) =>
      `version: v1\npatch: ${patch}\nignore: ${ignore}\n`;
    const change = (before: string, after: string) =>
      ways(gateScannerDisabled, [{ path: ".snyk", status: "modified", before, after }]);
    expect(change(policy("{A: []}", "{}"), policy("{}", "{}"))).toEqual(["worse .snyk: patch"]);
    expect(change(policy("{}", "{}"), policy("{}", "{B: []}"))).toEqual(["worse .snyk: ignore"]);
    expect(change(policy("{}", "{B: []}"), policy("{A: []}", "{}"))).toEqual([
      "better .snyk: ignore",
      "better .snyk: patch",
    ]);
    expect(change(policy("{A: []}", "{}"), "patch: [")).toEqual([]);
  });
});
