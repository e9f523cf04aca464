import { digestOf } from "@countermand/record";
import { describe, expect, it } from "vitest";
import { noAdvisories, type Advisory, type AdvisoryIndex } from "../advisories/advisory-index.ts";
import type { ClearCondition } from "../rules/clear.ts";
import { depVulnReintroduced } from "../rules/all/dep-vuln-reintroduced.ts";
import { type Finding, finding } from "../rules/rule.ts";
import { changed, ruleInput } from "../testing/rule-input.ts";
import { type ClearingSources, clearFindings, clearingsDigest } from "./clear-findings.ts";
import { formatClearings, parseClearings, type SignedClearing } from "./clearings.ts";
import { ClearingError } from "./error.ts";
import { parseEvidence } from "./evidence.ts";
import { parseVex } from "./vex.ts";

const target = "a".repeat(40);
const asOf = "2026-11-23T00:00:00Z";
const advisory: Advisory = {
  id: "GHSA-aaaa-bbbb-cccc",
  aliases: ["CVE-2026-1000", "GHSA-aaaa-bbbb-cccc"],
  summary: "left bites",
  severity: "high",
};
const advisories: AdvisoryIndex = {
  ...noAdvisories,
  digest: "sha256:00",
  snapshot: () => ({ date: "2026-11-20", records: 1 }),
  affecting: (_ecosystem, name, version) =>
    name === "left" && version.startsWith("1.") ? [{ advisory, fixed: "2.0.0" }] : [],
  find: (id) => (advisory.aliases.includes(id) ? { advisory } : null),
};

/** What the real rule says, so that what is read out of its words is there. */
function flaws(...versions: string[]): Finding[] {
  const lock = (all: readonly string[]) =>
    JSON.stringify({
      lockfileVersion: 3,
      packages: Object.fromEntries(
        all.map((version, i) => [
          i === 0 ? "node_modules/left" : `node_modules/p${i}/node_modules/left`,
          { version },
        ]),
      ),
    });
  const file = changed("package-lock.json", lock(["2.0.0"]), lock(versions));
  const found = depVulnReintroduced.run(ruleInput({ files: [file], advisories }));
  return found.filter(({ direction }) => direction === "worse");
}

function made(clearBy: readonly ClearCondition[], facts: Partial<Finding> = {}): Finding {
  return finding(
    { id: "test.rule", version: 1 },
    {
      implication: "secret.reintroduced",
      direction: "worse",
      subject: "s",
      locations: [],
      evidence: [],
      severity: "high",
      confidence: 100,
      rootCause: "r",
      clearBy,
      ...facts,
    },
  );
}

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const clear = (findings: readonly Finding[], sources: ClearingSources, at = asOf) =>
  clearFindings(findings, sources, { asOf: at, target, advisories });

describe("signed clearings", () => {
  const one = made([]);
  const signed = (changes: Partial<SignedClearing> = {}): SignedClearing => ({
    record: "RB-2026-7",
    entry: 12,
    leafHash: "b".repeat(64),
    service: "api",
    target: digestOf({ type: "commit", commit: target }),
    actor: "bo",
    findings: [one.fingerprint],
    ground: "not-affected",
    scope: "record",
    until: "2026-12-01T00:00:00.000Z",
    ...changes,
  });
  const by = (changes: Partial<SignedClearing>, at?: string) =>
    clear([one], { statements: [signed(changes)] }, at);

  it("are what was written", () => {
    const all = [signed(), signed({ scope: "service" })];
    expect(parseClearings(Buffer.from(formatClearings(all)))).toEqual(all);
    for (const wrong of [
      "",
      "{}",
      '{"version":2,"clearings":[]}',
      formatClearings([signed({ actor: "Bo!" })]),
      formatClearings([signed({ until: "2026-12-01" })]),
      formatClearings([signed({ findings: [] })]),
      "[".repeat(100),
    ]) {
      expect(() => parseClearings(Buffer.from(wrong))).toThrow(ClearingError);
    }
  });

  it("hold for their finding, target and time", () => {
    expect(by({})).toEqual([
      {
        fingerprint: one.fingerprint,
        by: "statement",
        who: "bo in RB-2026-7, entry 12",
        why: "not-affected",
        until: "2026-12-01T00:00:00.000Z",
      },
    ]);
    expect(by({}, "2026-12-01T00:00:00Z")).toEqual([]);
    expect(by({}, "2026-11-30T23:59:59Z")).toHaveLength(1);
    expect(by({ findings: ["0".repeat(32)] })).toEqual([]);
    expect(by({ target: "c".repeat(64) })).toEqual([]);
    expect(by({ target: "c".repeat(64), scope: "service" })).toMatchObject([
      { why: "not-affected for the service api" },
    ]);
    expect(clear([{ ...one, direction: "better" }], { statements: [signed()] })).toEqual([]);
  });
});

