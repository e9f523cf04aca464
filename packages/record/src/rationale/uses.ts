/**
 * Where a person is asked why, and what a good answer has there. An emergency
 * has a minute and says what is seen; a plan says at which number it is to be
 * used; a clearing says where somebody else can check it.
 */
export const rationaleUses = [
  "proposal",
  "emergency",
  "exercise",
  "plan",
  "clearing",
  "override",
  "exception",
  "condition",
  "rejection",
  "change-request",
] as const;
export type RationaleUse = (typeof rationaleUses)[number];

/** What can be missing. A hint never stops anything. */
export const hintNames = [
  "no-number",
  "no-time",
  "no-change",
  "no-alternative",
  "no-exposure",
  "no-reference",
] as const;
export type HintName = (typeof hintNames)[number];

export interface Guidance {
  /** What is asked at the prompt. */
  readonly question: string;
  /** What a good answer has, one line each. */
  readonly has: readonly string[];
  /** Hints that are given here, with the sentence that says what to add. */
  readonly expects: Readonly<Partial<Record<HintName, string>>>;
  /** By reason code, or by a clearing's ground; under "" for all others. Examples are made up. */
  readonly examples: Readonly<Record<string, string>>;
}

export const guidance: Readonly<Record<RationaleUse, Guidance>> = {
  proposal: {
    question: "Why go back",
    has: [
      "what was seen, with a number",
      "since when",
      "what changed: version, commit, flag, pull request",
      "why going back rather than forward, and what else was considered",
      "what is known to be exposed by it",
    ],
    expects: {
      "no-number":
        "Say how much: an error rate, a latency, how many users; a reviewer compares it with the alerts.",
      "no-time": "Say since when: a time with its zone, or after which event.",
      "no-change": "Name what changed: a version, a commit, a flag, a pull request.",
      "no-alternative":
        "Say why going back is better than fixing forward, and what else was considered.",
      "no-exposure":
        "Say what going back exposes again as far as it is known, or that nothing is known; `countermand undo` lists it.",
    },
    examples: {
      "": "Checkout 5xx went from 0.1 % to 7 % at 02:40 UTC, right after 1.42.0. Rollback restores 1.41.3; a fix needs a schema change that takes a day. It exposes the parser flaw fixed in 1.42.0, which the WAF blocks.",
      availability:
        "Checkout 5xx went from 0.1 % to 7 % at 02:40 UTC, right after 1.42.0. Restarting did not help; a fix needs a schema change that takes a day. It exposes the parser flaw fixed in 1.42.0, which the WAF blocks.",
      performance:
        "p99 of search rose from 180 ms to 2.4 s at 11:05 UTC after 8f2c1d9 dropped the index hint. Scaling from 6 to 18 pods won 10 %; rebuilding the index takes 5 h. No security fix is in the range.",
      correctness:
        "Since 3.8.0 (Tue 09:10 UTC) 214 invoices have VAT rounded up twice. The fix in #812 is not reviewed and invoices go out at 18:00, so going back is safer. No security change is undone.",
      "data-integrity":
        "Since the import job of 2.17.0 ran at 04:00 UTC, 1,130 orders have no customer id. Going back stops new ones; forward would need a backfill that is not tested. Security: the access log field added in 2.17.0 goes away again.",
      security:
        "5.4.0 serves /admin/export without a session since 13:20 UTC; 3 requests from outside are in the log. 5.3.2 checks it; a patch takes until tomorrow. Going back exposes CVE-2026-1111 again, which needs a local account.",
      dependency:
        "Since libpdf 9.1.0 came with a6f03e1 on 2026-11-20, 12 % of exports end with a segfault. Upstream has no fix, pinning 9.0.4 alone would not build. Going back exposes CVE-2026-2222 again; uploads are off meanwhile.",
      configuration:
        "max_conns went from 400 to 40 in #4410 at 16:02 UTC; 31 % of logins time out since. Going back is one commit, while a new value would need a load test. It does not touch anything that is exposed.",
      compliance:
        "Since 7.0.0 (09:00 UTC) card numbers are written to debug logs of 2 services, which PCI DSS 3.4 forbids. Turning the logger off needs a release too, which takes longer. 6.9.4 exposes nothing that 7.0.0 protects.",
    },
  },
  emergency: {
    question: "What is seen, and why not wait",
    has: [
      "what is seen now, with a number",
      "since when",
      "what changed, as far as it is known",
      "the rest belongs into the retrospective",
    ],
    expects: {
      "no-number": "One number is enough now: how many fail, how many are hit.",
      "no-time": "Say since when, also if roughly; the retrospective needs it.",
    },
    examples: {
      "": "All logins fail since 02:40 UTC, 9,000 users locked out, right after 1.42.0. Restarting did not help; every minute costs orders.",
      security:
        "5.4.0 serves /admin/export without a session since 13:20 UTC, 3 requests from outside so far. Blocking the path at the edge did not work.",
      "data-integrity":
        "Writes are lost since 04:00 UTC: 1,130 orders without a customer id and about 40 more a minute, since the import job of 2.17.0.",
    },
  },
  exercise: {
    question: "What is practised, and when has it passed",
    has: [
      "what is practised, and on what",
      "the number by which it is judged: within how many minutes, how many errors",
    ],
    expects: {
      "no-number":
        "Say by which number it has passed: restored within 10 min, fewer than 5 errors.",
      "no-change": "Name what is practised: which version, flag or configuration is taken back.",
    },
    examples: {
      "": "Quarterly drill on staging: take 1.42.0 back to 1.41.3 with the on-call alone. Passed if the smoke check is green within 10 min and nobody needs the runbook's author.",
    },
  },
  plan: {
    question: "When is it to be used, and how",
    has: [
      "the number at which it is to be used",
      "what is taken back, and how long that takes",
      "what is known to be exposed by it",
    ],
    expects: {
      "no-number": "Say at which number it is to be used: 5xx above 2 % for 5 min.",
      "no-time": "Say how long it may take, or until when it can be done at all.",
      "no-change": "Name what is taken back: a version, a flag, a migration.",
      "no-exposure":
        "Say what would be exposed again as far as it is known, or that nothing is known.",
    },
    examples: {
      "": "If 5xx is above 2 % for 5 min after 1.42.0, go back to 1.41.3; takes 4 min. Possible until the migration of Thursday 09:00 UTC, because the old code cannot read the new column. Exposes nothing that is known.",
      security:
        "If more than 1 % of logins fail within 30 min of turning on strict_mfa, set the flag back. Accounts without a second factor are exposed again, so it is only for a day.",
    },
  },
  clearing: {
    question: "Why is it no harm, or borne",
    has: [
      "why the finding does no harm here",
      "where somebody else can check that: a link, a ticket, a file, a commit",
      "what would make it untrue",
    ],
    expects: {
      "no-reference":
        "Name where somebody else can check it: a link, a ticket, a file and line, a commit, a VEX.",
    },
    examples: {
      "": "The route is only mounted in `dev_server`; see app/routes.ts line 40 and the test that requests it on a production build.",
      "not-affected":
        "The flaw is in the XML parser and we only read JSON: `parse_xml` is not called anywhere, see the call graph in SEC-311.",
      "fixed-elsewhere":
        "The fix of CVE-2026-1111 is in our fork since 4b1d2e9, which the target builds with; the advisory's test passes there.",
      "compensating-control":
        "The WAF rule waf/block-export.tf refuses the path from outside; tested with 40 requests, result in SEC-312. Ends when the rule does.",
      "accepted-risk":
        "Needs a local account on a host that 4 persons of the platform team can reach. The head of platform bears it until the patch of SEC-313 ships.",
      "false-positive":
        "The key in test/fixtures/key.pem is generated for the test by `make_fixture` and opens nothing; the rule takes it for a real one, reported as #77.",
    },
  },
  override: {
    question: "Why not now",
    has: [
      "why the mandatory rollback would do more harm now, with a number",
      "where it can be checked that the control in its place works",
      "when it will be done instead",
    ],
    expects: {
      "no-number": "Say what going back now would cost, with a number: users, orders, hours.",
      "no-time": "Say what happens until then, and when it will be done instead.",
      "no-reference":
        "Name where the control in its place can be checked: a link, a ticket, a rule.",
    },
    examples: {
      "": "Going back now drops 1,900 running payouts; they settle by 22:00 UTC. The WAF rule of SEC-314 blocks the path meanwhile (40 of 40 test requests refused), and we go back at 22:30.",
    },
  },
  exception: {
    question: "Why must it stay",
    has: [
      "what was done since the rollback",
      "what is still missing, with its ticket",
      "when it will be there; for good: who decided that",
    ],
    expects: {
      "no-reference": "Name where the rest is followed: a ticket, a pull request.",
      "no-time": "Say when what is missing will be there, or since when it is known.",
    },
    examples: {
      "": "The fix is merged (#4431) and waits for the load test on Thursday 26 November, 10:00 UTC; no error since the rollback. Without the renewal the broken importer comes back tomorrow.",
    },
  },
  condition: {
    question: "What must the condition show",
    has: ["the number at which the check counts as passed", "where its result is seen"],
    expects: {
      "no-number": "Say at which number it counts as passed: 5xx below 0.2 % for 10 min.",
    },
    examples: {
      "": "If 5xx of the canary stays below 0.2 % for 10 min on board `checkout_canary`; otherwise stop, the schema is not what 1.41.3 expects.",
    },
  },
  rejection: {
    question: "Why not",
    has: [
      "what speaks against it, with what was seen",
      "what is to happen instead, or what would change the answer",
    ],
    expects: {
      "no-alternative": "Say what is to happen instead, or what would change the answer.",
      "no-reference": "Name what it rests on: a finding, a ticket, a commit, a dashboard.",
    },
    examples: {
      "": "Going back to 1.41.3 exposes CVE-2026-1111 on the public parser, and the errors fell to 0.3 % since 03:10 UTC. Turn the flag `new_checkout` off instead; I would approve 1.41.4 with the fix.",
    },
  },
  "change-request": {
    question: "What is to change",
    has: [
      "what is to change, so that the proposer can do it alone",
      "where: field, state, evidence",
    ],
    expects: {
      "no-reference": "Name what it is about: the field, the state, the finding, the evidence.",
    },
    examples: {
      "": "The target still has the flaw of CVE-2026-1111. Use 1.41.4 instead, and add the result of the smoke test as evidence.",
    },
  },
};

/** What is known of where a text stands. */
export interface RationalePlace {
  readonly use: RationaleUse;
  /** The reason code, or a clearing's ground. */
  readonly reason?: string;
}

export function exampleFor({ use, reason }: RationalePlace): string {
  const { examples } = guidance[use];
  const own =
    reason === undefined || !Object.hasOwn(examples, reason) ? undefined : examples[reason];
  return own ?? examples[""] ?? "";
}

/** What is shown where a rationale is asked for: what a good one has, and an example. */
export function rationaleHelp(place: RationalePlace): string {
  return `A good answer has ${joined(guidance[place.use].has)}.\nFor example: "${exampleFor(place)}"`;
}

function joined(items: readonly string[]): string {
  return items.length < 2
    ? items.join("")
    : `${items.slice(0, -1).join("; ")}; and ${items.at(-1)}`;
}
