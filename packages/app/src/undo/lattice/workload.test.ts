import { ruleInput } from "../testing/rule-input.ts";
import { describe, expect, it } from "vitest";
import { workloadHardeningRemoved as rule } from "../rules/all/workload-hardening-removed.ts";
import type { ChangedFile } from "../rules/rule.ts";
import { unreadManifest } from "./kubernetes.ts";

const run = (files: ChangedFile[]) => rule.run(ruleInput({ files }));
const ways = (before: string, after: string, path = "k8s/app.yaml") =>
  run([{ path, status: "modified", before, after }]).map((f) => `${f.direction} ${f.subject}`);

const deployment = (container: string[], pod: string[] = [], name = "web") =>
  [
    "apiVersion: apps/v1",
    "kind: Deployment",
    `metadata: {name: ${name}}`,
    "spec:",
    "  template:",
    "    spec:",
    ...pod.map((line) => `      ${line}`),
    "      containers:",
    "        - name: app",
    "          image: x",
    ...container.map((line) => `          ${line}`),
    "",
  ].join("\n");
const context = (...settings: string[]) => ["securityContext:", ...settings.map((s) => `  ${s}`)];
const at = "Deployment web container app: securityContext";

describe("workload.hardening-removed in manifests", () => {
  const bare = deployment([]);

  it("tells a lost setting worse and a gained one better", () => {
    for (const [setting, subject] of [
      ["runAsNonRoot: true", `${at}.runAsNonRoot`],
      ["allowPrivilegeEscalation: false", `${at}.allowPrivilegeEscalation`],
      ["readOnlyRootFilesystem: true", `${at}.readOnlyRootFilesystem`],
      ["capabilities: {drop: [ALL]}", `${at}.capabilities.drop`],
      ["seccompProfile: {type: RuntimeDefault}", `${at}.seccompProfile.type`],
    ] as const) {
      const strong = deployment(context(setting));
      expect(ways(strong, bare)).toEqual([`worse ${subject}`]);
      expect(ways(bare, strong)).toEqual([`better ${subject}`]);
    }
    for (const [setting, subject] of [
      ["privileged: true", `${at}.privileged`],
      ["capabilities: {add: [SYS_ADMIN]}", `${at}.capabilities.add`],
    ] as const) {
      const weak = deployment(context(setting));
      expect(ways(bare, weak)).toEqual([`worse ${subject}`]);
      expect(ways(weak, bare)).toEqual([`better ${subject}`]);
    }
  });

  it("reads the pod: host namespaces, host paths, tokens, inherited settings", () => {
    const pod = (...lines: string[]) => deployment([], lines);
    for (const line of ["hostNetwork: true", "hostPID: true", "hostIPC: true"]) {
      expect(ways(bare, pod(line))).toEqual([`worse Deployment web: ${line.split(":")[0]}`]);
    }
    expect(ways(bare, pod("volumes: [{name: v, hostPath: {path: /}}]"))).toEqual([
      "worse Deployment web: volumes.hostPath.path",
    ]);
    expect(ways(pod("automountServiceAccountToken: false"), bare)).toEqual([
      "worse Deployment web: automountServiceAccountToken",
    ]);
    const inherited = pod(...context("runAsNonRoot: true"));
    expect(ways(inherited, bare)).toEqual([`worse ${at}.runAsNonRoot`]);
    // Moved from the container to its pod: the same holds.
    expect(ways(deployment(context("runAsNonRoot: true")), inherited)).toEqual([]);
    expect(
      ways(inherited, deployment(context("runAsNonRoot: false"), context("runAsNonRoot: true"))),
    ).toEqual([`worse ${at}.runAsNonRoot`]);
  });

  it("names the lines of both sides and one root cause a workload", () => {
    const before = deployment(context("runAsNonRoot: true", "privileged: false"));
    const after = deployment(context("runAsNonRoot: false", "privileged: true"));
    const found = run([{ path: "a.yaml", status: "modified", before, after }]);
    expect(found.map(({ rootCause }) => rootCause)).toEqual([
      "workload:Deployment web",
      "workload:Deployment web",
    ]);
    expect(found[1]?.locations).toEqual([
      { side: "before", path: "a.yaml", startLine: 11, endLine: 11 },
      { side: "after", path: "a.yaml", startLine: 11, endLine: 11 },
    ]);
    expect(found[1]).toMatchObject({ severity: "high", confidence: 95 });
  });

  it("is silent on comments, order, layout and a default that is written out", () => {
    const strong = deployment(context("runAsNonRoot: true", "privileged: false"));
    for (const same of [
      `# a comment\n${strong.replace("runAsNonRoot: true", "runAsNonRoot: true # why")}`,
      deployment(context("privileged: false", "runAsNonRoot: true")),
      deployment(["securityContext: {runAsNonRoot: true, privileged: false}"]),
      deployment(context("runAsNonRoot: true")),
      strong.replace("image: x", "image: y\n          resources: {limits: {cpu: 1}}"),
    ]) {
      expect(ways(strong, same)).toEqual([]);
      expect(ways(same, strong)).toEqual([]);
    }
  });

  it("follows a document to another place and file; what is gone is not weaker", () => {
    const strong = deployment(context("runAsNonRoot: true"));
    const other = deployment([], [], "other");
    expect(ways(`${strong}---\n${other}`, `${other}---\n${strong}`)).toEqual([]);
    expect(ways(`${strong}---\n${other}`, other)).toEqual([]);
    expect(ways(other, `${strong}---\n${other}`)).toEqual([]);
    const moved = (after: string): ChangedFile[] => [
      { path: "a.yaml", status: "removed", before: strong },
      { path: "b.yaml", status: "added", after },
    ];
    expect(run(moved(strong))).toEqual([]);
    expect(run(moved(bare)).map((f) => f.direction)).toEqual(["worse"]);
    expect(run(moved(other))).toEqual([]);
  });

  it("takes no default for a patch that names no image", () => {
    const patch = (lines: string[]) => deployment(lines).replace("          image: x\n", "");
    expect(ways(patch(context("runAsNonRoot: true")), patch([]))).toEqual([]);
    expect(
      ways(patch(context("runAsNonRoot: true")), patch(context("runAsNonRoot: false"))),
    ).toHaveLength(1);
  });

  it("reads templates with less confidence, skips what is not YAML, and says so", () => {
    const template = bare.replace("image: x", "image: {{ .Values.image }}");
    const found = run([
      {
        path: "chart/templates/app.yaml",
        status: "modified",
        before: deployment(context("runAsNonRoot: true")),
        after: template,
      },
    ]);
    expect(found.map((f) => [f.direction, f.confidence])).toEqual([["worse", 60]]);
    expect(unreadManifest(template)).toBeNull();
    expect(unreadManifest(`kind: Pod\nx: {{ .y }}\n${" ".repeat(300)}a: 1`)).toMatch(/columns/);
    expect(unreadManifest(`${bare}\nkind: Pod\n`)).toMatch(/repeated key/);
    expect(unreadManifest(bare)).toBeNull();
  });

  it("weighs less in tests and documentation", () => {
    const strong = deployment(context("runAsNonRoot: true"));
    const [found] = run([
      { path: "test/e2e/pod.yaml", status: "modified", before: strong, after: bare },
    ]);
    expect(found?.severity).toBe("low");
  });
});

