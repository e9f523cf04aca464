import { describe, expect, test } from "vitest";
import { groupsClaim, rolesOf, stillGiven } from "./groups.ts";

const issuer = "https://login.example.com";
const mapping = [
  { issuer, group: "7d1e", role: "sre" },
  { issuer, group: "7d1e", role: "auditor" },
  { issuer, group: "99aa", role: "auditor" },
];

describe("roles", () => {
  test("by issuer and group id", () => {
    expect(rolesOf(mapping, issuer, ["7d1e", "99aa", "other"])).toEqual(["auditor", "sre"]);
  });

  test("a group renamed to a privileged name gives nothing", () => {
    expect(rolesOf(mapping, issuer, ["sre", "auditor", "7D1E", "7d1e "])).toEqual([]);
  });

  test("the same group at another issuer gives nothing", () => {
    expect(rolesOf(mapping, `${issuer}/`, ["7d1e"])).toEqual([]);
    expect(rolesOf(mapping, "https://LOGIN.example.com", ["7d1e"])).toEqual([]);
  });

  test("what the mapping no longer knows at that issuer is gone", () => {
    expect(stillGiven(mapping, issuer, ["auditor", "owner", "sre"])).toEqual(["auditor", "sre"]);
    expect(stillGiven(mapping.slice(2), issuer, ["auditor", "sre"])).toEqual(["auditor"]);
    expect(stillGiven(mapping, "https://other.example.com", ["sre"])).toEqual([]);
    expect(stillGiven([], issuer, ["sre"])).toEqual([]);
  });
});

describe("the claim", () => {
  test("a list of texts", () => {
    expect(groupsClaim({ groups: ["a", "b"] }, "groups")).toEqual({ groups: ["a", "b"] });
  });

  test("absent: no groups", () => {
    expect(groupsClaim({}, "groups")).toEqual({ groups: [] });
    expect(groupsClaim({}, "constructor")).toEqual({ groups: [] });
  });

  test("replaced by a reference: no groups, and that is said", () => {
    const claims = {
      _claim_names: { groups: "src1" },
      _claim_sources: { src1: { endpoint: "https://graph.example.com" } },
    };
    const { groups, problem } = groupsClaim(claims, "groups");
    expect(groups).toEqual([]);
    expect(problem).toContain("too many");
  });

  test.each([["sre"], [{ sre: true }], [["sre", 1]], [null], [Array(1001).fill("x")]])(
    "%j: no groups, and that is said",
    (value) => {
      const { groups, problem } = groupsClaim({ groups: value }, "groups");
      expect(groups).toEqual([]);
      expect(problem).toBeDefined();
    },
  );
});
