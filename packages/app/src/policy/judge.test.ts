import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  defaultPolicy,
  obligationsOf,
  policyActions,
  type PolicyRequest,
} from "@countermand/record";
import { formatBundle } from "./bundle.ts";
import { PolicyError } from "./error.ts";
import { loadJudge } from "./judge.ts";
import { limits, schemaName } from "./limits.ts";
import { schema1, schema2 } from "./schema.ts";
import { bundleOf, permitAll, request } from "./testing/requests.ts";

const least = obligationsOf(defaultPolicy, false);
const judge = (rules: string) => loadJudge(bundleOf(rules));
/** Multiplies a fact until it overflows: the one error that strict rules can still have. */
const overflows = "resource.files * 9223372036854775807 > 0 && resource.files > 1";

describe("a policy is loaded", () => {
  const refused = (rules: string) => {
    try {
      judge(rules);
    } catch (error) {
      if (error instanceof PolicyError) return error.problems;
      throw error;
    }
    throw new Error("it loaded");
  };

  it.each([
    ["a fact that does not exist", "resource.rsk > 1", "rsk"],
    ["a word that does not exist", 'principal.kind == ActorKind::"humna"', "humna"],
    ["a type that does not fit", "resource.service == 3", "Long and String"],
    ["a condition that is never true", "false", "impossible"],
    ["a condition that is no truth value", "resource.risk", "Long"],
    ["a condition cut short", "resource.risk >", "unexpected token"],
  ])("unless it has %s", (_what, condition, words) => {
    const rules = `${permitAll}\n@id("b")\npermit (principal, action, resource)\nwhen { ${condition} };\n`;
    expect(refused(rules)).toMatchObject([
      { file: "a.cedar", line: expect.any(Number), says: expect.stringContaining(words) },
    ]);
  });

  it("or says file, line and column of every mistake", () => {
    const rules = [
      '@id("one")',
      "// ö: Cedar counts bytes, people count characters",
      'permit (principal, action == Action::"approv", resource);',
      "",
      '@id("two") permit (principal, action, resource) when { context.hour == 3 };',
    ].join("\n");
    expect(refused(rules)).toEqual([
      { file: "a.cedar", line: 3, column: 30, says: expect.stringContaining("did you mean") },
      { file: "a.cedar", line: 5, column: 56, says: expect.stringContaining("`hour`") },
    ]);
  });

  it.each([
    ["a template", '@id("a") permit (principal == ?principal, action, resource);', "template"],
    [
      "two annotations of one name",
      '@id("a") @id("b") permit (principal, action, resource);',
      "id",
    ],
    [
      "an annotation that JavaScript would lose",
      '@id("a") @__proto__("x") permit (principal, action, resource);',
      "@__proto__ is unknown",
    ],
    [
      "two rules of one name",
      `${permitAll}${permitAll}`,
      "a second rule all; the first is at a.cedar:1",
    ],
    ["no name", "permit (principal, action, resource);", "@id"],
    ["no reason to forbid", '@id("a") forbid (principal, action, resource);', "@says"],
    [
      "a misspelt obligation",
      '@id("a") @class("c") @aprovals("2") permit (principal, action == Action::"classify", resource);',
      "@aprovals is unknown",
    ],
    [
      "an obligation of what is no class",
      '@id("a") @approvals("2") permit (principal, action == Action::"approve", resource);',
      "only a rule for",
    ],
    [
      "a class that forbids",
      '@id("a") @class("c") @says("this is not how it works") forbid (principal, action == Action::"classify", resource);',
      "is a permit",
    ],
    [
      "a class among permissions",
      '@id("a") permit (principal, action in [Action::"classify", Action::"approve"], resource);',
      "alone",
    ],
    [
      "a gate that asks for more than it can know",
      '@id("a") permit (principal, action == Action::"deploy-unchecked", resource) when { resource.risk < 5 };',
      "not resource.risk",
    ],
    ["nothing", "// nothing\n", "no rules"],
  ])("unless it has %s", (_what, rules, words) => {
    expect(refused(rules)).toMatchObject([{ says: expect.stringContaining(words) }]);
  });

  it("up to its bounds without harm to what is judged afterwards", () => {
    const all = judge(permitAll);
    // Each at its bound, and deeper than any person writes.
    const brackets = "(".repeat(limits.nesting - 2);
    const chain = Array.from({ length: 70 }, () => "resource.temporary").join(" || ");
    const ifs = "if resource.obliged then true else ".repeat(60);
    for (const condition of [
      `${brackets}${chain}${")".repeat(limits.nesting - 2)}`,
      `${ifs}false`,
      `${"!".repeat(4)}resource.obliged`,
      `[${Array.from({ length: 900 }, (_, i) => `"s${i}"`).join(",")}].contains(resource.service)`,
    ]) {
      const policy = judge(`@id("b") permit (principal, action, resource) when { ${condition} };`);
      expect(policy.permits(request()).reason).not.toContain("could not");
    }
    const many = Array.from(
      { length: limits.rules },
      (_, i) =>
        `@id("r${i}") permit (principal, action, resource) when { resource.files == ${i} };`,
    );
    expect(judge(many.join("\n")).permits(request()).rules).toEqual(["r1"]);
    expect(() => judge([...many, permitAll].join("\n"))).toThrow("at most");
    for (const hostile of ["(".repeat(5000), "!".repeat(5000), "if true then ".repeat(500)]) {
      expect(() =>
        judge(`@id("b") permit (principal, action, resource) when { ${hostile} };`),
      ).toThrow(PolicyError);
    }
    expect(all.permits(request()).allowed).toBe(true);
  });

  it("for any text, or refused with a place", () => {
    const part = fc.constantFrom(
      '@id("a")',
      '@class("c")',
      "permit",
      "forbid",
      "(principal, action, resource)",
      "(",
      ")",
      'action == Action::"classify"',
      "when {",
      "unless {",
      "}",
      ";",
      "&&",
      "!",
      "resource",
      ".risk",
      "> 3",
      '"x"',
      "principal",
      ",",
      "[",
      "]",
      "has",
      "like",
      '"*a*"',
      "?principal",
      "true",
      "-1",
      "9223372036854775808",
      'ip("1.2.3.4")',
      'datetime("2026-13-01")',
      "@",
      "::",
      "if",
      "then",
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 25 }), (parts) => {
        try {
          judge(`${permitAll}${parts.join(" ")};`).permits(request());
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyError);
        }
      }),
      { numRuns: 1500 },
    );
    expect(judge(permitAll).permits(request()).allowed).toBe(true);
  });
});

