import { describe, expect, it } from "vitest";
import { defaultPolicy } from "@countermand/record";
import { checkPolicy } from "./check.ts";
import { loadJudge } from "./judge.ts";
import { bundleOf, permitAll } from "./testing/requests.ts";

const known = { implications: ["authn.weakened", "data.migration-irreversible"] };
const check = (rules: string) =>
  checkPolicy(loadJudge(bundleOf(rules)).rules, defaultPolicy, known);
const findings = (rules: string) =>
  check(rules)
    .remarks.filter((remark) => remark.level === "finding")
    .map((remark) => remark.says);
const notes = (rules: string) =>
  check(rules)
    .remarks.filter((remark) => remark.level === "note")
    .map((remark) => remark.says);

const permit = (id: string, when: string, action = "action") =>
  `@id("${id}") permit (principal, ${action}, resource) when { ${when} };\n`;
const forbid = (id: string, when: string, action = "action") =>
  `@id("${id}") @says("this is not to be done here") forbid (principal, ${action}, resource) when { ${when} };\n`;
const classify = (id: string, annotations: string, when: string) =>
  `@id("${id}") @class("${id}") ${annotations} permit (principal, action == Action::"classify", resource) when { ${when} };\n`;

describe("a policy is checked for", () => {
  it("nothing where there is nothing to find", () => {
    expect(check(permitAll)).toEqual({ remarks: [], unanswered: [] });
  });

  it.each([
    ["a number that cannot be", "resource.risk > 100"],
    ["two numbers at once", "resource.risk > 50 && resource.risk < 40"],
    ["two words at once", 'resource.service == "a" && resource.service == "b"'],
    ["a word and no word", 'resource.level == Level::"low" && resource.level == Level::"high"'],
    [
      "a set that holds and is empty",
      'resource.evidence.contains("junit") && resource.evidence.isEmpty()',
    ],
    ["a thing and its opposite", "resource.emergency && !resource.emergency"],
    [
      "a time that is over before it begins",
      'context.now > datetime("2027-01-05") && context.now < datetime("2027-01-01")',
    ],
    ["a risk of what is not assessed", "!resource.assessed && resource.risk > 3"],
    ["an emergency that is a drill", "resource.emergency && resource.exercise"],
    [
      "a plain key that verified a person",
      'principal.key == KeyType::"ssh" && principal.userVerified',
    ],
    ["a person who is the system", 'principal.kind == ActorKind::"system"'],
  ])("rules that never match: %s", (_what, when) => {
    expect(findings(permitAll + permit("never", when))).toEqual([
      expect.stringMatching(/^never never matches/),
    ]);
  });

  it.each([
    ["neighbours of a constant", "resource.risk > 41 && resource.risk < 43"],
    ["the ends of a range", "resource.risk >= 100 || context.minute >= 1439"],
    [
      "a set with something else in it",
      '!resource.evidence.isEmpty() && !resource.evidence.contains("junit")',
    ],
    [
      "what begins and ends in the same millisecond",
      'context.now >= datetime("2027-01-05") && context.now <= datetime("2027-01-05")',
    ],
  ])("and not for what does: %s", (_what, when) => {
    expect(findings(permitAll + forbid("sometimes", when))).toEqual([]);
  });

  it("permits that are always forbidden", () => {
    const rules =
      permitAll +
      permit("vain", 'resource.level == Level::"high"', 'action == Action::"approve"') +
      forbid("grave", '[Level::"high", Level::"critical"].contains(resource.level)') +
      forbid("elsewhere", "resource.files > 3", 'action == Action::"plan"');
    expect(findings(rules)).toEqual([
      "vain permits nothing: all that it permits is forbidden by grave",
    ]);
  });

  it("rules that change nothing", () => {
    expect(notes(permitAll + permit("more", "resource.files > 3"))).toEqual([
      "more changes nothing: other rules permit all that it permits",
    ]);
    const one = permit("few", "resource.files < 3");
    expect(notes(one + forbid("many", "resource.files > 5"))).toEqual([
      "many changes nothing: no rule permits what it forbids",
    ]);
    expect(
      notes(
        permitAll + forbid("wide", "resource.files > 3") + forbid("narrow", "resource.files > 5"),
      ),
    ).toEqual(["narrow changes nothing: other rules forbid all that it forbids"]);
  });

  it("what nobody may ever do", () => {
    const rules = permit("only", "resource.files >= 0", 'action == Action::"reject"');
    expect(findings(rules)).toEqual(
      ["initiate", "assess", "approve", "execute"].map((action) => `nobody may ever ${action}`),
    );
    expect(notes(rules)).toContain("nobody may ever override");
    expect(
      findings(
        permitAll + forbid("all-of-it", "resource.files >= 0", 'action == Action::"approve"'),
      ),
    ).toEqual(["nobody may ever approve"]);
  });

  it("a fast lane that is never taken", () => {
    const rules =
      permitAll +
      classify("fast", '@lane("clean-revert")', "resource.inverse && resource.files < 3") +
      classify("slow", '@lane("quorum")', "resource.files < 10");
    expect(findings(rules)).toEqual([
      "fast never takes its lane: slow asks for the quorum as well",
    ]);
  });

  it.each([
    ['principal.permissions.contains("aprove")', "principal.permissions", "approve"],
    ['resource.kind == "rollback"', "resource.kind", "revert"],
    ['"done" == resource.status', "resource.status", "proposed"],
    ['["cosmic-rays"].contains(resource.reason)', "resource.reason", "availability"],
    ['resource.evidence.containsAny(["junit", "jnit"])', "resource.evidence", "junit"],
    ['resource.implications.contains("authn.weakend")', "resource.implications", "authn.weakened"],
  ])("words that nothing is ever called: %s", (when, fact, word) => {
    const [says, ...others] = findings(permitAll + forbid("typo", when));
    expect(others).toEqual([]);
    expect(says).toContain(`which ${fact} never is`);
    expect(says).toContain(word);
  });

  it("obligations that the settings ask for already", () => {
    const rules =
      permitAll +
      classify("more", '@approvals("0") @window("7d") @temporary("7d")', "resource.files > 3");
    expect(notes(rules)).toEqual([
      "more asks for no more approvals than the settings do",
      "more asks for no more windowMinutes than the settings do",
    ]);
  });

  it("and says what it could not find out, rather than nothing", () => {
    expect(
      check(permitAll + forbid("odd", "resource.files > resource.commits")).unanswered,
    ).toEqual([
      "odd: it compares resource.files with resource.commits; examples were tried, not all facts",
    ]);
    expect(
      check(permitAll + forbid("odd", 'resource.environment like "prod*"')).unanswered,
    ).toEqual([
      "odd: it matches resource.environment against a pattern; examples were tried, not all facts",
    ]);
    // Never true, but by arithmetic: no finding, and no word that there is none.
    const sums = check(permitAll + permit("odd", "resource.files + 1 < resource.files"));
    expect(sums.remarks).toEqual([]);
    expect(sums.unanswered).toHaveLength(1);
    const sets = check(permitAll + forbid("odd", 'resource.evidence == ["junit"]'));
    expect(sets.remarks).toEqual([]);
    expect(sets.unanswered.length).toBeGreaterThan(0);
  });

  it("within bounds, however many facts a policy joins", () => {
    const odd = Array.from({ length: 14 }, (_, i) => `resource.files == ${i * 3}`);
    const wide = Array.from({ length: 14 }, (_, i) => `resource.evidence.contains("e${i}")`);
    const started = performance.now();
    const { unanswered } = check(
      permit("a", `(${odd.join(" || ")}) && !(${wide.join(" || ")})`) +
        permit("b", `(${wide.join(" || ")}) && !(${odd.join(" || ")})`) +
        forbid("c", wide.join(" || ")),
    );
    expect(unanswered.every((what) => what.length < 300)).toBe(true);
    // Not a measure of speed: a search without a bound would go on for years.
    expect(performance.now() - started).toBeLessThan(60_000);
  });
});
