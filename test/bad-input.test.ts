/** Wrong input from the outside: one clear sentence, the documented exit code, nothing half-done. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { complete, Workplace, type Answer } from "./command-line.ts";

/** The first record of this year. */
const record = `RB-${new Date().getUTCFullYear()}-1`;

/** One sentence (help may follow), no stack, no second error. */
function says(answer: Answer, code: number, expected: RegExp): void {
  expect(answer.err).toMatch(expected);
  expect(answer.err).not.toMatch(/^\s+at |node:internal|UnhandledPromise/m);
  expect(answer.code).toBe(code);
  expect(answer.out).toBe("");
}

function opened(): { place: Workplace; commits: [string, string, string] } & Disposable {
  const place = new Workplace();
  const commits = place.makeRepository();
  expect(place.as("ada", "init", "--id", "ada").code).toBe(0);
  return { place, commits, [Symbol.dispose]: () => place[Symbol.dispose]() };
}

test("not a repository, an empty one, a ref that is none, one that looks like an option", () => {
  using place = new Workplace();
  says(place.run("audit"), 2, /no git repository here/i);
  says(place.run("audit", "/nonexistent"), 2, /\/nonexistent/);
  mkdirSync(place.repository);
  place.git("init", "-q");
  says(place.run("undo", "HEAD"), 2, /HEAD/);
  rmSync(place.repository, { recursive: true });
  place.makeRepository();
  says(place.run("undo", "no-such-tag"), 2, /no-such-tag/);
  says(place.run("undo", "--", "--output=/tmp/countermand-owned"), 2, /--output/);
  expect(existsSync("/tmp/countermand-owned")).toBe(false);
  says(place.run("audit", "--ref", "--all"), 2, /--all/);
});

test("a shallow clone is audited, and says what is unknown because of it", () => {
  using place = new Workplace();
  const [, , head] = place.makeRepository();
  const clone = join(place.folder, "clone");
  execFileSync("git", ["clone", "-q", "--depth", "1", `file://${place.repository}`, clone]);
  expect(place.run("audit", clone)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/shallow/),
  });
  expect(place.run("undo", clone, head)).toMatchObject({ code: 0 });
});

test("missing objects are said, not guessed", () => {
  using place = new Workplace();
  const [first, second] = place.makeRepository();
  const tree = place.git("rev-parse", `${second}^{tree}`);
  rmSync(join(place.repository, ".git/objects", tree.slice(0, 2), tree.slice(2)));
  const answer = place.run("undo", first);
  expect(`${answer.out}${answer.err}`).toMatch(/not in this repository|unknown/i);
  expect(answer.err).not.toMatch(/^\s+at /m);
});

test("file names and messages with control and bidi characters cannot write to the terminal", () => {
  using place = new Workplace();
  const [first] = place.makeRepository();
  const evil = "a\n\u001b[2Jb\u202Ec";
  writeFileSync(join(place.repository, evil), "x");
  place.git("add", "-A");
  place.git("commit", "-q", "-m", "Fix \u001b]0;owned\u0007 and \u202Egnorw");
  place.git("revert", "--no-edit", "HEAD");
  for (const args of [["undo", first], ["audit"], ["undo", first, "--json"], ["audit", "--json"]]) {
    const { out } = place.run(...args);
    expect(out).not.toMatch(/[\u001b\u202e\u0007]/);
    expect(out.length).toBeGreaterThan(10);
  }
});

test("two servers on one data folder: the second says who is there, and goes", async () => {
  using place = new Workplace();
  await place.serve();
  says(place.run("serve", "--port", "0"), 3, /another Countermand process \(pid \d+\) is using/);
  expect(await place.stop()).toBe(0);
});

test("a data folder that cannot be written", () => {
  using place = new Workplace({ COUNTERMAND_DATA: "/dev/null/countermand" });
  says(place.as("ada", "init"), 3, /\/dev\/null\/countermand/);
});

test("a ledger whose key others can read does not start", () => {
  using it = opened();
  const { place } = it;
  execFileSync("chmod", ["0644", join(place.data, "keys/log.key")]);
  says(place.run("list"), 3, /log\.key.*chmod 600/);
});

test("a ledger without its key, and an older copy of its database, do not start", () => {
  using it = opened();
  const { place, commits } = it;
  const database = join(place.data, "ledger.db");
  const copy = join(place.folder, "older");
  mkdirSync(copy);
  const files = () => readdirSync(place.data).filter((name) => name.startsWith("ledger.db"));
  execFileSync("cp", [...files().map((name) => join(place.data, name)), copy]);
  expect(place.as("ada", "propose", "--target", commits[0], ...complete).code).toBe(0);
  for (const name of files()) rmSync(join(place.data, name));
  execFileSync("sh", ["-c", `cp ${copy}/* ${place.data}/`]);
  says(place.run("list"), 3, /older copy|ahead|contradict/i);
  const fsck = place.run("fsck");
  expect(fsck).toMatchObject({ code: 1, out: expect.stringMatching(/mark.*older copy/s) });
  rmSync(join(place.data, "keys/log.key"));
  says(place.run("list"), 3, /key is not at|no log key/);
  expect(existsSync(database)).toBe(true);
});