describe("a request is judged", () => {
  it("by what permits and what forbids, with the rules' names", () => {
    const policy = judge(
      `${permitAll}@id("no-friday") @says("nothing is approved on a Friday") forbid (principal, action == Action::"approve", resource) when { context.weekday == Weekday::"fri" };`,
    );
    expect(policy.permits(request())).toEqual({
      allowed: true,
      rules: ["all"],
      reason: "allowed by all",
    });
    expect(policy.permits(request({ context: { weekday: "fri" } }))).toEqual({
      allowed: false,
      rules: ["no-friday"],
      reason: "nothing is approved on a Friday (rule no-friday)",
    });
    expect(policy.permits(request({ action: "reject", context: { weekday: "fri" } })).allowed).toBe(
      true,
    );
  });

  it("as not allowed where no rule speaks", () => {
    const policy = judge('@id("a") permit (principal, action == Action::"reject", resource);');
    expect(policy.permits(request())).toEqual({
      allowed: false,
      rules: [],
      reason: "no rule lets p-somebody (human) approve for checkout in production",
    });
  });

  it("by the calendar: a freeze", () => {
    const policy = judge(
      `${permitAll}@id("freeze") @says("production is frozen until 5 January") forbid (principal, action == Action::"execute", resource) when { context.now >= datetime("2026-12-20") && context.now < datetime("2027-01-05T00:00:00Z") };`,
    );
    const at = (now: string) => policy.permits(request({ action: "execute", context: { now } }));
    expect(at("2026-12-19T23:59:59.999Z").allowed).toBe(true);
    expect(at("2026-12-20T00:00:00.000Z").allowed).toBe(false);
    expect(at("2027-01-04T23:59:59.999Z").allowed).toBe(false);
    expect(at("2027-01-05T00:00:00.000Z").allowed).toBe(true);
  });

  it("not at all where it is a question of class", () => {
    expect(judge(permitAll).permits(request({ action: "classify" })).allowed).toBe(false);
  });

  it("the same for every action of the record package, so none is forgotten in the schema", () => {
    const policy = judge(permitAll);
    for (const action of policyActions) {
      if (action === "classify" || action === "signal") continue;
      expect(policy.permits(request({ action })), action).toMatchObject({ allowed: true });
    }
  });
});

