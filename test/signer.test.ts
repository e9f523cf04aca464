/** A signer and a server as processes of their own: the key moved, lost and found, and a log frozen by hand. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { cli, complete, Workplace } from "./command-line.ts";

const rb = (n: number) => `RB-${new Date().getUTCFullYear()}-${n}`;

function setUp() {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.dispose]());
  const [target] = place.makeRepository();
  expect(place.as("ada", "init", "--origin", "example.com/test", "--id", "ada").code).toBe(0);
  const run = join(place.folder, "run");
  mkdirSync(run, { mode: 0o700 });
  const socket = join(run, "signer.sock");
  const vault = join(place.folder, "vault");
  return { place, target, socket, vault, env: { COUNTERMAND_SIGNER: socket } };
}

async function startSigner(place: Workplace, vault: string, socket: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ["-C", "source", cli, "signer", "--data", vault, "--socket", socket],
    { env: place.env, stdio: ["ignore", "ignore", "pipe"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  let told = "";
  child.stderr.on("data", (chunk: Buffer) => (told += chunk.toString()));
  for (let i = 0; i < 400 && !told.includes("Signing for"); i++) await sleep(25);
  expect(told).toContain("Signing for example.com/test at ");
  return child;
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

test(
  "the key moves out, and the ledger goes on with the signer alone",
  { timeout: 180_000 },
  async () => {
    const { place, target, socket, vault, env } = setUp();
    const taken = place.run("signer", "take", "--from", place.data, "--to", vault);
    expect(taken).toMatchObject({ code: 0, err: expect.stringContaining("and nowhere else") });
    expect(taken.out).toMatch(/^example\.com\/test\+[0-9a-f]{8}\+/);
    expect(readFileSync(join(place.data, "keys/log.key"), "utf8")).toBe(taken.out);
    const propose = (n: number) =>
      place.runWith(
        { env: { ...env, COUNTERMAND_KEY: place.key("ada") } },
        "propose",
        "--target",
        target,
        ...complete,
        "--ticket",
        `INC-${n}`,
      );

    // Without the signer, or without being told of it: nothing is half-done.
    expect(place.as("ada", "propose", "--target", target, ...complete)).toMatchObject({
      code: 3,
      err: expect.stringContaining("name its socket in COUNTERMAND_SIGNER"),
    });
    expect(propose(1)).toMatchObject({
      code: 3,
      err: expect.stringContaining("no signer answers"),
    });

    const first = await startSigner(place, vault, socket);
    expect(place.run("signer", "--data", vault, "--socket", `${socket}2`)).toMatchObject({
      code: 3,
      err: expect.stringMatching(/another Countermand process .* is using/),
    });
    expect(propose(1)).toMatchObject({ code: 0 });
    await kill(first, "SIGKILL");
    expect(existsSync(socket)).toBe(true);
    const older = join(place.folder, "older");
    cpSync(place.data, older, { recursive: true });
    const second = await startSigner(place, vault, socket);
    expect(propose(2)).toMatchObject({ code: 0 });
    expect(place.runWith({ env }, "show", rb(2)).code).toBe(0);
    expect(place.run("fsck")).toMatchObject({ code: 0 });
    const tar = join(place.folder, "out.tar");
    expect(place.runWith({ env }, "export", rb(2), "-o", tar).code).toBe(0);
    expect(place.run("verify", tar, "--log-key", taken.out.trim()).code).toBe(0);

    // A backup of before the second proposal, with a mark that agrees with it: the signer remembers.
    const restored = place.runWith(
      { env: { ...env, COUNTERMAND_DATA: older, COUNTERMAND_KEY: place.key("ada") } },
      "propose",
      "--target",
      target,
      ...complete,
    );
    expect(restored.code).toBe(3);
    expect(restored.err).toMatch(
      /the signer signed for \d+ entries, and the database does not have them/,
    );

    // Rotating is done where the key is.
    expect(place.runWith({ env }, "log-key", "new")).toMatchObject({
      code: 2,
      err: expect.stringContaining("countermand signer give"),
    });
    await kill(second, "SIGINT");
    expect(existsSync(socket)).toBe(false);
    expect(place.run("signer", "give", "--from", vault, "--to", place.data).code).toBe(0);
    expect(place.as("ada", "propose", "--target", target, ...complete).code).toBe(0);
  },
);

test(
  "a rotation is made where the key is, and the signer then signs with both keys",
  { timeout: 180_000 },
  async () => {
    const { place, target, socket, vault, env } = setUp();
    const take = () => place.run("signer", "take", "--from", place.data, "--to", vault);
    const old = take().out.trim();
    const first = await startSigner(place, vault, socket);
    const propose = () =>
      place.runWith(
        { env: { ...env, COUNTERMAND_KEY: place.key("ada") } },
        "propose",
        "--target",
        target,
        ...complete,
      );
    expect(propose()).toMatchObject({ code: 0 });
    await kill(first, "SIGINT");
    expect(place.run("signer", "give", "--from", vault, "--to", place.data).code).toBe(0);
    const next = place.run("log-key", "new").out.trim();
    expect(place.as("ada", "log-key", "rotate", "--overlap", "100")).toMatchObject({ code: 0 });
    expect(take().out.trim().split("\n")).toEqual([old, next]);
    expect(existsSync(join(place.data, "keys/next.key"))).toBe(false);

    await startSigner(place, vault, socket);
    expect(propose()).toMatchObject({ code: 0 });
    const tar = join(place.folder, "out.tar");
    expect(place.runWith({ env }, "export", rb(2), "-o", tar).code).toBe(0);
    for (const key of [old, next]) {
      expect([key, place.run("verify", tar, "--log-key", key).code]).toEqual([key, 0]);
    }
    expect(place.run("fsck").code).toBe(0);
  },
);

test("what a signer needs is said in one sentence", { timeout: 60_000 }, () => {
  const { place, socket, vault } = setUp();
  for (const [args, code, says] of [
    [["signer"], 2, /needs --socket PATH/],
    [["signer", "--data", vault, "--socket", socket], 3, /there is no log key at/],
    [["signer", "--data", vault, "--socket", `/tmp/${"x".repeat(120)}`], 2, /at most 100 bytes/],
    [["signer", "take", "--from", place.data, "--to", place.data], 2, /to another folder/],
    [["signer", "take", "--from", vault, "--to", place.data], 3, /there is no log key in/],
  ] as const) {
    expect([args, place.run(...args)]).toEqual([
      args,
      expect.objectContaining({ code, err: expect.stringMatching(says) }),
    ]);
  }
  rmSync(vault, { recursive: true, force: true });
});

test(
  "a log is frozen by hand, and goes on by a signature that says so",
  { timeout: 120_000 },
  () => {
    const { place, target } = setUp();
    const why = "the laptop with the log's key was stolen";
    expect(place.run("freeze", "--reason", why)).toMatchObject({
      code: 2,
      err: expect.stringContaining("say --yes"),
    });
    expect(place.run("freeze", "--reason", "x", "-y")).toMatchObject({ code: 2 });
    expect(place.run("freeze", "--reason", why, "-y")).toMatchObject({
      code: 0,
      out: expect.stringContaining("example.com/test is frozen"),
    });
    expect(place.run("freeze", "--reason", why, "-y")).toMatchObject({
      code: 1,
      out: expect.stringContaining(`frozen: an operator froze it: ${why}`),
    });
    expect(place.as("ada", "propose", "--target", target, ...complete)).toMatchObject({
      code: 3,
      err: expect.stringContaining(why),
    });
    expect(place.run("fsck").code).toBe(0);
    expect(place.as("ada", "unfreeze")).toMatchObject({
      code: 0,
      err: expect.stringContaining(`The log is frozen, since`),
      out: expect.stringContaining("active again"),
    });
    expect(place.as("ada", "propose", "--target", target, ...complete).code).toBe(0);
  },
);
