/** A person enrols a key of their own, at a real provider, with a browser; a stranger checks it later. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { Browser, chromium, hasChromium } from "../packages/app/src/http/testing/browser.ts";
import {
  nativeClientId,
  testProvider,
  type TestProvider,
} from "../packages/app/src/http/testing/provider.ts";
import { cli, complete, Workplace } from "./command-line.ts";

async function setUp() {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.dispose]());
  const provider = await testProvider();
  onTestFinished(async () => provider.close());
  place.as("ada", "init", "--origin", "example.com/test", "--id", "ada");
  for (const name of ["bo", "cleo"]) {
    const rights = ["initiate", "approve", "administer"].flatMap((may) => ["--may", may]);
    place.as(
      "ada",
      "person",
      "add",
      "--id",
      name,
      "--public-key",
      place.key(`${name}.pub`),
      ...rights,
    );
  }
  return { place, provider };
}

/** Two administrators put a policy in force that lets people enrol at `client`. */
function letEnrol(place: Workplace, { issuer }: TestProvider, client: string, version = 2): void {
  const folder = join(place.folder, `policy-${version}`);
  expect(place.run("policy", "default", folder).code).toBe(0);
  const file = join(folder, "settings.json");
  const settings = JSON.parse(readFileSync(file, "utf8")) as object;
  writeFileSync(file, JSON.stringify({ ...settings, version, enrolment: [{ issuer, client }] }));
  const proposed = place.as("ada", "policy", "propose", folder, "-y");
  expect([proposed.code, proposed.err]).toEqual([0, expect.not.stringContaining("✗")]);
  expect(place.as("cleo", "policy", "decide", "accept", "-y").code).toBe(0);
}

/** Runs the command as bo, with a new key, and logs in as `account` when it asks. */
async function enrol(
  place: Workplace,
  provider: TestProvider,
  browser: Browser,
  key: string,
  account: string,
) {
  const args = ["person", "enrol-key", "--issuer", provider.issuer];
  const run = spawn(process.execPath, ["-C", "source", cli, ...args, "--key", place.key(key)], {
    cwd: place.folder,
    env: place.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  run.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  run.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => run.once("exit", resolve));
  for (let i = 0; i < 300 && !/http:\/\/localhost\S+/.test(said) && run.exitCode === null; i++) {
    await sleep(100);
  }
  const page = /http:\/\/localhost\S+/.exec(said)?.[0] ?? "";
  await browser.send("Network.clearBrowserCookies");
  await browser.go(page);
  await browser.type('input[name="login"]', account);
  await browser.type('input[name="password"]', "x");
  await browser.follow('button[type="submit"]');
  await browser.click('button[type="submit"]');
  const code = await ended;
  return { code, said };
}

describe.skipIf(!hasChromium)(`with a browser (skipped where ${chromium} is missing)`, () => {
  test("logged in for this key, enrolled, used, and checked without the server", async () => {
    const { place, provider } = await setUp();
    await using browser = await Browser.open();
    place.makeRepository();
    place.keygen("spare");
    letEnrol(place, provider, nativeClientId);

    // Nobody has said whose the account is.
    const unlinked = await enrol(place, provider, browser, "spare", "248289761001");
    expect([unlinked.code, unlinked.said]).toEqual([
      1,
      expect.stringContaining("linked to nobody. An administrator links it: countermand person"),
    ]);
    const account = ["--issuer", provider.issuer, "--subject", "248289761001"];
    expect(place.as("ada", "person", "link-account", "bo", ...account).code).toBe(0);

    const done = await enrol(place, provider, browser, "spare", "248289761001");
    expect([done.code, done.said]).toEqual([
      0,
      expect.stringMatching(/SHA256:\S+ is bo's, on the word of http:\/\/localhost:\d+\./),
    ]);
    const people = place.run("person", "list").out;
    expect(people).toContain("on an identity provider's word");
    expect(people).toContain("on an administrator's word");

    const again = place.as("spare", "person", "enrol-key");
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("is bo's already")]);

    const proposed = place.as("spare", "propose", "--target", "HEAD~1", ...complete);
    expect([proposed.code, proposed.err]).toEqual([0, expect.anything()]);
    // The weaker word is shown as such, the other has no need of it.
    expect(place.run("show", "RB-2026-1").out).not.toContain("an administrator said");
    expect(place.as("ada", "person", "list").out).toContain("on an administrator's word");
    const file = `${place.folder}/RB-2026-1.tar`;
    expect(place.run("export", "RB-2026-1", "--names", "-o", file).code).toBe(0);
    await provider.close();
    const verified = place.run("verify", file);
    expect([verified.code, verified.out]).toEqual([
      0,
      expect.stringContaining("for 1 of them an identity provider said so"),
    ]);
  }, 240_000);

  test("another account than the linked one vouches for nobody, and saying no enrols nothing", async () => {
    const { place, provider } = await setUp();
    await using browser = await Browser.open();
    place.keygen("spare");
    letEnrol(place, provider, nativeClientId);
    const account = ["--issuer", provider.issuer, "--subject", "248289761001"];
    place.as("ada", "person", "link-account", "bo", ...account);
    const mallory = await enrol(place, provider, browser, "spare", "mallory");
    expect([mallory.code, mallory.said]).toEqual([1, expect.stringContaining("linked to nobody")]);
    expect(place.run("person", "list").out).not.toContain("identity provider's word");
  }, 240_000);
});

test("without a provider it says what to do, and one that does not answer is said", () => {
  using place = new Workplace();
  place.as("ada", "init", "--origin", "example.com/test", "--id", "ada");
  place.as(
    "ada",
    "person",
    "add",
    "--id",
    "cleo",
    "--public-key",
    `${place.key("cleo")}.pub`,
    "--may",
    "administer",
  );
  place.keygen("spare");
  const none = place.as("spare", "person", "enrol-key");
  expect([none.code, none.err]).toEqual([
    2,
    expect.stringContaining("two administrators add `enrolment` to its settings.json"),
  ]);
  const away = { issuer: "http://localhost:1" } as TestProvider;
  letEnrol(place, away, "x");
  const silent = place.as("spare", "person", "enrol-key");
  expect([silent.code, silent.err]).toEqual([3, expect.stringContaining("does not answer as one")]);
  const other = place.as("spare", "person", "enrol-key", "--issuer", "https://other.example");
  expect([other.code, other.err]).toEqual([
    2,
    expect.stringContaining("names: http://localhost:1."),
  ]);
  expect(place.run("policy", "show").out).toContain("client x at http://localhost:1");
}, 120_000);