describe("what goes wrong denies", () => {
  it("a rule that forbids and cannot be evaluated: Cedar alone would skip it and allow", () => {
    const policy = judge(
      `${permitAll}@id("broken") @says("this forbids a great deal") forbid (principal, action, resource) when { ${overflows} };`,
    );
    expect(policy.permits(request({ resource: { files: 0 } })).allowed).toBe(true);
    expect(policy.permits(request({ resource: { files: 5 } }))).toMatchObject({
      allowed: false,
      rules: ["broken"],
      reason: expect.stringMatching(/^the rule broken could not be evaluated.*overflow/),
    });
  });

  it("a rule that permits and cannot be evaluated, beside one that could", () => {
    const policy = judge(
      `${permitAll}@id("broken") permit (principal, action, resource) when { ${overflows} };`,
    );
    expect(policy.permits(request({ resource: { files: 5 } })).allowed).toBe(false);
  });

  it.each<
    [string, Partial<PolicyRequest["principal"]>, Partial<PolicyRequest["resource"]>, object]
  >([
    ["an unknown kind of actor", { kind: "robot" as never }, {}, {}],
    ["a key of a kind that the schema does not know", { key: "smart-card" as never }, {}, {}],
    ["a level nobody knows", {}, { level: "extreme" as never }, {}],
    ["a number that is none", {}, { risk: Number.NaN }, {}],
    ["half a number", {}, { files: 1.5 }, {}],
    ["a number beyond all", { keyAgeMinutes: 1e300 }, {}, {}],
    ["a fact that is missing", {}, { service: undefined as never }, {}],
    ["a time that is none", {}, {}, { now: "soon" }],
    ["a day that is none", {}, {}, { weekday: "someday" }],
  ])("%s", (_what, principal, resource, context) => {
    const policy = judge(permitAll);
    const { allowed, reason } = policy.permits(request({ principal, resource, context }));
    expect(allowed).toBe(false);
    expect(reason).toContain("could not judge");
  });

  it("a policy without a rule for the gate keeps it closed", () => {
    expect(judge(permitAll).gateMode("staging")).toBe("fail-closed");
    const gate = (condition: string) =>
      judge(
        `@id("g") permit (principal, action == Action::"deploy-unchecked", resource) ${condition};`,
      );
    expect(gate("").gateMode("production")).toBe("fail-open");
    const staging = gate('when { resource.environment == "staging" && resource.service != "pay" }');
    expect(staging.gateMode("staging")).toBe("fail-open");
    expect(staging.gateMode("staging", "pay")).toBe("fail-closed");
    expect(staging.gateMode("production")).toBe("fail-closed");
    expect(staging.gateMode("\ud800")).toBe("fail-closed");
  });
});

