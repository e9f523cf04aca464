import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finding, type Finding } from "../rules/rule.ts";
import { contextLine, contextOf, inContext } from "./context.ts";
import { parseContextFile } from "./context-file.ts";

const file = `version: 1
environment: production
regulations: [iso27001]
components:
  - name: payments
    paths: [/services/payments/]
    tier: 1
    data: restricted
    threats: [tampering]
    regulations: [pci-dss]
  - name: sandbox
    paths: ["/sandbox/", "*.sandbox.yaml"]
    environment: development
    data: public
`;
const parsed = (text: string) => {
  const read = parseContextFile(text);
  if (typeof read === "string") throw new Error(read);
  return read;
};
const both = (text: string) => contextOf(undefined, text, text);
const said = (text: string, ...paths: string[]) => both(text).of(paths);

function at(...paths: string[]): Finding {
  return finding(
    { id: "test.rule", version: 1 },
    {
      implication: "exposure.storage-public",
      direction: "worse",
      subject: "s",
      locations: paths.map((path) => ({ side: "after" as const, path, startLine: 1, endLine: 1 })),
      evidence: [],
      severity: "high",
      confidence: 100,
      rootCause: "r",
      clearBy: [],
    },
  );
}

describe("countermand.yaml", () => {
  it("is refused in one sentence where it is not exactly that", () => {
    for (const [text, problem] of [
      ["", /^it is empty/],
      ["components: []", /^version is wrong/],
      ["version: 2", /^version is wrong/],
      ["version: 1\nowner: x", /^it is wrong: .*owner/],
      ["version: 1\nenvironment: prod", /^environment is wrong/],
      ["version: 1\ntier: 0", /^tier is wrong/],
      ["version: 1\nthreats: [Spoofing]", /^threats.0 is wrong: must be a tag/],
      ["version: 1\ncomponents:\n  - name: a\n    paths: []", /^components.0.paths is wrong/],
      ["version: 1\ncomponents:\n  - name: a\n    paths: ['!x']", /CODEOWNERS/],
      [
        "version: 1\ncomponents:\n  - {name: a, paths: [a]}\n  - {name: a, paths: [b]}",
        /there twice/,
      ],
      ["version: 1\n---\nversion: 1", /several YAML documents/],
      ["version: 1\nversion: 1", /not read/],
      ["a: &a [*a]", /./],
      ["x".repeat(300_000), /longer than/],
      ["version: 1\n__proto__: {}", /wrong/],
      ["[".repeat(5000), /not read/],
    ] as const) {
      const read = parseContextFile(text);
      expect(read, text.slice(0, 60)).toBeTypeOf("string");
      expect(read).toMatch(problem);
      expect(read).toMatch(/^[\x20-\x7e]{1,400}$/);
    }
  });

  it("never throws, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        contextOf(undefined, text, `version: 1\n${text}`);
      }),
    );
  });
});

describe("the context of a path", () => {
  it("is that of its components, and of the whole where they leave it open", () => {
    expect(said(file, "services/payments/a.ts")).toEqual({
      components: ["payments"],
      environment: "production",
      tier: "1",
      data: "restricted",
      threats: ["tampering"],
      regulations: ["iso27001", "pci-dss"],
    });
    expect(said(file, "README.md")).toEqual({
      environment: "production",
      regulations: ["iso27001"],
    });
    expect(said(file)).toEqual(said(file, "README.md"));
    expect(said("version: 1", "a")).toBeUndefined();
    expect(contextLine(said(file, "sandbox/x"))).toBe(
      "sandbox, development, public data, iso27001",
    );
  });

  it("is the stricter of several components and of several places", () => {
    expect(said(file, "services/payments/x.sandbox.yaml")).toMatchObject({
      components: ["payments", "sandbox"],
      environment: "production",
      data: "restricted",
    });
    expect(said(file, "sandbox/x", "src/y")).toMatchObject({ environment: "production" });
    expect(said(file, "sandbox/x", "src/y")).not.toHaveProperty("data");
  });

  it("loosens nothing that only one of the two states says", () => {
    const dev = "version: 1\nenvironment: development\ndata: public\ntier: 3";
    expect(contextOf(undefined, dev, null).of(["a"])).toEqual({ tier: "3" });
    expect(contextOf(undefined, null, dev).of(["a"])).toEqual({ tier: "3" });
    expect(contextOf(undefined, dev, "version: 1\nenvironment: staging").of(["a"])).toEqual({
      environment: "staging",
      tier: "3",
    });
    const broken = contextOf(undefined, dev, "version: 9");
    expect(broken.of(["a"])).toEqual({ tier: "3" });
    expect(broken.unknowns).toEqual([
      expect.stringMatching(
        /^countermand.yaml of the state gone back to is not taken into account: version/,
      ),
    ]);
  });

  it("takes the stricter word of operator and repository, and the one that is there alone", () => {
    const dev = parsed("version: 1\nenvironment: development");
    const prod = parsed("version: 1\nenvironment: production\nregulations: [gdpr]");
    const repo = "version: 1\nenvironment: development\nregulations: [hipaa]";
    expect(contextOf(dev, null, null).of(["a"])).toEqual({ environment: "development" });
    expect(contextOf(prod, repo, repo).of(["a"])).toEqual({
      environment: "production",
      regulations: ["gdpr", "hipaa"],
    });
    expect(contextOf(dev, file, file).of(["src/a"])?.environment).toBe("production");
  });

  it("is named by a digest of all that was said, and of nothing by none", () => {
    expect(contextOf(undefined, null, null).digest).toBeUndefined();
    expect(contextOf(undefined, "nonsense: 1", null).digest).toBeUndefined();
    const digest = both(file).digest;
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(both(`# a comment\n${file}`).digest).toBe(digest);
    expect(contextOf(undefined, file, null).digest).not.toBe(digest);
    expect(contextOf(parsed(file), null, null).digest).not.toBe(digest);
  });
});

describe("findings in context", () => {
  it("reach no further than development where nothing else runs, and keep their fingerprint", () => {
    const [sandbox, pay, mixed, ci, example] = inContext(
      [
        at("sandbox/a.tf"),
        at("services/payments/a.tf"),
        at("sandbox/a.tf", "src/b.tf"),
        { ...at("sandbox/a.tf"), reach: "ci" },
        { ...at("sandbox/a.tf"), reach: "example" },
      ],
      both(file),
    );
    expect([sandbox, pay, mixed, ci, example].map((one) => one?.reach)).toEqual([
      "development",
      "runtime",
      "runtime",
      "ci",
      "example",
    ]);
    expect(sandbox?.fingerprint).toBe(at("sandbox/a.tf").fingerprint);
    expect(pay?.context?.regulations).toEqual(["iso27001", "pci-dss"]);
    const [bare] = inContext([at("a")], contextOf(undefined, null, null));
    expect(bare).toEqual(at("a"));
  });
});
