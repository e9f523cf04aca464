import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { complete, Workplace } from "./command-line.ts";

const rb = (n: number) => `RB-${new Date().getUTCFullYear()}-${n}`;
const why = "The parser sits behind the proxy that strips these; OPS-12 keeps it so";

test("a finding is cleared by an approver, shown with ground and end, and listed for undo", () => {
  using place = new Workplace();
  const [target] = place.makeRepository();
  expect(place.as("ada", "init", "--origin", "example.com/test", "--id", "ada").code).toBe(0);
  const key = place.key("bo.pub");
  expect(place.as("ada", "person", "add", "--id", "bo", "--public-key", key).code).toBe(0);
  expect(place.as("ada", "propose", "--target", target, ...complete).code).toBe(0);

  expect(place.run("clear", rb(1)).out).toBe(`Nothing of ${rb(1)} is cleared.\n`);
  const bare = place.as("bo", "clear", rb(1), "fix.advisory-reverted");
  expect(bare.code).toBe(2);
  for (const option of ["--ground", "--until", "--rationale"]) expect(bare.err).toContain(option);
  const said = ["--ground", "not-affected", "--until", "90d", "--rationale", why];
  expect(place.as("bo", "clear", rb(1), "no.such-thing", ...said)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/No finding in the assessment of RB-\d+-1 is no\.such-thing/),
  });
  expect(
    place.as("bo", "clear", rb(1), "fix.advisory-reverted", ...said, "--scope", "all"),
  ).toMatchObject({
    code: 2,
    err: expect.stringMatching(/--scope is one of record, service/),
  });
  expect(place.as("ada", "clear", rb(1), "fix.advisory-reverted", ...said)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/proposed RB-\d+-1/),
  });
  expect(
    place.as("bo", "clear", rb(1), "fix.advisory-reverted", ...said.with(3, "400d")),
  ).toMatchObject({
    code: 1,
    err: expect.stringMatching(/ends within 366 days/),
  });
  const cleared = place.as("bo", "clear", rb(1), "fix.advisory-reverted", ...said);
  expect(cleared).toMatchObject({
    code: 0,
    err: expect.stringMatching(
      /high {2}fix\.advisory-reverted {2}CVE-2026-4242[\s\S]*You sign: 1 finding of RB-/,
    ),
  });
  expect(cleared.out).toMatch(/recorded implication-cleared as entry \d+[\s\S]*pending_approval/);

  const shown = place.run("show", rb(1)).out;
  expect(shown).toMatch(/cleared {2}not-affected, for this record, until/);
  expect(shown).toMatch(/clears findings: 1/);
  expect(place.run("clear", rb(1)).out).toContain(why);
  const listed = JSON.parse(place.run("clear", rb(1), "--json").out) as {
    clearings: { record: string; findings: string[] }[];
  };
  expect(listed.clearings).toMatchObject([{ record: rb(1), actor: "bo", scope: "record" }]);
  expect(listed.clearings[0]?.findings[0]).toMatch(/^[0-9a-f]{32}$/);

  const file = join(place.folder, "clearings.json");
  writeFileSync(file, JSON.stringify(listed));
  const undone = place.run("undo", target, "--clearings", file);
  expect(undone.out).toMatch(
    /Risk: none, 0 of 100[\s\S]*Cleared: 1 finding[\s\S]*by statement of bo/,
  );
  const other = place.run("undo", "HEAD~1", "--clearings", file);
  expect(other).toMatchObject({ code: 0, err: expect.stringMatching(/Nothing that was given/) });
  expect(other.out).not.toContain("Cleared");
  expect(place.run("undo", target, "--clearings", file).err).toBe("");
  expect(place.run("explain", "fix.advisory-reverted").out).toContain("not-affected");
  expect(place.run("undo", target, "--vex", file)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/clearings\.json: this is no VEX document/),
  });
  expect(place.run("undo", target, "--evidence", "nowhere")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/nowhere cannot be read \(ENOENT\)/),
  });
  // The next assessment of the record weighs what was signed.
  const revised = place.as("ada", "propose", "--revise", rb(1), "--target", target, ...complete);
  expect(revised.code).toBe(0);
  expect(place.run("show", rb(1)).out).toMatch(/risk 0 of 100, none/);
}, 120_000);
