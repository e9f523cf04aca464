import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Claim,
  isRevertSubject,
  mergeTitle,
  parseClaims,
  pullNumber,
  subjectKey,
} from "./claims.ts";
import { messageFacts } from "./facts.ts";
import { revertDepth } from "./revert-depth.ts";

const a = "a1".repeat(20);
const b = "b2".repeat(20);
const commit = (id: string, against: string | null = null): Claim => ({
  kind: "commit",
  id,
  against,
});
const subject = (text: string, cut = false): Claim => ({ kind: "subject", text, cut });

describe("claims", () => {
  const cases: readonly (readonly [string, readonly Claim[]])[] = [
    [`Revert "x"\n\nThis reverts commit ${a}.`, [commit(a), subject("x")]],
    [
      `Revert "x"\n\nThis reverts commit ${a}, reversing\nchanges made to ${b}.`,
      [commit(a, b), subject("x")],
    ],
    [`Reapply "x"\n\nThis reverts commit ${a}.`, [commit(a), subject('Revert "x"')]],
    [`x\n\nThis reverts commit a1a1a1a1 (x, 2024-01-01).`, [commit("a1a1a1a1")]],
    [`x\n\nThis reverts commits ${a} and ${b}.`, [commit(a), commit(b)]],
    [`x\n\nThis reverts commit\n${a}.`, [commit(a)]],
    [`x\n\nThis reverts the following commits:\n- ${a}\n- ${b}`, []],
    [`x\n\nReverts: ${a}`, [commit(a)]],
    [`x\n\nThis reverts commit ${a}.\nThis reverts commit ${a.slice(0, 9)}.`, [commit(a)]],
    [`Revert ${a.slice(0, 10)}`, [commit(a.slice(0, 10))]],
    ["x\n\nReverts example/repo#12", [{ kind: "pull", number: 12 }]],
    ["x\n\nReverts https://github.com/example/repo/pull/12", [{ kind: "pull", number: 12 }]],
    ["x\n\nThis reverts merge request !7", [{ kind: "pull", number: 7 }]],
    ['Revert "x (#3)" (#4)', [subject("x (#3)")]],
    ['Revert "Revert "x""', [subject('Revert "x"')]],
    ['[OPS-1] Revert "x"', [subject("x")]],
    ['Revert "a long subject that was cut…"', [subject("a long subject that was cut", true)]],
    ['Revert "a long subject that was cut', [subject("a long subject that was cut", true)]],
    [`revert: x\n\nRefs: ${a}`, [commit(a)]],
    ["revert(api): x (#9)", [subject("x")]],
    [
      'Merge pull request #5 from example/revert-4-x\n\nRevert "x"',
      [subject("x"), { kind: "pull", number: 4 }],
    ],
    ["Merge branch 'revert-4-x' into 'main'", [{ kind: "pull", number: 4 }]],
    ["Revert the thing", [{ kind: "unnamed", text: "Revert the thing" }]],
    ["Add a revert button", []],
    ["Fix what the commit that reverts commit abc1234 broke", []],
    [
      "Reverted defaced pages\n\nreverts defaced",
      [{ kind: "unnamed", text: "Reverted defaced pages" }],
    ],
    ["", []],
  ];
  it.each(cases)("%j", (message, claims) => {
    expect(parseClaims(message)).toEqual(claims);
  });

  it("never names the commit after 'reversing changes made to'", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(" ", "\n", "\n  ", ", "),
        fc.constantFrom(",", ".", ""),
        (gap, mark) => {
          const message = `This reverts commit ${a}${mark}${gap}reversing${gap.replace(",", "")}changes made to ${b}.`;
          expect(parseClaims(message).some((c) => c.kind === "commit" && c.id === b)).toBe(false);
        },
      ),
    );
  });

  it("takes any text, in time that grows with its length", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        parseClaims(`Revert ${text}\n\n${text}`);
      }),
    );
    for (const part of [
      "Revert ",
      "reverts commit ",
      "a1 ",
      '"',
      "(",
      "[x] ",
      "- ",
      "x: ",
      "/",
      "0,",
    ]) {
      parseClaims(`Revert "${part.repeat(60_000)}\n\nThis reverts commit ${part.repeat(60_000)}`);
    }
  });

  it("keeps at most a hundred", () => {
    const ids = Array.from({ length: 500 }, (_, i) => i.toString(16).padStart(40, "1"));
    expect(parseClaims(`x\n\nThis reverts commits ${ids.join(", ")}.`)).toHaveLength(100);
  });
});

