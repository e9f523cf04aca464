/** A policy from its first draft to its force, as two administrators and their colleagues meet it. */
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { complete, Workplace } from "./command-line.ts";

const rb = (n: number) => `RB-${new Date().getUTCFullYear()}-${n}`;

function lines(out: string): unknown[] {
  return out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

/** Where the folder of policies is: the command line runs in the repository once there is one. */
const inFolder = (place: Workplace, ...path: string[]) => join(place.folder, "policies", ...path);

function open(place: Workplace): string {
  const [target] = place.makeRepository();
  expect(place.as("ada", "init", "--origin", "example.com/test", "--id", "ada").code).toBe(0);
  const may = ["administer", "approve", "review"].flatMap((item) => ["--may", item]);
  for (const name of ["bo", "cleo"]) {
    const rights = name === "bo" ? may : [];
    expect(
      place.as(
        "ada",
        "person",
        "add",
        "--id",
        name,
        "--public-key",
        place.key(`${name}.pub`),
        ...rights,
      ).code,
    ).toBe(0);
  }
  return target;
}

/** The draft, the two administrators, and the first decisions under it. */
function firstDays(place: Workplace): void {
  const target = open(place);
  const pol = inFolder(place, "first");
  expect(place.as("ada", "propose", "--target", target, ...complete).code).toBe(0);
  expect(place.as("bo", "approve", rb(1), "-y").code).toBe(0);

  expect(place.run("policy", "show").out).toMatch(/version 1\n[\s\S]*No rules: the settings/);
  expect(place.run("policy", "default", pol).code).toBe(0);
  expect(place.run("policy", "default", pol)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/is not empty; name a folder that is not there yet/),
  });
  expect(place.run("policy", "check", pol)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^GOOD {2}\d+ rules, sha256:[0-9a-f]{64}\n$/),
  });
  expect(place.run("policy", "test", pol)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+ cases as expected\.\n$/),
  });
  expect(place.run("policy", "diff", pol)).toMatchObject({
    code: 1,
    out: expect.stringMatching(/rules, all new\n {2}initiate, /),
  });

  // What it would have made of the rollback that there is: keys are minutes old, and one agreed.
  const [one, summary] = lines(place.run("policy", "simulate", pol, "--json").out);
  expect(one).toMatchObject({
    id: rb(1),
    outcome: "blocked",
    classes: ["security", "severe"],
    approvals: 2,
    blocked: [expect.stringMatching(/^bo could not approve: .*quiet-key/)],
    delayed: ["it lacked 1 more of 2 approvals"],
  });
  expect(summary).toMatchObject({ summary: { total: 1, blocked: 1, delayed: 0, allowed: 0 } });

  // Not in force: the ledger decides as before, and a question can still be asked by the folder.
  expect(place.run("access", "explain", "cleo", "approve", rb(1))).toMatchObject({ code: 0 });
  const asked = place.run("access", "explain", "cleo", "approve", rb(1), "--policy", pol);
  expect(asked).toMatchObject({
    code: 1,
    out: expect.stringMatching(/cleo may not approve[\s\S]*✓ principal\.keyAgeMinutes < 1440/),
  });
  expect(asked.out).toMatch(/It would be allowed if\n {2}principal\.keyAgeMinutes were 1440/);

  // Two persons: who proposed it cannot accept it, and who may not administer does neither.
  expect(place.as("ada", "policy", "decide")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/No policy waits/),
  });
  expect(place.as("cleo", "policy", "propose", pol, "-y").code).toBe(1);
  expect(place.as("ada", "policy", "propose", pol, "-y")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/recorded policy-proposed/),
  });
  expect(place.as("ada", "policy", "decide", "accept", "-y")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/another administrator must/),
  });
  expect(place.as("cleo", "policy", "decide", "accept", "-y").code).toBe(1);
  expect(place.run("policy", "show").out).toMatch(/version 1\n[\s\S]*ada proposes .* version 2/);
  expect(place.as("bo", "policy", "decide").out).toMatch(
    /^ada proposes countermand-default version 2, rules sha256:/,
  );
  expect(place.as("bo", "policy", "decide", "accept", "-y").out).toMatch(/recorded policy-decided/);
  expect(place.run("policy", "diff", pol)).toMatchObject({ code: 0, out: "No difference.\n" });

  // In force from here on: the same proposal is classified, and the fresh key waits.
  expect(place.as("ada", "propose", "--target", target, ...complete).out).toMatch(
    /recorded classified/,
  );
  expect(place.as("bo", "approve", rb(2), "-y")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/less than 24 hours ago .*\(rule quiet-key\)/),
  });
  expect(place.run("access", "explain", "ada", "classify", rb(2)).out).toMatch(
    /classified as security, severe[\s\S]*"approvals":2/,
  );
  expect(place.run("access", "explain", "ada", "approve", rb(2)).out).toMatch(
    /ada proposed RB-\d+-2; somebody else must decide[\s\S]*no policy changes it/,
  );
}

