import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describePostgresql } from "../packages/app/src/storage/testing/both-stores.ts";
import { complete, Workplace } from "./command-line.ts";

/** Numbers count from 1 in each year. */
const rb = (n: number) => `RB-${new Date().getUTCFullYear()}-${n}`;

/** One rollback from proposal to close, with the refusals on the way: the same embedded and through a server. */
async function mainLine(place: Workplace): Promise<void> {
  const [target] = place.makeRepository();
  expect(place.run("list")).toMatchObject({ code: 0, out: expect.stringMatching(/No record/) });
  const early = place.as("ada", "propose", "--target", target, ...complete);
  expect(early).toMatchObject({ code: 3, err: expect.stringMatching(/countermand init/) });

  const init = place.as("ada", "init", "--origin", "example.com/test", "--id", "ada");
  expect(init).toMatchObject({
    code: 0,
    out: expect.stringMatching(/example\.com\/test\+[0-9a-f]{8}\+/),
  });
  expect(place.as("ada", "init").code).toBe(1);

  const stranger = place.as("bo", "propose", "--target", target, ...complete);
  expect(stranger).toMatchObject({
    code: 1,
    err: expect.stringMatching(/not enrolled.*\n.*person add/),
  });
  for (const name of ["bo", "cleo"]) {
    const added = place.as(
      "ada",
      "person",
      "add",
      "--id",
      name,
      "--name",
      name.toUpperCase(),
      "--public-key",
      place.key(`${name}.pub`),
    );
    expect(added.code).toBe(0);
  }

  // What is missing is listed, all at once; a hollow rationale is refused with help.
  const bare = place.as("ada", "propose", "--target", target, "--service", "api");
  expect(bare.code).toBe(2);
  for (const option of [
    "--environment",
    "--reason",
    "--ticket",
    "--rationale",
    "--impact",
    "--security",
  ]) {
    expect(bare.err).toContain(option);
  }
  const hollow = complete.with(complete.indexOf("--rationale") + 1, "prod is broken");
  expect(place.as("ada", "propose", "--target", target, ...hollow)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/For example/),
  });
  expect(place.run("list").out).toMatch(/No record/);

  const proposed = place.as("ada", "propose", "--target", target, ...complete);
  expect(proposed).toMatchObject({
    code: 0,
    out: expect.stringMatching(/pending_approval[\s\S]*CVE-2026-4242/),
  });

  expect(place.as("ada", "run", rb(1), "--", "true")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/pending_approval/),
  });
  expect(place.as("ada", "approve", rb(1), "-y")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/proposed RB-\d+-1 and cannot decide/),
  });
  const approved = place.as("bo", "approve", rb(1), "-y");
  expect(approved).toMatchObject({
    code: 0,
    err: expect.stringMatching(/You sign: Approve RB-\d+-1: take api in prod/),
  });
  expect(approved.out).toMatch(/now authorised/);

  const failed = place.as("ada", "run", rb(1), "--", "sh", "-c", "exit 7");
  expect(failed).toMatchObject({ code: 7, err: expect.stringMatching(/execution_failed/) });
  const run = place.as("ada", "run", rb(1), "--", "sh", "-c", "echo rolled; echo noise >&2");
  expect(run).toMatchObject({
    code: 0,
    out: "rolled\n",
    err: expect.stringMatching(/now executed/),
  });

  expect(place.as("ada", "observe", rb(1), "--running", target).out).toMatch(/now executed/);
  expect(place.as("bo", "observe", rb(1), "--running", "HEAD").out).toMatch(/now partial/);
  expect(place.as("bo", "observe", rb(1), "--running", target, "--source", "kubectl").out).toMatch(
    /now verifying/,
  );
  expect(place.as("bo", "verify-outcome", rb(1), "--check", "smoke=passed").out).toMatch(
    /now stabilised/,
  );
  expect(place.as("bo", "review", rb(1), "--outcome", "effective", "--findings", "x").code).toBe(1);
  expect(
    place.as(
      "cleo",
      "review",
      rb(1),
      "--outcome",
      "effective",
      "--findings",
      "The alert came late",
      "--action",
      "OPS-9",
    ).code,
  ).toBe(0);
  expect(place.as("cleo", "close", rb(1), "--divergent-until", "14d").out).toMatch(/now closed/);

  const show = place.run("show", rb(1));
  expect(show.out).toContain(", whose key it is an administrator said");
  expect(show.out).toMatch(/closed since[\s\S]*ADA|closed since[\s\S]*ada/);
  expect(show.out).toContain("sh -c");
  expect(place.run("show", rb(2))).toMatchObject({
    code: 2,
    err: expect.stringMatching(/no record RB-/),
  });
  const listed = place.run("list", "--json");
  expect(JSON.parse(listed.out)).toMatchObject({ id: rb(1), status: "closed" });

  await packageHolds(place);

  // A second record ends early, two ways.
  expect(place.as("ada", "propose", "--target", target, ...complete).code).toBe(0);
  expect(place.as("bo", "withdraw", rb(2)).code).toBe(1);
  expect(place.as("ada", "withdraw", rb(2)).out).toMatch(/now withdrawn/);
  expect(place.as("ada", "propose", "--target", target, ...complete).code).toBe(0);
  expect(place.as("bo", "reject", rb(3), "-y")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/--comment/),
  });
  expect(place.as("bo", "reject", rb(3), "-y", "--comment", "Roll forward instead").out).toMatch(
    /now rejected/,
  );
}