describe("subjects", () => {
  it("reads pull request numbers where buttons put them", () => {
    expect(pullNumber("x (#12)\n\nbody (#13)")).toBe(12);
    expect(pullNumber("Merge pull request #5 from a/b")).toBe(5);
    expect(pullNumber("Merge branch 'x' into 'main'\n\nTitle\n\nSee merge request g/p!77")).toBe(
      77,
    );
    expect(pullNumber("about #12")).toBeNull();
  });

  it("reads the title of a merge, and keys without numbers", () => {
    expect(mergeTitle("Merge pull request #5 from a/b\n\nThe title\n\nmore")).toBe("The title");
    expect(mergeTitle("The title")).toBe("");
    expect(subjectKey("The   title (#5)")).toBe("The title");
    expect(isRevertSubject('Merge pull request #5 from a/b\n\nRevert "x"')).toBe(true);
    expect(isRevertSubject("Feature\n\nThis reverts commit")).toBe(false);
  });

  it("counts how often a subject takes something back", () => {
    expect(
      [
        "x",
        'Revert "x"',
        'Revert "Revert "x""',
        'Reapply "x"',
        'Revert "Reapply "x""',
        "revert: x",
      ].map(revertDepth),
    ).toEqual([0, 1, 2, 2, 3, 1]);
  });
});

describe("facts", () => {
  it("finds the reason, tickets and reviews, and takes neither claims nor trailers for a reason", () => {
    const message = `Revert "x" (#9)\n\nThis reverts commit ${a}.\n\nIt broke login,\nsee OPS-7, UTF-8 and\nhttps://tracker.example/browse/AUTH-1.\n\nReviewed-by: Ben <ben@example.org>\nSigned-off-by: Ann <ann@example.org>\n`;
    expect(messageFacts(message)).toEqual({
      reason: "It broke login, see OPS-7, UTF-8 and https://tracker.example/browse/AUTH-1.",
      tickets: ["https://tracker.example/browse/AUTH-1", "OPS-7", "#9"],
      reviews: [
        { trailer: "Reviewed-by", who: "Ben <ben@example.org>" },
        { trailer: "Signed-off-by", who: "Ann <ann@example.org>" },
      ],
    });
    expect(
      messageFacts(
        `Revert "x"\n\nThis reverts commit ${a}, reversing\nchanges made to ${b}.\n\nChange-Id: I1`,
      ).reason,
    ).toBeNull();
    expect(messageFacts("x\n\nRevert reason: too slow").reason).toBe("too slow");
  });

  it("takes reviews from the trailers at the end, in any spelling, once, and from nowhere else", () => {
    const reviews = (message: string) =>
      messageFacts(message).reviews.map(({ trailer, who }) => `${trailer} ${who}`);
    expect(
      reviews(
        "s\n\nbody\n\nACKED-BY: A\nAcked-by: A\nApproved-by:B\n more\n\nChange-Id: I1\nTested-by: C\n(cherry picked from commit 123)\n",
      ),
    ).toEqual(["Acked-by A", "Approved-by B", "Tested-by C"]);
    expect(reviews("s\n\nIt said:\nReviewed-by: A\n\nand more words\n")).toEqual([]);
    expect(reviews("s\n\nReviewed-by: A\nand more words\n")).toEqual([]);
    expect(reviews("Reviewed-by: A\n")).toEqual([]);
    expect(reviews("s\n\nReviewed-by:\n")).toEqual([]);
    const many = Array.from({ length: 50 }, (_, i) => `Reviewed-by: ${i}${"x".repeat(500)}`);
    expect(messageFacts(`s\n\n${many.join("\n")}`).reviews).toHaveLength(20);
    expect(messageFacts(`s\n\n${many[0]}`).reviews[0]?.who).toHaveLength(200);
  });

  it("takes any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
        const facts = messageFacts(text);
        expect(
          facts.reason === null || (facts.reason.length <= 501 && facts.reason.isWellFormed()),
        ).toBe(true);
      }),
    );
    for (const part of ["https://a/", "A-1 ", "#1", "INC-", "reason: "])
      messageFacts(part.repeat(40_000));
  });
});
