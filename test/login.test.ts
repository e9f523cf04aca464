/** Logging in with everything real: the server and the command line as processes, and a browser. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Browser, chromium, hasChromium } from "../packages/app/src/http/testing/browser.ts";
import { cli, Workplace } from "./command-line.ts";

/** Runs a command that waits for a person; answers what it says, and how it ends. */
function begin(place: Workplace, ...args: string[]) {
  const run = spawn(process.execPath, ["-C", "source", cli, ...args], {
    cwd: place.folder,
    env: place.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  run.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  run.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => run.once("exit", resolve));
  return {
    async until(pattern: RegExp): Promise<string> {
      for (let i = 0; i < 300; i++) {
        const found = pattern.exec(said)?.[1];
        if (found !== undefined) return found;
        await sleep(100);
      }
      throw new Error(`never ${pattern}: ${said}`);
    },
    async end() {
      return { code: await ended, said };
    },
  };
}

/** A server with a login, whose ledger has one person, ada. */
async function opened() {
  const place = new Workplace({ COUNTERMAND_LOGIN: "required" });
  const url = (await place.serve()).replace("127.0.0.1", "localhost");
  expect(place.as("ada", "init", "--origin", "example.com/login", "--id", "ada").code).toBe(0);
  return { place, url, [Symbol.dispose]: () => place[Symbol.dispose]() };
}

test("before anybody can log in, the server says how, and refuses a network without a word", () => {
  using place = new Workplace({ COUNTERMAND_HOST: "0.0.0.0" });
  const silent = place.run("serve", "--port", "0");
  expect([silent.code, silent.err]).toEqual([
    2,
    expect.stringContaining("set COUNTERMAND_LOGIN=required, or COUNTERMAND_LOGIN=off"),
  ]);
  const nameless = place.runWith({ env: { COUNTERMAND_LOGIN: "required" } }, "serve");
  expect([nameless.code, nameless.err]).toEqual([
    2,
    expect.stringContaining("needs COUNTERMAND_URL"),
  ]);
  const wrong = place.runWith({ env: { COUNTERMAND_LOGIN: "yes" } }, "serve");
  expect([wrong.code, wrong.err]).toEqual([
    2,
    expect.stringContaining("COUNTERMAND_LOGIN is off or required"),
  ]);
});

test("an administrator says whose an account is, and that it is no longer", () => {
  using place = new Workplace();
  const as = (...args: string[]) => place.as("ada", ...args);
  expect(as("init", "--origin", "example.com/login", "--id", "ada").code).toBe(0);
  as("person", "add", "--id", "bo", "--public-key", `${place.key("bo")}.pub`);
  const account = ["--issuer", "https://login.example.com", "--subject", "248289761001"];
  const own = as("person", "link-account", "ada", ...account);
  expect([own.code, own.err]).toEqual([1, expect.stringContaining("ada")]);
  expect(as("person", "link-account", "bo", ...account).code).toBe(0);
  const list = as("person", "list").out;
  const [, id = ""] =
    /\n {2}([0-9a-f-]{36}) +account +at https:\/\/login\.example\.com, 248289761001\n/.exec(list) ??
    [];
  expect(as("person", "unlink-account", "bo", id).code).toBe(0);
  expect(as("person", "list").out).not.toContain("login.example.com");
  const long = as(
    "person",
    "link-account",
    "bo",
    account[0] ?? "",
    account[1] ?? "",
    "--subject",
    "x".repeat(256),
  );
  expect([long.code, long.err]).toEqual([2, expect.stringContaining("1 to 255 characters")]);
}, 240_000);

describe.skipIf(!hasChromium)(`with a browser (skipped where ${chromium} is missing)`, () => {
  test("login, tokens and logout, as people do it", async () => {
    using it = await opened();
    const { place, url } = it;
    await using browser = await Browser.open();
    const server = ["--server", url];

    // Who has the data folder needs no login; who comes over the network does.
    expect(place.run("list").code).toBe(0);
    const stranger = place.run("list", ...server);
    expect([stranger.code, stranger.err]).toEqual([3, expect.stringContaining("log in first")]);
    expect(place.run("login-link", "mallory").err).toContain("mallory is not enrolled here");

    const link = place.run("login-link", "ada").out.trim();
    await browser.go(link);
    await browser.follow('button[type="submit"]');

    const login = begin(place, "login", ...server);
    await browser.go(await login.until(/(http:\/\/localhost:\d+\/login\/cli\S+)/));
    expect(await browser.text()).toContain("as ada");
    await browser.click('button[type="submit"]');
    await browser.until("document.body.innerText.includes('The command line has its answer')");
    const { code, said } = await login.end();
    expect([code, said]).toEqual([0, expect.stringContaining(`Logged in at ${url} as ada, until`)]);
    const file = join(place.env["HOME"] ?? "", ".config/countermand/credentials.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toMatch(/"token": "cms_[A-Za-z0-9_-]{43}"/);

    expect(place.run("list", ...server).code).toBe(0);
    expect(place.run("login", "--show", ...server).out).toMatch(
      /you are ada\.\n(?: {2}\w{16}.*\n){2}/,
    );

    const made = place.run("token", "create", "pipeline", "--scope", "read", ...server);
    const token = made.out.trim();
    expect(token).toMatch(/^cmt_[A-Za-z0-9_-]{43}$/);
    expect(made.err).toContain("not shown again");
    expect(place.run("token", "create", "x", ...server).err).toContain("Say with --scope");
    const list = place.run("token", "list", "--json", ...server).out;
    const { id, usedAt } = JSON.parse(list) as { id: string; usedAt?: string };
    expect([list.includes(token), usedAt]).toEqual([false, undefined]);
    const home = join(place.folder, "elsewhere");
    const elsewhere = { env: { HOME: home, COUNTERMAND_TOKEN: token } };
    expect(place.runWith(elsewhere, "list", ...server).code).toBe(0);
    expect(place.runWith(elsewhere, "login", "--show", ...server).out).toContain(
      "an API token of ada, for read.",
    );
    expect(place.run("token", "list", ...server).out).toMatch(/pipeline +read +ada .*2\d\d\d-/);
    expect(place.run("token", "revoke", id, ...server).out).toBe(`Token ${id} works no more.\n`);
    expect(place.runWith(elsewhere, "list", ...server).code).toBe(3);

    expect(place.run("logout", ...server).out).toBe(`Logged out at ${url}.\n`);
    expect(readFileSync(file, "utf8")).toBe("{}\n");
    expect(place.run("list", ...server).code).toBe(3);
    expect(place.run("logout", ...server).err).toContain("You are not logged in");
  }, 240_000);

  test("on a machine without a browser, with the code of another", async () => {
    using it = await opened();
    const { place, url } = it;
    await using browser = await Browser.open();
    await browser.go(place.run("login-link", "ada").out.trim());
    await browser.follow('button[type="submit"]');
    for (const answer of ["refuse", "allow"]) {
      const login = begin(place, "login", "--device", "--server", url);
      const code = await login.until(/\n {2}([A-Z]{4}-[A-Z]{4})\n/);
      await browser.go(`${url}/login/device`);
      await browser.type("#code", code);
      await browser.follow('button[type="submit"]');
      expect(await browser.text()).toContain("If somebody sent you this code, refuse");
      await browser.follow(`button[value="${answer}"]`);
      const { code: exit, said } = await login.end();
      expect([answer, exit, said]).toEqual([
        answer,
        answer === "allow" ? 0 : 3,
        expect.stringContaining(answer === "allow" ? "as ada" : "refused this login"),
      ]);
    }
  }, 240_000);

  test("sessions that others may read are not used", async () => {
    using it = await opened();
    const { place, url } = it;
    const folder = join(place.env["HOME"] ?? "", ".config/countermand");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "credentials.json");
    writeFileSync(file, "{}");
    chmodSync(file, 0o644);
    const readable = place.run("list", "--server", url);
    expect([readable.code, readable.err]).toEqual([3, expect.stringContaining("others may read")]);
    chmodSync(file, 0o600);
    writeFileSync(file, "{");
    expect(place.run("list", "--server", url).err).toContain("is not what `countermand login`");
    expect(existsSync(file)).toBe(true);
  });
});
