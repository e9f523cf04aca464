import { parsePayload, statementTypes } from "@countermand/record";
import { actor, assessmentBody, envelopeOf } from "@countermand/record/testing";
import { expect, test } from "vitest";
import type { Finding } from "../rules/rule.ts";
import { undoReport } from "../testing/report.ts";
import { summaryOf } from "./summary.ts";

const found = (n: number, severity: Finding["severity"], direction = "worse") =>
  ({
    fingerprint: n.toString(16).padStart(32, "0"),
    implication: "authn.weakened",
    rule: "authn.weakened",
    version: 1,
    severity,
    direction,
  }) as Finding;
const cleared = (n: number, by: string, until?: string) => ({
  fingerprint: n.toString(16).padStart(32, "0"),
  by,
  who: "bo",
  why: "not-affected",
  ...(until === undefined ? {} : { until }),
});
const counts = (report: object) => summaryOf({ ...undoReport, ...report })["findings"];

test("findings for the worse are counted: open by severity, cleared by what and until when", () => {
  expect(
    counts({
      findings: [
        found(1, "high"),
        found(1, "high"),
        found(2, "high"),
        found(3, "critical"),
        found(4, "low"),
        found(5, "low", "better"),
        found(6, "medium", "changed"),
      ],
      cleared: [
        cleared(1, "statement", "2026-12-01T00:00:00.000Z"),
        cleared(3, "vex", "2026-12-01T00:00:00Z"),
        cleared(4, "context"),
        cleared(6, "statement"),
        cleared(9, "evidence"),
      ],
    }),
  ).toEqual({
    open: [{ severity: "high", count: 1 }],
    cleared: [
      { by: "context", severity: "low", count: 1 },
      { by: "statement", severity: "high", count: 2, until: "2026-12-01T00:00:00.000Z" },
      { by: "vex", severity: "critical", count: 1, until: "2026-12-01T00:00:00.000Z" },
    ],
  });
  expect(counts({ findings: [] })).toEqual({ open: [], cleared: [] });
});

test("an end that is no time clears nothing", () => {
  for (const until of ["2026-99-99T00:00:00Z", "9999-12-31T23:59:59-23:59"]) {
    const report = { findings: [found(1, "high")], cleared: [cleared(1, "statement", until)] };
    expect(counts(report)).toEqual({ open: [{ severity: "high", count: 1 }], cleared: [] });
  }
});

test("more ends than a statement holds: of one kind and severity they end with the first", () => {
  const ends = Array.from({ length: 80 }, (_, i) => i + 1);
  const day = (i: number) => new Date(Date.UTC(2026, 11, i)).toISOString();
  const findings = counts({
    findings: ends.map((i) => found(i, i % 2 === 0 ? "high" : "low")),
    cleared: ends.map((i) =>
      cleared(i, i === 80 ? "context" : "statement", i === 80 ? undefined : day(i)),
    ),
  });
  expect(findings).toEqual({
    open: [],
    cleared: [
      { by: "context", severity: "high", count: 1 },
      { by: "statement", severity: "high", count: 39, until: day(2) },
      { by: "statement", severity: "low", count: 40, until: day(1) },
    ],
  });
});

test("what it says fits into a statement", () => {
  const body = assessmentBody({ ...summaryOf(undoReport) });
  const subjects = [
    { name: "urn:countermand:record:RB-2026-1", digest: { sha256: "0".repeat(64) } },
  ];
  const time = "2026-11-23T02:00:00.000Z";
  const envelope = envelopeOf(actor("ines"), "assessed", subjects, body, time);
  const parsed = parsePayload(new Uint8Array(Buffer.from(envelope.payload, "base64")));
  expect(parsed.type).toBe(statementTypes.get("assessed"));
});