describe("workload.hardening-removed in Dockerfiles", () => {
  const user = (before: string, after: string) => ways(before, after, "docker/Dockerfile");

  it("compares the user of the last stage", () => {
    expect(user("FROM a\nUSER app\n", "FROM a\n")).toEqual(["worse docker/Dockerfile: USER"]);
    expect(user("FROM a\nUSER app\n", "FROM a\nUSER 0:0\n")).toHaveLength(1);
    expect(user("FROM a\n", "FROM a\nUSER app\n")).toEqual(["better docker/Dockerfile: USER"]);
    expect(user("FROM x:nonroot\n", "FROM x:latest\n")).toHaveLength(1);
  });

  it("is silent where the user stays, is another one, or is not known", () => {
    expect(user("FROM a\nUSER app\n", "FROM b\n# c\nUSER  1000\n")).toEqual([]);
    expect(user("FROM a\nUSER root\n", "FROM a\n")).toEqual([]);
    expect(user("FROM a\nUSER app\n", "FROM a\nUSER $WHO\n")).toEqual([]);
    expect(user("FROM a AS b\nUSER app\nFROM b\n", "FROM a\nUSER app\n")).toEqual([]);
    expect(user("FROM a\nUSER app\nFROM b\n", "FROM a\nFROM b\n")).toEqual([]);
  });
});
