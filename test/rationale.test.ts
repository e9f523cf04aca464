/** What a rationale lacks, told offline, before signing and in the answer of the API. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { checkRationale, faultNames, hintNames, rationaleUses } from "@countermand/record";
import { expect, test } from "vitest";
import { complete, rationale, Workplace } from "./command-line.ts";

test("rationale check: exit codes, files, JSON; no ledger", () => {
  using place = new Workplace();
  const check = (...args: string[]) => place.run("rationale", "check", ...args);

  expect(check(rationale, "--field", "security=nothing")).toMatchObject({
    code: 0,
    out: "good: nothing is missing\n",
  });
  expect(check("Customers cannot pay since the release of this morning")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Hint \(no-number\): .+\nHint \(no-exposure\): .+\nFor example: "/),
  });
  const refused = check("prod is broken", "--mode", "emergency", "--json");
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.out)).toMatchObject({
    accepted: false,
    remarks: [{ level: "refused", name: "too-short", example: expect.stringMatching(/02:40/) }],
  });
  // The same words, where nothing demands a rationale.
  expect(check("prod is broken", "--mode", "rejection").code).toBe(0);
  expect(check("INC/7", "--ticket", "INC/7")).toMatchObject({
    code: 1,
    out: expect.stringMatching(/only-reference/),
  });

  const file = `${place.folder}/why.txt`;
  writeFileSync(file, `${rationale}\n`);
  expect(check("--file", file).code).toBe(0);
  writeFileSync(file, new Uint8Array([0xff, 0xfe]));
  for (const [says, ...args] of [
    [/not UTF-8/, "--file", file],
    [/longer than 65536 bytes/, "--file", "/dev/zero"],
    [/cannot be read \(ENOENT\)/, "--file", "/nowhere"],
    [/cannot be read \(EISDIR\)/, "--file", place.folder],
    [/TEXT, or with --file/],
    [/TEXT, or with --file/, "text", "--file", file],
    [/--mode is one of proposal/, "text", "--mode", "haste"],
    [/name and a text/, "text", "--field", "impact"],
  ] as const) {
    const said = check(...args);
    expect([said.code, said.err]).toEqual([2, expect.stringMatching(says)]);
  }
});

test("rationale examples: of all modes, of one, for a reason", () => {
  using place = new Workplace();
  const all = place.run("rationale", "examples");
  expect(all.code).toBe(0);
  expect(all.out).toMatch(/^proposal: Why go back\?\n {2}- what was seen/);
  expect(all.out).toMatch(/\nchange-request: /);
  const one = place.run(
    "rationale",
    "examples",
    "--mode=clearing",
    "--reason=accepted-risk",
    "--json",
  );
  expect(JSON.parse(one.out)).toMatchObject([
    { mode: "clearing", examples: { "accepted-risk": expect.stringMatching(/SEC-313/) } },
  ]);
});

test("what a proposal lacks is told before it is signed, and does not stop it", () => {
  using place = new Workplace();
  const [target] = place.makeRepository();
  expect(place.as("ada", "init", "--id", "ada").code).toBe(0);
  const thin = complete.with(
    complete.indexOf("--rationale") + 1,
    "Customers cannot pay since the release, and waiting is worse than going back",
  );
  const said = place.as("ada", "propose", "--target", target, ...thin);
  expect(said).toMatchObject({ code: 0, err: expect.stringMatching(/^Hint \(no-number\): /m) });

  const copied = complete.with(
    complete.indexOf("--rationale") + 1,
    'Revert "Add the parser fix again"',
  );
  expect(place.as("ada", "propose", "--target", target, ...copied)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/Refused \(copied\)/),
  });
});

const cases = `${import.meta.dirname}/../../shared/reverts/cases.json`;
const absent = existsSync(cases) ? "" : " (skipped: no ../shared/reverts)";

test.skipIf(absent !== "")(`no subject of a real revert is a rationale${absent}`, () => {
  const found = JSON.parse(readFileSync(cases, "utf8")) as readonly { readonly subject: string }[];
  // A word after an inner quote could be the writer's own: such a text is not refused for it.
  const quoting = found.filter(
    ({ subject }) =>
      /^Revert ".*"(?: \(#\d+\))?$/.test(subject) && !/"[\s:,;-]+\p{L}/u.test(subject),
  );
  expect(quoting.length).toBeGreaterThan(30);
  for (const { subject } of quoting) {
    expect([subject, checkRationale({ use: "proposal", text: subject })]).toEqual([
      subject,
      [expect.objectContaining({ level: "refused", name: "copied" })],
    ]);
  }
});

test("docs/rationale.md names every fault, hint and mode", () => {
  const page = readFileSync(`${import.meta.dirname}/../docs/rationale.md`, "utf8");
  for (const name of [...faultNames, ...hintNames, ...rationaleUses]) {
    expect(page).toContain(`\n| \`${name}\` |`);
  }
});