describe("a record is classified", () => {
  const rule = (id: string, annotations: string, when: string) =>
    `@id("${id}") @class("${id}") ${annotations} permit (principal, action == Action::"classify", resource) when { ${when} };`;
  const classify = (rules: string, resource: Partial<PolicyRequest["resource"]> = {}) =>
    judge(rules).classify(request({ action: "classify", resource }), least);

  it("by all rules that match, the strictest of each", () => {
    const found = classify(
      rule("a", '@approvals("2") @window("2h") @roles("sre")', "resource.files > 0") +
        rule("b", '@window("30m") @roles("sre:2,dba") @evidence("junit")', "resource.commits > 0") +
        rule("c", '@approvals("9")', "resource.files > 100"),
    );
    expect(found).toEqual({
      classes: ["a", "b"],
      rules: ["a", "b"],
      obligations: {
        ...least,
        approvals: 2,
        windowMinutes: 30,
        evidence: ["junit"],
        roles: [
          { role: "dba", count: 1 },
          { role: "sre", count: 2 },
        ],
      },
    });
  });

  it("as what the settings ask where no rule matches, or there is none", () => {
    const none = { classes: [], rules: [], obligations: least };
    expect(classify(rule("a", '@approvals("2")', "resource.files > 100"))).toEqual(none);
    expect(classify(permitAll)).toEqual(none);
  });

  it("never easier than the settings", () => {
    const { obligations } = classify(
      rule("a", '@approvals("0") @window("7d")', "true || resource.inverse"),
    );
    expect(obligations).toEqual(least);
  });

  it("into the fast lane only if no rule asks for the quorum", () => {
    const fast = rule("fast", '@lane("clean-revert") @sample("5")', "resource.files > 0");
    const slow = rule("slow", '@lane("quorum")', "resource.files > 1");
    expect(classify(fast + slow).obligations).toMatchObject({
      lane: "clean-revert",
      samplePercent: 5,
    });
    expect(classify(slow + fast, { files: 2 }).obligations.lane).toBe("quorum");
  });

  it("as if a rule matched that cannot be evaluated, and not into the fast lane", () => {
    const rules =
      rule("fast", '@lane("clean-revert")', "resource.files > 0") +
      rule("broken", '@approvals("3")', overflows);
    expect(classify(rules, { files: 5 })).toMatchObject({
      classes: ["broken", "fast"],
      rules: ["broken", "fast"],
      obligations: { approvals: 3, lane: "quorum" },
    });
  });

  it("as everything at once where the facts do not fit the schema", () => {
    const rules =
      rule("a", '@approvals("3")', "resource.files > 100") +
      rule("b", '@lane("clean-revert")', "resource.files > 200");
    expect(classify(rules, { files: 0.5 })).toMatchObject({
      classes: ["a", "b"],
      obligations: { approvals: 3, lane: "quorum" },
    });
  });
});

describe("findings and clearings", () => {
  const byHand = `@id("hand") @class("hand") @roles("security:2")
permit (principal, action == Action::"classify", resource)
when { resource.humanClearedHigh > 0 };
`;
  const ended = `${permitAll}@id("ended") @says("a clearing has ended; assess it again")
forbid (principal, action == Action::"approve", resource)
when { resource.clearingsExpired > 0 || resource.clearingGrounds.contains("accepted-risk") };
`;

  it("are facts of every action", () => {
    const classify = (resource: Partial<PolicyRequest["resource"]>) =>
      judge(byHand).classify(request({ action: "classify", resource }), least).obligations.roles;
    expect(classify({ humanClearedHigh: 1 })).toEqual([{ role: "security", count: 2 }]);
    expect(classify({ humanClearedHigh: 0, machineClearedHigh: 1 })).toEqual([]);
    expect(classify({ humanClearedHigh: -1 })).toEqual([]);
    const approve = (resource: Partial<PolicyRequest["resource"]>) =>
      judge(ended).permits(request({ resource })).allowed;
    expect(approve({})).toBe(true);
    expect(approve({ clearingsExpired: 1 })).toBe(false);
    expect(approve({ clearingGrounds: ["accepted-risk"] })).toBe(false);
  });

  it("are no facts of schema 1, whose rules go on as they are", () => {
    const old = (rules: string) =>
      loadJudge(
        formatBundle(
          new Map([
            ["a.cedar", rules],
            [schemaName, schema1],
          ]),
        ),
      );
    const grave = `@id("grave") @class("grave") @approvals("2")
permit (principal, action == Action::"classify", resource)
when { resource.level == Level::"high" };
`;
    const asked = request({ action: "classify", resource: { level: "high", humanClearedHigh: 1 } });
    expect(old(grave).classify(asked, least).obligations.approvals).toBe(2);
    expect(old(permitAll).permits(request())).toMatchObject({ allowed: true });
    expect(() => old(byHand)).toThrow(PolicyError);
  });
});