describe("VEX", () => {
  const openVex = (changes: object = {}, document: object = {}) =>
    bytes({
      "@context": "https://openvex.dev/ns/v0.2.0",
      "@id": "https://example.com/vex/1",
      author: "Product security",
      timestamp: "2026-11-01T00:00:00Z",
      version: 1,
      statements: [
        {
          vulnerability: { name: "CVE-2026-1000" },
          products: [{ "@id": "pkg:npm/left" }],
          status: "not_affected",
          justification: "vulnerable_code_not_in_execute_path",
          ...changes,
        },
      ],
      ...document,
    });
  const cleared = (...documents: Buffer[]) =>
    clear(flaws("1.0.0"), { vex: documents.map((one) => parseVex(one)) });

  it("clears by package and any id of the flaw, with its reason and an end", () => {
    expect(flaws("1.0.0")).toHaveLength(1);
    expect(cleared(openVex())).toMatchObject([
      {
        by: "vex",
        who: "Product security",
        why: "not_affected: vulnerable_code_not_in_execute_path",
        until: "2027-11-02T00:00:00.000Z",
      },
    ]);
    for (const good of [
      { vulnerability: "ghsa-AAAA-bbbb-cccc" },
      { vulnerability: { name: "X-1", aliases: ["CVE-2026-1000"] } },
      { products: ["pkg:npm/left@1.0.0"] },
      { products: [{ "@id": "x", identifiers: { purl: "pkg:npm/left@1.0.0" } }] },
      {
        products: [
          { "@id": "pkg:oci/app@sha256:00", subcomponents: [{ "@id": "pkg:npm/left@1.0.0" }] },
        ],
      },
      { justification: undefined, impact_statement: "it is not called" },
      { status: "fixed", products: ["pkg:npm/left@1.0.0"] },
    ]) {
      expect(cleared(openVex(good)), JSON.stringify(good)).toHaveLength(1);
    }
  });

  it("clears nothing that it does not say", () => {
    for (const bad of [
      { vulnerability: { name: "CVE-2026-1001" } },
      { products: ["pkg:npm/left@1.0.1"] },
      { products: ["pkg:npm/right"] },
      { products: ["pkg:pypi/left"] },
      { products: ["pkg:oci/app"] },
      { products: [{ "@id": "pkg:npm/left", subcomponents: ["pkg:npm/right"] }] },
      { products: ["no purl"] },
      { products: undefined },
      { justification: undefined },
      { status: "under_investigation" },
      { status: "affected" },
      { status: "fixed" },
      { timestamp: "2026-11-24T00:00:00Z" },
      { timestamp: "2025-11-22T00:00:00Z" },
    ]) {
      expect(cleared(openVex(bad)), JSON.stringify(bad)).toEqual([]);
    }
    const of = (versions: string[], product: string) =>
      clear(flaws(...versions), { vex: [parseVex(openVex({ products: [product] }))] });
    expect(of(["1.0.0", "1.1.0"], "pkg:npm/left@1.0.0")).toEqual([]);
    expect(of(["1.0.0", "1.1.0"], "pkg:npm/left")).toHaveLength(1);
  });

  it("the newest word counts, and of two at the same time the graver", () => {
    const later = { timestamp: "2026-11-02T00:00:00Z" };
    expect(cleared(openVex(), openVex({ status: "affected", ...later }))).toEqual([]);
    expect(cleared(openVex({ status: "affected" }), openVex(later))).toHaveLength(1);
    expect(cleared(openVex(), openVex({ status: "affected" }))).toEqual([]);
    expect(cleared(openVex({ status: "affected" }), openVex())).toEqual([]);
  });

  it("is read from CycloneDX too", () => {
    const document = (analysis: object, affects: object = { ref: "left-ref" }) =>
      bytes({
        bomFormat: "CycloneDX",
        specVersion: "1.6",
        metadata: { timestamp: "2026-11-01T00:00:00Z", authors: [{ name: "Ada" }] },
        components: [{ "bom-ref": "left-ref", purl: "pkg:npm/left@1.0.0" }],
        vulnerabilities: [{ id: "CVE-2026-1000", analysis, affects: [affects] }],
      });
    const reason = { state: "not_affected", justification: "code_not_reachable" };
    expect(cleared(document(reason))).toMatchObject([
      { by: "vex", who: "Ada", why: "not_affected: code_not_reachable" },
    ]);
    for (const [analysis, affects, n] of [
      [reason, { ref: "pkg:npm/left" }, 1],
      [reason, { ref: "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#left-ref" }, 1],
      [reason, { ref: "other" }, 0],
      [{ state: "false_positive", detail: "another left" }, { ref: "left-ref" }, 1],
      [{ state: "resolved" }, { ref: "left-ref" }, 1],
      [{ state: "not_affected" }, { ref: "left-ref" }, 0],
      [{ state: "exploitable" }, { ref: "left-ref" }, 0],
      [{ ...reason, lastUpdated: "2026-12-01T00:00:00Z" }, { ref: "left-ref" }, 0],
      [reason, { ref: "left-ref", versions: [{ version: "1.0.0" }] }, 1],
      [reason, { ref: "left-ref", versions: [{ version: "1.0.0", status: "unknown" }] }, 0],
      [reason, { ref: "left-ref", versions: [{ range: "vers:npm/<2" }] }, 0],
    ] as const) {
      expect(
        cleared(document(analysis, affects)),
        JSON.stringify([analysis, affects]),
      ).toHaveLength(n);
    }
  });

  it("clears the undone fix of what it cleared, and nothing else of that name", () => {
    const [flaw] = flaws("1.0.0");
    const fix = made([], {
      implication: "fix.advisory-reverted",
      rootCause: flaw?.rootCause ?? "",
      subject: "CVE-2026-1000",
    });
    const vex = [parseVex(openVex())];
    expect(clear([fix, ...flaws("1.0.0")], { vex })).toHaveLength(2);
    expect(clear([fix], { vex })).toEqual([]);
    // Who signed for one finding did not sign for the other.
    const signed = {
      record: "RB-2026-7",
      entry: 1,
      leafHash: "b".repeat(64),
      service: "api",
      target: "c".repeat(64),
      actor: "bo",
      findings: [flaw?.fingerprint ?? ""],
      ground: "accepted-risk" as const,
      scope: "service" as const,
      until: "2026-12-01T00:00:00.000Z",
    };
    expect(clear([fix, ...flaws("1.0.0")], { statements: [signed] })).toHaveLength(1);
    const second = {
      ...flaws("1.0.0")[0],
      fingerprint: "1".repeat(32),
      subject: "CVE-2026-1000 in pkg:npm/right",
    } as Finding;
    expect(clear([fix, ...flaws("1.0.0"), second], { vex }).map((one) => one.fingerprint)).toEqual([
      flaw?.fingerprint,
    ]);
  });

  it("is refused in one sentence where it is none", () => {
    for (const wrong of [
      "",
      "{}",
      "[]",
      '{"@context":"https://openvex.dev/ns/v0.2.0"}',
      '{"bomFormat":"CycloneDX","components":[]}',
      openVex({ status: "maybe" }).toString(),
      openVex({}, { timestamp: "yesterday" }).toString(),
      "[".repeat(10_000),
      "\ufffd\u0000",
    ]) {
      expect(() => parseVex(Buffer.from(wrong))).toThrow(/^this is no VEX document/);
    }
    const products = Array.from({ length: 10_000 }, () => "x");
    const statement = { vulnerability: "CVE-1", status: "affected", products };
    expect(() =>
      parseVex(openVex({}, { statements: Array.from({ length: 11 }, () => statement) })),
    ).toThrow(/more than 100000 things/);
    expect(() => parseVex(openVex({ status: "maybe" }))).toThrow(/: statements.0.status: /);
    expect(() => parseVex(bytes({ bomFormat: "CycloneDX" }))).toThrow(/: vulnerabilities: /);
    expect(() => parseVex(Buffer.from([0xff, 0xfe]))).toThrow(ClearingError);
  });
});

