import { describe, expect, test } from "vitest";
import { groupsClaim, parseGroupRoles, rolesOf } from "./groups.ts";

const issuer = "https://login.example.com";
const mapping = parseGroupRoles(
  JSON.stringify([
    { issuer, group: "7d1e", role: "sre" },
    { issuer, group: "7d1e", role: "auditor" },
    { issuer, group: "99aa", role: "auditor" },
  ]),
);

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

describe("the mapping", () => {
  test.each([
    ["{", "not JSON"],
    ["{}", "a list of"],
    ["[1]", "row 1 is not an object"],
    [JSON.stringify([{ issuer, group: "a" }]), "role of row 1"],
    [JSON.stringify([{ issuer, group: "a", role: "SRE" }]), "role of row 1"],
    [JSON.stringify([{ issuer: "login", group: "a", role: "sre" }]), "issuer of row 1"],
    [JSON.stringify([{ issuer, group: "", role: "sre" }]), "group of row 1"],
    [JSON.stringify([{ issuer, group: "a", name: "x", role: "sre" }]), '"name"'],
  ])("%s is refused", (text, says) => {
    expect(() => parseGroupRoles(text)).toThrow(says);
  });
});