describe("a signal", () => {
  const rule = (id: string, condition: string, time = "24h", owner = "") =>
    `@id("${id}") @oblige("${time}")${owner === "" ? "" : ` @owner("${owner}")`}
permit (principal, action == Action::"signal", resource)
when { ${condition} };
`;
  const critical = 'resource.signalSeverity == Level::"critical"';
  const asked = (resource: Partial<PolicyRequest["resource"]>) =>
    request({ action: "signal", resource });
  const grave = asked({ signalSeverity: "critical", files: 2 });

  it("is mandatory where a rule matches, and nothing where none does", () => {
    const policy = judge(permitAll + rule("grave", critical, "24h", "ines, bo"));
    expect(policy.obliges(grave)).toEqual({
      rules: ["grave"],
      minutes: 1440,
      owners: ["ines", "bo"],
    });
    expect(policy.obliges(asked({ signalSeverity: "high" }))).toEqual({
      rules: [],
      minutes: 0,
      owners: [],
    });
    expect(judge(permitAll).obliges(grave).rules).toEqual([]);
  });

  it("has the shortest time of all rules that match, and its owners; of two the first by id", () => {
    const policy = judge(
      permitAll +
        rule("c", "true == true", "48h", "zoe") +
        rule("b", critical, "4h", "bo") +
        rule("a", critical, "4h", "ines"),
    );
    expect(policy.obliges(grave)).toEqual({
      rules: ["a", "b", "c"],
      minutes: 240,
      owners: ["ines"],
    });
    expect(policy.obliges(asked({}))).toEqual({ rules: ["c"], minutes: 2880, owners: ["zoe"] });
  });

  it("is seen with its source, type and ids", () => {
    const policy = judge(
      permitAll +
        rule(
          "known",
          'resource.signalSource == "intel" && resource.signalType == "exploited" && resource.signalIds.contains("CVE-1")',
        ),
    );
    const facts = { signalSource: "intel", signalType: "exploited", signalIds: ["CVE-1", "CVE-2"] };
    expect(policy.obliges(asked(facts)).rules).toEqual(["known"]);
    for (const [fact, other] of [
      ["signalSource", "rumour"],
      ["signalType", "seen"],
      ["signalIds", ["CVE-2"]],
    ] as const) {
      expect(policy.obliges(asked({ ...facts, [fact]: other })).rules).toEqual([]);
    }
  });

  it("matches a rule that cannot be evaluated: better set aside than not seen", () => {
    const policy = judge(permitAll + rule("broken", overflows));
    expect(policy.obliges(asked({ files: 2 })).rules).toEqual(["broken"]);
  });

  it("asks nobody, and no rule for it permits anything or forbids", () => {
    const policy = judge(permitAll + rule("grave", critical));
    expect(policy.permits(grave).allowed).toBe(false);
    expect(() =>
      judge(
        `${permitAll}@id("no") @says("no signal obliges anybody") @oblige("1h") forbid (principal, action == Action::"signal", resource);`,
      ),
    ).toThrow(/is a permit: it says what becomes mandatory/);
    expect(() =>
      judge(
        `${permitAll}@id("both") @oblige("1h") permit (principal, action in [Action::"signal", Action::"approve"], resource);`,
      ),
    ).toThrow(/is about that action alone/);
  });

  it("is unknown to the rules of earlier schemas", () => {
    for (const schema of [schema1, schema2]) {
      const old = (rules: string) =>
        loadJudge(
          formatBundle(
            new Map([
              ["a.cedar", rules],
              [schemaName, schema],
            ]),
          ),
        );
      expect(old(permitAll).obliges(grave).rules).toEqual([]);
      expect(old(permitAll).permits(request())).toMatchObject({ allowed: true });
      expect(() => old(permitAll + rule("grave", critical))).toThrow(PolicyError);
    }
  });
});

describe("the same policy", () => {
  it("judges alike, however often and in whatever order it is loaded", () => {
    const first = judge(permitAll);
    const none = judge('@id("a") permit (principal, action == Action::"reject", resource);');
    const second = judge(permitAll);
    expect(second.digest).toBe(first.digest);
    expect(none.digest).not.toBe(first.digest);
    expect([first, none, second].map((policy) => policy.permits(request()).allowed)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("does not hang on the order of files", () => {
    const a = loadJudge(bundleOf(`${permitAll}@id("b") permit (principal, action, resource);`));
    expect(a.permits(request()).rules).toEqual(["all", "b"]);
  });
});