describe("evidence", () => {
  const file = (facts: object) =>
    bytes({
      version: 1,
      source: "nightly check",
      seenAt: "2026-11-20T00:00:00.000Z",
      until: "2026-11-30T00:00:00.000Z",
      ...facts,
    });
  const text = "t";
  const hash = "d".repeat(64);
  const cases: readonly [ClearCondition, object, object][] = [
    [
      { kind: "package-at-least", package: "pkg:npm/left", version: "2.0.0", text },
      { packages: ["pkg:npm/left@2.0.0", "pkg:npm/left@10.0.0", "pkg:npm/right@1.0.0"] },
      { packages: ["pkg:npm/left@2.0.0", "pkg:npm/left@1.9.0"] },
    ],
    [
      { kind: "setting", path: "a.yaml", setting: "tls.min", value: "1.3", text },
      { settings: [{ path: "a.yaml", setting: "tls.min", value: "1.3" }] },
      { settings: [{ path: "b.yaml", setting: "tls.min", value: "1.3" }] },
    ],
    [
      { kind: "check-runs", check: "ci/scan", text },
      { checks: ["ci/scan"] },
      { checks: ["ci/scan2"] },
    ],
    [
      { kind: "migration-not-applied", migration: "0007_drop", text },
      { appliedMigrations: ["0006_add"] },
      { appliedMigrations: ["0006_add", "0007_drop"] },
    ],
    [
      { kind: "certificate-valid", certificate: hash, text },
      {
        certificates: [
          {
            certificate: hash,
            notBefore: "2026-01-01T00:00:00.000Z",
            notAfter: "2027-01-01T00:00:00.000Z",
          },
        ],
      },
      {
        certificates: [
          {
            certificate: hash,
            notBefore: "2026-01-01T00:00:00.000Z",
            notAfter: "2026-11-23T00:00:00.000Z",
          },
        ],
      },
    ],
    [
      { kind: "secret-revoked", secret: hash, text },
      { revokedSecrets: [hash] },
      { revokedSecrets: ["e".repeat(64)] },
    ],
  ];

  it.each(cases.map((one) => [one[0].kind, ...one] as const))(
    "%s: met, not met, silent, out of time, about another state",
    (_kind, condition, met, unmet) => {
      const of = (facts: object, at = asOf) =>
        clear([made([condition])], { evidence: [parseEvidence(file(facts))] }, at);
      expect(of(met)).toMatchObject([
        { by: "evidence", who: "nightly check", until: "2026-11-30T00:00:00.000Z" },
      ]);
      expect(of(unmet)).toEqual([]);
      expect(of({})).toEqual([]);
      expect(of(met, "2026-11-30T00:00:00Z")).toEqual([]);
      expect(of(met, "2026-11-19T23:59:59Z")).toEqual([]);
      expect(of({ ...met, target })).toHaveLength(1);
      expect(of({ ...met, target: "b".repeat(40) })).toEqual([]);
    },
  );

  it("a statement that a person must make is met by no file", () => {
    const facts = cases.reduce((all, [, met]) => ({ ...all, ...met }), {});
    const condition = { kind: "statement", text } as const;
    expect(clear([made([condition])], { evidence: [parseEvidence(file(facts))] })).toEqual([]);
  });

  it("an SBOM of what ships says which versions there are", () => {
    const sbom = (version: string) =>
      parseEvidence(
        bytes({
          bomFormat: "CycloneDX",
          specVersion: "1.6",
          components: [{ type: "library", name: "left", purl: `pkg:npm/left@${version}` }],
        }),
      );
    const found = clear(flaws("1.0.0"), { evidence: [sbom("2.0.1")] });
    expect(found).toMatchObject([{ by: "evidence", why: "what ships has 2.0.1" }]);
    expect(found[0]).not.toHaveProperty("until");
    expect(clear(flaws("1.0.0"), { evidence: [sbom("1.0.0")] })).toEqual([]);
    expect(clear(flaws("1.0.0"), { evidence: [sbom("latest")] })).toEqual([]);
  });

  it("is refused in one sentence where it is none", () => {
    for (const wrong of [
      bytes({}),
      file({ until: "2026-11-20T00:00:00.000Z" }),
      file({ until: "2027-11-22T00:00:00.000Z" }),
      file({ packages: ["left@1"] }),
      file({ packages: ["pkg:npm/left"] }),
      file({ revokedSecrets: ["hunter2"] }),
      file({ more: 1 }),
      file({ version: 2 }),
    ]) {
      expect(() => parseEvidence(wrong)).toThrow(/^this is no evidence file/);
    }
    expect(() => parseEvidence(file({ revokedSecrets: ["x"] }))).toThrow(/: revokedSecrets.0: /);
    expect(() => parseEvidence(bytes({ bomFormat: "other" }))).toThrow(/no known kind/);
  });
});