test("keys that must not be enrolled", () => {
  using it = opened();
  const { place } = it;
  // The point of order 1: one signature by it fits every message.
  const blob = Buffer.concat([
    Buffer.from([0, 0, 0, 11]),
    Buffer.from("ssh-ed25519"),
    Buffer.from([0, 0, 0, 32, 1]),
    Buffer.alloc(31),
  ]);
  const small = `ssh-ed25519 ${blob.toString("base64")}`;
  says(place.as("ada", "person", "add", "--public-key", small), 2, /small order/);
  place.keygen("weak", "-t", "rsa", "-b", "1024");
  says(place.as("ada", "person", "add", "--public-key", place.key("weak.pub")), 2, /1024/);
  says(
    place.as("ada", "person", "add", "--public-key", place.key("ada.pub")),
    1,
    /is or was enrolled/,
  );
  says(place.as("ada", "person", "add", "--public-key", "nonsense"), 2, /public key/);
  says(
    place.as("ada", "person", "add", "--public-key", place.key("bo.pub"), "--id", "*@x"),
    2,
    /id/,
  );
  says(
    place.as("ada", "person", "add", "--public-key", place.key("bo.pub"), "--kind", "robot"),
    2,
    /--kind/,
  );
  says(
    place.as("ada", "person", "add", "--public-key", place.key("bo.pub"), "--may", "everything"),
    2,
    /everything/,
  );
  expect(place.run("person", "list").out.match(/SHA256:/g)).toHaveLength(1);
});

test("targets that are not immutable, spans and instants that are none", () => {
  using it = opened();
  const { place, commits } = it;
  const propose = (...args: string[]) => place.as("ada", "propose", ...complete, ...args);
  says(propose("--target", "image:api:v1.41.3", "--current", "HEAD"), 2, /digest/);
  says(propose("--target", "nope"), 2, /nope/);
  says(propose("--target", commits[0], "--stabilise-for", "soon"), 2, /30m/);
  says(propose("--target", commits[0], "--expires", "2026-13-01"), 2, /zone/);
  says(propose("--target", "HEAD"), 1, /redeploy/);
  says(propose("--target", commits[0], "--reason", "because"), 1, /availability/);
  says(propose("--target", commits[0], "--ticket", "two words; drop"), 2, /ticket/);
  expect(place.run("list").out).toMatch(/No record/);
});

test("wrong usage: unknown command, option, and a missing argument", () => {
  using place = new Workplace();
  says(place.run("rollback"), 2, /unknown command/);
  says(place.run("list", "--frobnicate"), 2, /unknown option/);
  says(place.run("show"), 2, /missing required argument/);
  says(place.run("list", "--status", "sleeping"), 2, /--status is one of/);
  says(place.runWith({ env: { COUNTERMAND_PORT: "many" } }, "list"), 2, /COUNTERMAND_PORT/);
  says(place.runWith({ env: { DATABASE_URL: "mysql://secret@x" } }, "list"), 2, /postgresql:\/\//);
});

test("no key to sign with, and one that ssh-keygen cannot use", () => {
  using it = opened();
  const { place, commits } = it;
  says(place.run("propose", "--target", commits[0], ...complete), 2, /No SSH key/);
  says(place.as("nobody", "propose", "--target", commits[0], ...complete), 2, /does not exist/);
  writeFileSync(place.key("torn"), "not a key");
  execFileSync("cp", [place.key("ada.pub"), place.key("torn.pub")]);
  const answer = place.as("torn", "propose", "--target", commits[0], ...complete);
  expect(answer.code).toBe(3);
  expect(answer.err).toMatch(/could not sign .*; nothing was sent/);
  expect(place.run("list").out).toMatch(/No record/);
});

test("an export to where nothing can be written leaves nothing", () => {
  using it = opened();
  const { place, commits } = it;
  expect(place.as("ada", "propose", "--target", commits[0], ...complete).code).toBe(0);
  const answer = place.run("export", record, "-o", join(place.folder, "no/such/folder.tar"));
  expect(answer.code).toBe(3);
  expect(readdirSync(place.folder).filter((name) => name.endsWith(".part"))).toEqual([]);
});

test("a run whose end cannot be recorded says so, and what to do", () => {
  using it = opened();
  const { place, commits } = it;
  expect(
    place.as("ada", "person", "add", "--id", "bo", "--public-key", place.key("bo.pub")).code,
  ).toBe(0);
  expect(place.as("ada", "propose", "--target", commits[0], ...complete).code).toBe(0);
  expect(place.as("bo", "approve", record, "-y").code).toBe(0);
  const key = join(place.data, "keys/log.key");
  const answer = place.as("ada", "run", record, "--", "mv", key, `${key}.away`);
  expect(answer.code).toBe(3);
  expect(answer.err).toMatch(/ended \(.*"code":0.*could not be recorded: .*\n.*--exited 0/);
  execFileSync("mv", [`${key}.away`, key]);
  expect(place.as("bo", "run", record, "--outcome-unknown").code).toBe(0);
  expect(place.run("list").out).toMatch(/execution_failed/);
  says(place.as("ada", "run", record, "--exited", "256"), 2, /from 0 to 255; found 256/);
  says(place.as("ada", "run", record, "--exited", "0", "--", "true"), 2, /Give one of/);
  says(place.as("bo", "run", record, "--exited", "0"), 1, /only say that its outcome is unknown/);
  says(place.as("ada", "run", record, "--exited", "0"), 0, /is now executed/);
});

test("an audit where nothing can be kept is an audit all the same, and says so", () => {
  using place = new Workplace({ HOME: "/dev/null" });
  place.makeRepository();
  const answer = place.run("audit");
  expect(answer).toMatchObject({ code: 0, out: expect.stringMatching(/0 reversals in 3 commits/) });
  expect(answer.err).toMatch(/cannot be written .*starts over/);
});
