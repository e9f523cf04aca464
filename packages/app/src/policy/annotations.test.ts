import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { obligationsShape } from "@countermand/record";
import { parseAnnotations } from "./annotations.ts";

const classify = (extra: Readonly<Record<string, string>>) =>
  parseAnnotations({ id: "a", class: "c", ...extra }, "classify", "permit").asks;

describe("annotations", () => {
  it("ask for obligations", () => {
    expect(
      classify({
        approvals: "2",
        roles: "sre, security:2",
        evidence: "sarif,junit",
        request: "3d",
        window: "4h",
        temporary: "7d",
        retrospective: "24h",
        renewals: "0",
        notify: "security, on-call",
        lane: "clean-revert",
        sample: "10",
      }),
    ).toEqual({
      approvals: 2,
      roles: [
        { role: "security", count: 2 },
        { role: "sre", count: 1 },
      ],
      evidence: ["junit", "sarif"],
      requestHours: 72,
      windowMinutes: 240,
      temporaryDays: 7,
      retrospectiveHours: 24,
      renewals: 0,
      notify: ["on-call", "security"],
      lane: "clean-revert",
      samplePercent: 10,
    });
  });

  it.each([
    ["approvals", ""],
    ["approvals", "02"],
    ["approvals", "0x2"],
    ["approvals", "11"],
    ["approvals", "1e0"],
    ["approvals", " 1"],
    ["roles", ""],
    ["roles", "sre,sre"],
    ["roles", "sre:0"],
    ["roles", "sre:6,dev:5"],
    ["evidence", "junit,"],
    ["evidence", "junitt"],
    ["evidence", "junit,junit"],
    ["window", "240"],
    ["window", "0m"],
    ["window", "8d"],
    ["request", "90m"],
    ["request", "1.5h"],
    ["temporary", "36h"],
    ["temporary", "367d"],
    ["notify", "a b"],
    ["lane", "fast"],
    ["sample", "101"],
    ["sample", "-1"],
  ])("refuse @%s(%j)", (name, text) => {
    expect(() => classify({ [name]: text })).toThrow(RangeError);
  });

  it("refuse what they do not know, and say what there is", () => {
    expect(() => classify({ aprovals: "2" })).toThrow(/@aprovals is unknown.*@approvals/);
    expect(() => parseAnnotations({ id: "a", approvals: "2" }, "permission", "permit")).toThrow(
      /only a rule for Action::"classify"/,
    );
    expect(() => parseAnnotations({ id: "a", x: "2" }, "gate", "permit")).toThrow(/unknown/);
  });

  it("name every rule, every class, and the reason of what forbids", () => {
    expect(() => parseAnnotations({}, "permission", "permit")).toThrow(/no name/);
    expect(() => parseAnnotations({ id: "A b" }, "permission", "permit")).toThrow(/lower-case/);
    expect(() => parseAnnotations({ id: "a" }, "classify", "permit")).toThrow(/names no class/);
    expect(() => parseAnnotations({ id: "a" }, "permission", "forbid")).toThrow(/does not say why/);
    expect(() => parseAnnotations({ id: "a", says: "no" }, "permission", "forbid")).toThrow(
      /one sentence/,
    );
  });

  it("give obligations that the ledger takes, or a sentence, for any text", () => {
    const names = ["approvals", "roles", "evidence", "request", "window", "lane", "sample"];
    const text = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.stringMatching(/^[0-9]{1,3}[mhd]?$/),
      fc.stringMatching(/^[a-z]{1,4}(,[a-z]{1,4}:[0-9])?$/),
    );
    const full = {
      approvals: 1,
      roles: [],
      evidence: [],
      requestHours: 1,
      windowMinutes: 1,
      temporaryDays: 1,
      retrospectiveHours: 1,
      renewals: 0,
      notify: [],
      lane: "quorum",
      samplePercent: 0,
    };
    fc.assert(
      fc.property(fc.constantFrom(...names), text, (name, value) => {
        try {
          obligationsShape({ ...full, ...classify({ [name]: value }) });
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("annotations of a rule for signal", () => {
  const signal = (given: Readonly<Record<string, string>>) =>
    parseAnnotations({ id: "a", ...given }, "signal", "permit");

  it("give a time and owners in their order", () => {
    expect(signal({ oblige: "4h", owner: "ines, bo" }).obliges).toEqual({
      minutes: 240,
      owners: ["ines", "bo"],
    });
    expect(signal({ oblige: "2d", says: "a reason for people" })).toMatchObject({
      says: "a reason for people",
      obliges: { minutes: 2880, owners: [] },
    });
  });

  it.each([
    [{}, /gives no time/],
    [{ oblige: "0h" }, /@oblige is a span/],
    [{ oblige: "367d" }, /at most 527040 minutes/],
    [{ oblige: "1h", owner: "" }, /@owner is ids/],
    [{ oblige: "1h", owner: "Ines" }, /@owner is ids/],
    [{ oblige: "1h", owner: "bo, bo" }, /@owner is ids/],
    [{ oblige: "1h", approvals: "2" }, /only a rule for Action::"classify"/],
    [{ oblige: "1h", olige: "2" }, /may have @id, @says, @oblige, @owner/],
  ])("%j is refused", (given, says) => {
    expect(() => signal(given)).toThrow(says);
  });

  it.each(["classify", "permission", "gate"] as const)("are for no rule for %s", (purpose) => {
    const given = { id: "a", ...(purpose === "classify" ? { class: "c" } : {}), oblige: "1h" };
    expect(() => parseAnnotations(given, purpose, "permit")).toThrow(
      /for a rule for Action::"signal"/,
    );
  });
});
