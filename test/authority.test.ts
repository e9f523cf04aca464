/** Who may, who must, until when: as people say it on the command line. */
import { expect, onTestFinished, test } from "vitest";
import { Workplace } from "./command-line.ts";

function setUp() {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.dispose]());
  place.makeRepository();
  const done = (...args: string[]) => {
    const answer = place.as("ada", ...args);
    expect(answer, answer.err).toMatchObject({ code: 0 });
    return answer.out;
  };
  done("init", "--origin", "example.com/test", "--id", "ada");
  for (const who of ["bo", "cleo"]) {
    const keys = ["--public-key", `${place.key(who)}.pub`];
    done("person", "add", "--id", who, ...keys);
  }
  return { place, done };
}

const proposal = [
  "propose",
  "--service=checkout",
  "--environment=prod",
  "--kind=revert",
  "--target=HEAD~1",
  "--reason=availability",
  "--ticket=INC-4471",
  "--impact=Customers can pay again",
  "--security=Undoes nothing that protects",
  "--rationale",
  "Checkout fails for 12 % of carts since release 1.42.0 at 02:40 (INC-4471); going back is faster than a fix",
];

test("conditions, changes, withdrawn, delegated: each on the record and in its sentence", () => {
  const { place, done } = setUp();
  expect(done(...proposal)).toContain("countermand approve RB-2026-1");
  const changes = ["request-changes", "RB-2026-1", "-y", "--comment", "name the feature flag"];
  expect(place.as("bo", ...changes).out).toContain("recorded decision");
  expect(place.as("cleo", "approve", "RB-2026-1", "-y").out).toContain("pending_approval");
  expect(place.as("bo", "withdraw-decision", "RB-2026-1").out).toContain("authorised");
  expect(place.as("bo", "withdraw-decision", "RB-2026-1").err).toContain("no decision in force");
  expect(place.as("cleo", "withdraw-decision", "RB-2026-1").out).toContain("pending_approval");
  expect(place.as("cleo", "delegate", "RB-2026-1", "ada", "-y").err).toContain(
    "proposed RB-2026-1",
  );
  const escalated = place.as("bo", "escalate", "RB-2026-1", "security", "-y");
  expect(escalated.err).toContain("Escalate the decision on RB-2026-1 to security");
  expect(place.as("bo", "withdraw-decision", "RB-2026-1").code).toBe(0);
  expect(place.as("bo", "approve", "RB-2026-1", "--until", "tomorrow", "-y").code).toBe(2);
  const conditions = ["--if-check", "smoke", "--until", "2h", "--only-in", "prod"];
  const approved = place.as("cleo", "approve", "RB-2026-1", "-y", ...conditions);
  expect(approved.out).toContain("authorised");
  expect(approved.err).toContain("if check smoke passed");
  const early = place.as("ada", "run", "RB-2026-1", "--", "true");
  expect(early.code).toBe(1);
  expect(early.err).toContain("the check smoke has not been reported");
  expect(place.as("bo", "check", "RB-2026-1", "smoke", "passed").code).toBe(0);
  done("run", "RB-2026-1", "--", "true");
  const shown = place.run("show", "RB-2026-1").out;
  expect(shown).toMatch(/condition +if check smoke passed/);
  expect(shown).toContain("taken back by entry");
});

test("an emergency acts at once and owes a judgement; roles and keys have ends", () => {
  const { place, done } = setUp();
  expect(place.as("ada", ...proposal, "--emergency").err).toContain("--incident INC-4471");
  const opened = done(...proposal, "--emergency", "--incident", "INC-4471");
  expect(opened).toContain("it may be run until");
  expect(opened).toContain("countermand retrospective RB-2026-1");
  done("run", "RB-2026-1", "--", "true");
  const judged = ["--outcome", "justified", "--findings", "No other way in time"];
  expect(place.as("ada", "retrospective", "RB-2026-1", ...judged).code).toBe(1);
  expect(place.as("bo", "retrospective", "RB-2026-1", ...judged).code).toBe(0);
  expect(place.run("show", "RB-2026-1").out).toMatch(
    /retrospective +justified, without step-up, by bo/,
  );

  done("person", "grant-role", "bo", "sre", "--service", "checkout", "--until", "30d");
  expect(place.as("ada", "person", "grant-role", "ada", "sre").err).toContain("their own roles");
  const listed = done("person", "list");
  expect(listed).toMatch(/role +sre for checkout in all environments until/);
  const grant = /([0-9a-f-]{36}) +role/.exec(listed)?.[1] ?? "";
  done("person", "revoke-role", "bo", grant);
  done("person", "permit", "cleo", "--may", "observe");
  expect(place.as("ada", "person", "permit", "cleo").code).toBe(2);
});

test("temporary: renewed by others or made permanent; a plan, and what differs from it", () => {
  const { place, done } = setUp();
  const plan = done(...proposal, "--plan", "--check", "smoke");
  expect(plan).toContain("countermand propose --from-plan PL-2026-1");
  const planned = done("propose", "--from-plan=PL-2026-1", "--expires=2d", "--stabilise-for=5m");
  expect(planned).toContain("It differs from the plan PL-2026-1");
  expect(planned).toContain("must hold: 5 min; planned was 30 min");
  const id = "RB-2026-2";
  place.as("bo", "approve", id, "-y");
  done("run", id, "--", "true");
  const asked = done("renew", id, "--until", "5d", "--rationale", "The fix waits for its review");
  expect(asked).toContain(`countermand decide-exception ${id} approve`);
  expect(place.as("ada", "decide-exception", id, "approve", "-y").code).toBe(1);
  expect(place.as("bo", "decide-exception", id, "approve", "-y").code).toBe(0);
  expect(place.as("cleo", "decide-exception", id, "approve", "-y").out).toContain(
    "exception-granted",
  );
  expect(place.run("show", id).out).toContain("renewals: 1");

  const drill = done(...proposal, "--exercise");
  expect(drill).toContain("DR-2026-3");
  const soon = ["--mandatory", "CVE-2026-1", "--owner", "bo", "--deadline", "2d"];
  expect(done(...proposal, ...soon)).toContain("RB-2026-4");
  expect(place.as("bo", "reject", "RB-2026-4", "-y", "--comment", "no").err).toContain("mandatory");
  const aside = ["--control", "The WAF blocks it", "--rationale", "The fix ships tomorrow"];
  expect(place.as("cleo", "override", "RB-2026-4", "--until", "1d", "-y", ...aside).out).toContain(
    "overridden",
  );
  expect(place.as("ada", ...proposal, "--mandatory", "CVE-2026-1").code).toBe(2);
});