/** Another version: what it changes, what it would have made of the past, declined, proposed again, in force. */
function nextVersion(place: Workplace): void {
  const pol = inFolder(place, "first");
  // A softer version: one rule less. It shows as that, and the past under it is only late.
  const next = inFolder(place, "next");
  expect(place.run("policy", "show", "-o", next).err).toMatch(/Written to/);
  const guards = readFileSync(join(next, "guards.cedar"), "utf8");
  writeFileSync(join(next, "guards.cedar"), guards.slice(guards.indexOf('@id("agents')));
  expect(place.as("ada", "policy", "propose", next, "-y")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/Version 2 is in force; set "version": 3/),
  });
  const settings = readFileSync(join(next, "settings.json"), "utf8");
  writeFileSync(join(next, "settings.json"), settings.replace('"version": 2', '"version": 3'));
  expect(place.run("policy", "diff", next).out).toMatch(/rule quiet-key is gone/);
  expect(place.run("policy", "diff", next, pol).out).toMatch(/rule quiet-key is new/);
  expect(place.run("policy", "simulate", next).out).toMatch(
    /delayed {2}RB-\d+-1 {2}security, severe\n {4}it lacked 1 more of 2 approvals\n/,
  );
  expect(place.as("ada", "policy", "propose", next, "-y").code).toBe(0);
  expect(place.as("ada", "policy", "decide", "decline", "-y").code).toBe(0);
  expect(place.run("policy", "show").out).toMatch(/version 2\n/);
  expect(place.as("ada", "policy", "propose", next, "-y").code).toBe(0);
  expect(place.as("bo", "policy", "decide", "accept", "-y").code).toBe(0);

  // What was classified keeps its obligations; the key is no longer too young. One of two agreed.
  expect(place.as("bo", "approve", rb(2), "-y")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/now pending_approval/),
  });
  expect(place.as("cleo", "approve", rb(2), "-y").out).toMatch(/now authorised/);
  expect(place.run("fsck").out).toMatch(/GOOD/);
}

describe("a policy's life", { timeout: 240_000 }, () => {
  test("on the embedded ledger", () => {
    using place = new Workplace();
    firstDays(place);
    nextVersion(place);
  });

  test("through a server", async () => {
    using place = new Workplace();
    // A server opens no ledger by itself; the commands do, through it.
    await place.serve();
    firstDays(place);
    expect(await place.stop()).toBe(0);
  });
});

