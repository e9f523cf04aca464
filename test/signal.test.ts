/** A finding from its report to the rollback that it makes mandatory, as people on a command line meet it. */
import { expect, onTestFinished, test } from "vitest";
import { Workplace } from "./command-line.ts";

const rb = (n: number) => `RB-${new Date().getUTCFullYear()}-${n}`;
const state = (letter: string) => `image:shop@sha256:${letter.repeat(64)}`;

test("reported, mandatory, named, and set aside", { timeout: 120_000 }, () => {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.dispose]());
  const may = ["administer", "initiate", "approve", "override"].flatMap((item) => ["--may", item]);
  expect(place.as("ada", "init", "--origin", "example.com/test", "--id", "ada").code).toBe(0);
  const bo = ["--id", "bo", "--public-key", place.key("bo.pub"), ...may];
  expect(place.as("ada", "person", "add", ...bo).code).toBe(0);

  expect(place.run("signal", "list").out).toMatch(/^No signal was received yet\. `countermand/);
  const send = (...more: string[]) => place.run("signal", "send", "shop", "prod", ...more);
  const critical = ["--severity", "critical", "--id", "GHSA-1", "--about", "CVE-1", "CVE-2"];
  expect(send(...critical).out).toBe(
    "Kept GHSA-1: no rule of the policy makes a rollback of it.\n",
  );
  const rules = `${place.folder}/policy`;
  expect(place.run("policy", "default", rules).code).toBe(0);
  expect(place.as("ada", "policy", "propose", rules, "-y").code).toBe(0);
  expect(place.as("bo", "policy", "decide", "accept", "-y").code).toBe(0);

  // Sent again it is judged by the rules that are in force by now; under its id it is what it was.
  const sent = send(...critical);
  expect(sent.code).toBe(0);
  expect(sent.out).toMatch(
    new RegExp(
      `^mandatory: ${rb(1)}, by rule critical-signal; to have run by .*, owned by ada\\. It was received before\\.\n`,
    ),
  );
  expect(sent.out).toContain(`countermand propose --revise ${rb(1)}`);
  expect(send("--severity", "low", "--id", "GHSA-1")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/received before with another content/),
  });
  expect(send("--severity", "low", "--id", "GHSA-3", "--json").out).toBe(
    '{"outcome":"no-rule","repeated":false}\n',
  );
  const list = place.run("signal", "list", "--outcome", "mandatory").out;
  expect(list).toMatch(/critical +shop in prod +GHSA-1 CVE-1 CVE-2 +command-line +mandatory RB-/);
  expect(place.run("signal", "list", "--outcome", "joined").out).toBe(
    "No signal came out as joined.\n",
  );
  expect(place.run("signal", "list", "--limit", "1", "--json").out).toContain('"id":"GHSA-3"');

  const shown = place.run("show", rb(1)).out;
  expect(shown).toContain("a state not named yet");
  expect(shown).toMatch(
    /signal +GHSA-1, vulnerability, severity critical, about CVE-1, CVE-2 from command-line/,
  );
  expect(shown).toMatch(/to be named +what runs and what is to run/);
  const revise = ["--revise", rb(1), "--current", state("b"), "--target", state("a")];
  const why = [
    "--kind=redeploy-previous",
    "--reason=security",
    "--ticket=SEC-1",
    "--rationale=Release 41 lacks the parser that GHSA-1 is about, and it ran for a month.",
    "--impact=The export of invoices is away until the fixed release ships.",
    "--security=Takes the vulnerable parser out; undoes no other fix.",
  ];
  const revised = place.as("bo", "propose", ...revise, ...why);
  expect([revised.code, revised.err]).toEqual([0, expect.anything()]);
  const after = place.run("show", rb(1)).out;
  expect(after).toMatch(/mandatory +for GHSA-1/);
  expect(after).not.toContain("to be named");
  const withdrawn = place.as("bo", "withdraw", rb(1));
  expect([withdrawn.code, withdrawn.err]).toEqual([1, expect.stringContaining("mandatory")]);
  expect(place.run("fsck").code).toBe(0);
});

test("what is no signal is refused in one sentence and not kept", { timeout: 60_000 }, () => {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.dispose]());
  expect(place.as("ada", "init", "--origin", "example.com/test", "--id", "ada").code).toBe(0);
  for (const [more, says] of [
    [["--severity", "grave"], /Allowed choices are none, low, medium, high, critical, unknown/],
    [[], /required option '--severity <level>'/],
    [["--severity", "high", "--id", "a b"], /signal\.id/],
    [["--severity", "high", "--about", "a b"], /signal\.ids/],
    [["--severity", "high", "--type", "a b"], /signal\.type/],
    [["--severity", "high", "--kind", "forward"], /kind/],
    [["--severity", "high", "--current", "latest"], /not a full commit id/],
    [["--severity", "high", "--summary", "x".repeat(2600)], /at most 2500 characters/],
  ] as const) {
    const answer = place.run("signal", "send", "shop", "prod", ...more);
    expect([more, answer.code, answer.err]).toEqual([more, 2, expect.stringMatching(says)]);
  }
  expect(place.run("signal", "list").out).toContain("No signal was received yet");
});