async function packageHolds(place: Workplace): Promise<void> {
  const file = join(place.folder, "rb.tar");
  expect(place.run("export", rb(1), "-o", file, "--names").code).toBe(0);
  const good = place.run("verify", file);
  expect(good).toMatchObject({ code: 0, out: expect.stringMatching(/^GOOD/) });
  expect(good.out).toMatch(/0 withheld/);
  const key = /Log key (\S+)/.exec(good.out)?.[1] ?? "";
  expect(place.run("verify", file, "--log-key", key).out).not.toMatch(/Whose ledger/);

  // The README inside, with tools that are not ours.
  const unpacked = join(place.folder, "unpacked");
  mkdirSync(unpacked, { recursive: true });
  execFileSync("tar", ["-xf", file, "-C", unpacked]);
  const commands =
    readFileSync(join(unpacked, "README.md"), "utf8").match(/^ {4}ssh-keygen .*$/gm) ?? [];
  expect(commands.length).toBeGreaterThan(10);
  const all = spawnSync("sh", ["-e"], {
    cwd: unpacked,
    input: commands.join("\n"),
    encoding: "utf8",
  });
  expect(all.status).toBe(0);
  expect(all.stdout.match(/^Good /gm)).toHaveLength(commands.length);

  const bytes = readFileSync(file);
  const at = bytes.indexOf("The alert came late");
  bytes.write("T", at + 4);
  const bad = join(place.folder, "bad.tar");
  writeFileSync(bad, bytes);
  expect(place.run("verify", bad)).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^NOT GOOD[\s\S]*openings\.json/),
  });
  writeFileSync(bad, bytes.subarray(0, 5000));
  expect(place.run("verify", bad).code).toBe(3);
  expect(place.run("verify", join(place.folder, "none.tar")).code).toBe(2);
}

describe("one rollback, end to end, from the command line", () => {
  test("on the embedded store", async () => {
    using place = new Workplace();
    await mainLine(place);
    expect(place.run("fsck")).toMatchObject({ code: 0, out: expect.stringMatching(/^GOOD/) });
  }, 120_000);

  test("through a server, found by its data folder", async () => {
    using place = new Workplace();
    await place.serve();
    await mainLine(place);
    expect(await place.stop()).toBe(0);
    expect(place.run("fsck")).toMatchObject({ code: 0 });
  }, 120_000);
});

describePostgresql("one rollback, end to end, from the command line", (under) => {
  test("through a server on PostgreSQL", async () => {
    const location = await under.place();
    if (!("url" in location)) throw new TypeError("not PostgreSQL");
    using place = new Workplace({ DATABASE_URL: location.url });
    await place.serve();
    await mainLine(place);
    expect(await place.stop()).toBe(0);
    expect(place.run("fsck")).toMatchObject({ code: 0 });
  }, 120_000);
});
