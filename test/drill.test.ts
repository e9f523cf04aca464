/** Drills by a schedule, on the command line: scheduled, due, held, overdue, cancelled. */
import { expect, onTestFinished, test } from "vitest";
import { complete, Workplace } from "./command-line.ts";

test("a drill is scheduled, held and cancelled; nothing in production is let through", () => {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.dispose]());
  const [first] = place.makeRepository();
  const done = (...args: string[]) => {
    const answer = place.as("ada", ...args);
    expect(answer, answer.err).toMatchObject({ code: 0 });
    return answer.out;
  };
  done("init", "--origin", "example.com/test", "--id", "ada");
  for (const who of ["bo", "cleo"]) {
    done("person", "add", "--id", who, "--public-key", `${place.key(who)}.pub`);
  }
  expect(place.run("drill", "list").out).toContain("No drill is scheduled");
  const proposal = ["propose", "--target", `commit:${first}`, ...complete];
  done(...proposal, "--plan", "--check", "smoke");
  const plan = "PL-2026-1";

  const schedule = ["drill", "schedule", plan];
  expect(place.as("ada", ...schedule, "--every", "monthly").err).toContain("P14D, P2W, P3M or P1Y");
  expect(place.as("ada", ...schedule, "--every", "P3M", "--within", "2h").err).toContain("14d");
  expect(place.as("ada", ...schedule, "--every", "P3M", "--target", "any").code).toBe(2);
  expect(place.as("ada", ...schedule, "--every", "P3M", "--owner", "eve").err).toContain("eve");
  const soon = new Date(Date.now() + 6_000).toISOString();
  const said = done(...schedule, "--every", "P3M", "--first", soon, "--owner", "bo");
  expect(said).toContain("recorded drill-scheduled");
  expect(said).toContain(`countermand drill start ${plan}`);
  expect(place.run("show", plan).out).toMatch(/drills +P3M from .*owned by bo/);
  const early = place.as("bo", "drill", "held", plan, "DR-2026-2", "succeeded");
  expect(early.err).toMatch(/no drill of PL-2026-1 is due/);

  // It falls due, and the ledger says so before it says anything else.
  while (Date.now() < Date.parse(soon))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  const none = place.as("bo", "drill", "held", plan, "DR-2026-2", "succeeded");
  expect(none.err).toContain("is not an exercise that was proposed from PL-2026-1 and ran");
  expect(place.run("drill", "list", "--due").out).toMatch(
    /PL-2026-1 .* bo .* P3M .*never.*due, since/,
  );
  expect(JSON.parse(place.run("drill", "list", "--json").out)).toMatchObject({
    plan,
    due: { missed: 0 },
    owner: "bo",
  });

  const started = place.as("bo", "drill", "start", plan, "--ticket", "DRILL-1");
  expect(started, started.err).toMatchObject({ code: 0 });
  expect(started.out).toContain("DR-2026-2 is now pending_approval");
  expect(started.out).toContain(`countermand drill held ${plan}`);
  expect(place.as("bo", "drill", "held", plan, "DR-2026-2", "succeeded").code).toBe(1);
  expect(place.as("cleo", "approve", "DR-2026-2", "-y").code).toBe(0);
  const gate = ["gate", "api", "prod", "--target", `commit:${first}`, "--record", "DR-2026-2"];
  expect(place.run(...gate).code).toBe(1);
  done("run", "DR-2026-2", "--", "true");
  const held = place.as("bo", "drill", "held", plan, "DR-2026-2", "succeeded");
  expect(held, held.err).toMatchObject({ code: 0 });
  expect(place.run("drill", "list", "--due").out).toContain("No drill is scheduled or due");
  expect(place.run("drill", "list").out).toContain("succeeded");
  expect(place.run("fsck").code).toBe(0);

  expect(place.as("ada", "drill", "cancel", plan, "-y").code).toBe(2);
  done("drill", "cancel", plan, "-y", "--rationale", "The service is gone");
  expect(place.run("drill", "list").out).toContain("No drill is scheduled");
  const exported = `${place.folder}/plan.tar`;
  done("export", plan, "-o", exported);
  expect(place.run("verify", exported).out).toMatch(/PL-2026-1/);
});
