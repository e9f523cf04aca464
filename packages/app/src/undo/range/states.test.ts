import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openRepository } from "../git/repository.ts";
import { HistoryBuilder } from "../testing/builder.ts";
import { testKnowledge } from "../testing/rule-input.ts";
import { folderOf, type LayoutOptions, ociLayout } from "../testing/states.ts";
import { renderUndo, undoReportBytes } from "./render.ts";
import { undoStates } from "./states.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});
function kept(folder: string): string {
  cleanups.push(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
const image = (options: LayoutOptions) => `image:${kept(ociLayout(options))}`;

const deployment = (privileged: boolean) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  template:
    spec:
      containers:
        - name: web
          securityContext: { privileged: ${privileged} }
`;
const sbom = (version: string) => ({
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  components: [{ type: "library", name: "left", version, purl: `pkg:npm/left@${version}` }],
});

describe("going back between states that are no commits", () => {
  it("compares the files of two folders", async () => {
    const now = kept(folderOf({ "web.yaml": deployment(false), "same.yaml": "a: 1\n" }));
    const old = kept(folderOf({ "web.yaml": deployment(true), "same.yaml": "a: 1\n" }));
    const request = { target: `dir:${old}`, from: `dir:${now}`, knowledge: testKnowledge };
    const report = await undoStates(undefined, request);
    expect(report.files).toEqual([
      { path: "web.yaml", status: "modified", kind: "text-or-binary" },
    ]);
    expect(report.findings.map((f) => [f.direction, f.implication])).toEqual([
      ["worse", "workload.hardening-removed"],
    ]);
    expect(report.unknowns).toContain(
      "the states are not commits: which changes lie between them is unknown",
    );
    expect(renderUndo(report)).toMatch(
      /^Going back from sha256:\w{10} to sha256:\w{10} changes 1 file\n/,
    );
    expect(undoReportBytes(await undoStates(undefined, request))).toEqual(undoReportBytes(report));
    const single = {
      target: `file:${join(old, "web.yaml")}`,
      from: `file:${join(now, "web.yaml")}`,
    };
    const one = await undoStates(undefined, { ...request, ...single });
    expect(one.findings).toEqual(report.findings);
  });

  it("never says none where what was changed between them is unknown", async () => {
    const now = kept(folderOf({ "web.yaml": deployment(false), a: "a\n" }));
    const old = kept(folderOf({ "web.yaml": deployment(false), a: "b\n" }));
    const request = { target: `dir:${old}`, from: `dir:${now}`, knowledge: testKnowledge };
    const { risk } = await undoStates(undefined, request);
    expect(risk).toMatchObject({ score: 0, level: "unknown" });
  });

  it("compares two images as the commits they were built from, with their SBOMs", async () => {
    const built = new HistoryBuilder();
    cleanups.push(() => {
      built.remove();
    });
    const old = built.commit("One", { files: { "web.yaml": deployment(true) } });
    const now = built.commit("Two", { files: { "web.yaml": deployment(false) } });
    const repo = await openRepository(built.directory);
    try {
      const report = await undoStates(repo, {
        target: image({ revision: old, sbom: sbom("1.0.0") }),
        from: image({ revision: now, sbom: sbom("2.0.0") }),
        knowledge: testKnowledge,
      });
      expect(report).toMatchObject({
        from: now,
        target: old,
        undoneCount: 1,
        states: { from: { kind: "image", revision: now }, target: { revision: old } },
      });
      expect(report.findings.map(({ implication }) => implication).sort()).toEqual([
        "dep.downgraded",
        "workload.hardening-removed",
      ]);
    } finally {
      await repo.close();
    }
  });

  it("says what is missing where images do not lead to commits", async () => {
    const report = await undoStates(undefined, {
      target: image({ sbom: sbom("1.0.0") }),
      from: image({ sbom: sbom("2.0.0") }),
      knowledge: testKnowledge,
    });
    expect(report.findings.map(({ implication }) => implication)).toEqual(["dep.downgraded"]);
    expect(report.unknowns.join("\n")).toContain("by their SBOMs alone: a repository is missing");
  });

  it("refuses to compare what is not of one kind, in one sentence", async () => {
    const files = `dir:${kept(folderOf({ a: "1" }))}`;
    const ask = (target: string, from: string) =>
      undoStates(undefined, { target, from, knowledge: testKnowledge });
    await expect(ask(files, "HEAD")).rejects.toThrow(/of its kind; a commit and files were given/);
    await expect(ask(files, image({}))).rejects.toMatchObject({ code: "not-comparable" });
    await expect(ask("HEAD~1", "HEAD")).rejects.toMatchObject({ code: "bad-state" });
    const reverting = undoStates(undefined, {
      target: files,
      from: files,
      mode: "revert",
      knowledge: testKnowledge,
    });
    await expect(reverting).rejects.toThrow(/only commits are reverted/);
  });
});