describe("a policy that is not good", { timeout: 120_000 }, () => {
  test("says what is wrong, and nothing is proposed", () => {
    using place = new Workplace();
    const pol = inFolder(place, "bad");
    expect(place.run("policy", "default", pol).code).toBe(0);
    open(place);

    // It would deny everything: found, told, and not proposed unless somebody insists.
    appendFileSync(
      join(pol, "guards.cedar"),
      '@id("stop") @says("nothing is approved any more") forbid (principal, action == Action::"approve", resource);\n',
    );
    expect(place.run("policy", "check", pol)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/nobody may ever approve\n[\s\S]*NOT GOOD/),
    });
    expect(place.run("policy", "test", pol)).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /✗ an approver approves\n {4}- allowed: true\n {4}\+ allowed: false/,
      ),
    });
    expect(place.as("ada", "policy", "propose", pol, "-y")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/Nothing was proposed/),
    });
    expect(place.run("policy", "show").out).not.toMatch(/proposes/);

    // It does not load: every problem with its place, on any command.
    writeFileSync(
      join(pol, "guards.cedar"),
      '@id("a")\npermit (principal, action, resource) when { resource.rsk > 3 };\n@id("b") permit (principal, action == Action::"aprove", resource);\n',
    );
    const checked = place.run("policy", "check", pol);
    expect(checked.code).toBe(1);
    expect(checked.out).toMatch(
      /guards\.cedar:2:\d+: .*rsk[\s\S]*guards\.cedar:3:\d+: .*aprove[\s\S]*2 problems: this policy does not load/,
    );
    expect(lines(place.run("policy", "check", pol, "--json").out)).toMatchObject([
      {
        loads: false,
        problems: [
          { file: "guards.cedar", line: 2 },
          { file: "guards.cedar", line: 3 },
        ],
      },
    ]);
    expect(place.as("ada", "policy", "propose", pol, "-y").err).toMatch(/guards\.cedar:2:\d+: /);

    // A case file from elsewhere may be a link to something without an end.
    const linked = inFolder(place, "linked");
    expect(place.run("policy", "default", linked).code).toBe(0);
    rmSync(join(linked, "cases.yaml"));
    symlinkSync("/dev/zero", join(linked, "cases.yaml"));
    expect(place.run("policy", "test", linked)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/cases\.yaml: a symbolic link/),
    });

    symlinkSync("/etc/passwd", join(pol, "z.cedar"));
    expect(place.run("policy", "check", pol).out).toMatch(/follows no links/);
    expect(place.run("policy", "check", inFolder(place, "none"))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/is no folder/),
    });
    mkdirSync(inFolder(place, "empty"));
    expect(place.run("policy", "check", inFolder(place, "empty")).out).toMatch(/missing/);
  });

  test("and what is asked wrongly is refused in a sentence", () => {
    using place = new Workplace();
    open(place);
    expect(place.run("access", "explain", "ada", "aprove", rb(1))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/The action is one of initiate/),
    });
    expect(place.run("access", "explain", "ada", "approve", rb(9))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no record/),
    });
    expect(place.as("bo", "policy", "decide", "maybe").err).toMatch(/accept or decline/);
    const pol = inFolder(place, "p");
    place.run("policy", "default", pol);
    expect(place.run("policy", "simulate", pol).out).toMatch(/There is no record yet/);
    writeFileSync(join(place.folder, "audit.jsonl"), "{}\n");
    expect(
      place.run("policy", "simulate", pol, "--audit", join(place.folder, "audit.jsonl")),
    ).toMatchObject({ code: 2, err: expect.stringMatching(/line 1: .*audit --json/) });
    expect(place.run("policy", "simulate", pol, "--audit", "missing.jsonl").code).toBe(2);
  });
});

test("a history that was only audited can be held against a policy", { timeout: 60_000 }, () => {
  using place = new Workplace();
  place.makeRepository();
  place.git("revert", "--no-edit", "HEAD");
  const pol = inFolder(place, "p");
  expect(place.run("policy", "default", pol).code).toBe(0);
  const { out } = place.run("audit", "--json");
  const file = join(place.folder, "audit.jsonl");
  writeFileSync(file, out);
  const [reversal, summary] = lines(
    place.run("policy", "simulate", pol, "--audit", file, "--ran-before", "--json").out,
  );
  expect(reversal).toMatchObject({ classes: expect.any(Array), blocked: [] });
  expect(summary).toMatchObject({ summary: { total: 1 } });
  expect(place.run("policy", "simulate", pol, "--audit", file, "--all").out).toMatch(
    /1 reversal: /,
  );
});