describe("what was given", () => {
  it("is named by a digest that does not depend on the order", () => {
    expect(clearingsDigest({})).toBeUndefined();
    expect(clearingsDigest({ statements: [], vex: [] })).toBeUndefined();
    const sbom = (name: string) =>
      parseEvidence(bytes({ bomFormat: "CycloneDX", components: [], serialNumber: name }));
    const digest = clearingsDigest({ evidence: [sbom("a"), sbom("b")] });
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(clearingsDigest({ evidence: [sbom("b"), sbom("a"), sbom("a")] })).toBe(digest);
    expect(clearingsDigest({ evidence: [sbom("b")] })).not.toBe(digest);
  });

  it("public data clear public storage, and nothing else", () => {
    const one = (implication: string, data: "public" | "internal") =>
      made([], { implication, context: { data }, subject: `${implication} ${data}` });
    expect(
      clear(
        [
          one("exposure.storage-public", "public"),
          one("exposure.storage-public", "internal"),
          one("exposure.network-opened", "public"),
        ],
        {},
      ),
    ).toMatchObject([{ by: "context", why: "the data are public" }]);
    // Two places under one fingerprint are cleared together or not at all.
    const [open, shut] = [
      one("exposure.storage-public", "public"),
      one("exposure.storage-public", "public"),
    ];
    expect(clear([open, shut], {})).toHaveLength(1);
    expect(clear([open, { ...shut, context: { data: "internal" } }], {})).toEqual([]);
  });
});
