/** A log whose key is followed by another, whose keys are sealed, and that ends: as people do it. */
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { complete, Workplace } from "./command-line.ts";

const person = (place: Workplace, id: string) =>
  place.as(
    "ada",
    "person",
    "add",
    "--id",
    id,
    "--name",
    id,
    "--public-key",
    place.key(`${id}.pub`),
  );

function keyOf(out: string): string {
  return /example\.com\/test\+[0-9a-f]{8}\+\S+/.exec(out)?.[0] ?? "";
}

test("one key follows another: packages verify with the right keys, and with no wrong ones", async () => {
  using place = new Workplace();
  const [target] = place.makeRepository();
  const file = (name: string) => join(place.folder, name);
  const exported = (name: string) => {
    const { code, err } = place.run("export", "RB-2026-1", "-o", file(name));
    expect(err === "" || code === 0 ? 0 : err).toBe(0);
    return file(name);
  };
  const old = keyOf(place.as("ada", "init", "--origin", "example.com/test", "--id", "ada").out);
  expect(place.as("ada", "propose", "--target", target, ...complete).code).toBe(0);
  const before = exported("before");

  // Nothing to announce, and nothing happens.
  expect(place.as("ada", "log-key", "rotate")).toMatchObject({
    code: 2,
    err: expect.stringContaining("There is no keys/next.key"),
  });
  const next = keyOf(place.run("log-key", "new").out);
  expect(place.run("log-key", "new")).toMatchObject({
    code: 3,
    err: expect.stringContaining("there is a log key at"),
  });
  expect(place.run("log-key", "retire")).toMatchObject({
    code: 1,
    err: expect.stringContaining("is not announced"),
  });
  const rotated = place.as("ada", "log-key", "rotate", "--overlap", "2");
  expect(rotated).toMatchObject({ code: 0, err: "" });
  const trust = file("trust");
  writeFileSync(trust, place.run("log-key", "trust").out);
  expect(readFileSync(trust, "utf8")).toMatch(
    /^countermand-trust v1\nlog example\.com\/test\nkey \S+ from 0 until \d+\nkey \S+ from \d+\n$/,
  );
  expect(readFileSync(trust, "utf8")).toContain(`key ${next} from `);
  const during = exported("during");
  expect(place.run("log-key", "retire")).toMatchObject({
    code: 1,
    err: expect.stringContaining("The old key signs until"),
  });
  cpSync(place.data, file("stolen"), { recursive: true });
  expect(person(place, "bo").code).toBe(0);
  expect(person(place, "cleo").code).toBe(0);
  const after = exported("after");
  expect(place.run("log-key", "retire").code).toBe(0);
  expect(existsSync(join(place.data, "keys/next.key"))).toBe(false);
  const later = exported("later");

  const verify = (name: string, ...trusted: string[]) => place.run("verify", name, ...trusted).code;
  // Each with the trust file and with none; with one key as long as that one signs.
  const codes = [before, during, after, later].map((name) => [
    verify(name, "--trust", trust),
    verify(name),
    verify(name, "--log-key", old),
    verify(name, "--log-key", next),
  ]);
  expect(codes).toEqual([
    [0, 0, 0, 1],
    [0, 0, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 1, 0],
  ]);
  const wrong = file("wrong");
  writeFileSync(wrong, readFileSync(trust, "utf8").replace(/ from 0 until \d+/, " from 0 until 1"));
  expect(place.run("verify", before, "--trust", wrong)).toMatchObject({
    code: 1,
    out: expect.stringMatching(/may sign trees of 0 to 0 entries/),
  });
  writeFileSync(wrong, "countermand-trust v1\nlog example.com/test\nkey x from 0\n");
  expect(place.run("verify", before, "--trust", wrong)).toMatchObject({
    code: 2,
    err: expect.stringContaining("line 3"),
  });
  expect(place.run("fsck").code).toBe(0);
  expect(place.run("rebuild").code).toBe(0);
  expect(place.run("fsck").code).toBe(0);

  // The old key's thief has what was there in the overlap, and goes on from it without the
  // new one. The server's own code refuses; a fork that he signs is in log-keys.test.ts.
  const thief = { COUNTERMAND_DATA: file("stolen"), COUNTERMAND_KEY: place.key("ada") };
  writeFileSync(join(file("stolen"), "keys/next.key"), "");
  expect(place.runWith({ env: thief }, "list").code).toBe(3);
}, 180_000);

test("keys under a passphrase: sealed, changed, opened; without it nothing is signed", () => {
  using place = new Workplace();
  const secret = join(place.folder, "secret");
  const other = join(place.folder, "other");
  writeFileSync(secret, "correct horse\n", { mode: 0o600 });
  writeFileSync(other, "battery staple\n", { mode: 0o600 });
  const withPassphrase = (file: string, ...args: string[]) =>
    place.runWith({ env: { COUNTERMAND_KEY_PASSPHRASE_FILE: file } }, ...args);
  const key = keyOf(place.as("ada", "init", "--origin", "example.com/test", "--id", "ada").out);
  const plain = readFileSync(join(place.data, "keys/log.key"), "utf8");
  expect(place.run("log-key", "encrypt")).toMatchObject({
    code: 2,
    err: expect.stringContaining("No passphrase was given"),
  });
  expect(withPassphrase(secret, "log-key", "encrypt").code).toBe(0);
  const stored = readFileSync(join(place.data, "keys/log.key"), "utf8");
  expect(stored).toMatch(/^countermand-key v1 example\.com\/test\+/);
  expect(stored).not.toContain("PRIVATE");
  expect(statSync(join(place.data, "keys/log.key")).mode & 0o777).toBe(0o600);
  expect(place.run("list")).toMatchObject({
    code: 3,
    err: expect.stringContaining("it is sealed, and no passphrase was given"),
  });
  expect(withPassphrase(other, "list")).toMatchObject({
    code: 3,
    err: expect.stringContaining("the passphrase does not open it"),
  });
  expect(withPassphrase(secret, "list").code).toBe(0);
  // What signs nothing does not ask for it.
  expect(place.run("fsck").code).toBe(0);
  expect(withPassphrase(secret, "log-key", "passphrase", "--new", other).code).toBe(0);
  // As after a kill in between: some files have the new one already.
  expect(withPassphrase(secret, "log-key", "passphrase", "--new", other).code).toBe(0);
  expect(withPassphrase(secret, "list").code).toBe(3);
  const askpass = join(place.folder, "askpass");
  writeFileSync(askpass, "#!/bin/sh\necho battery staple\n", { mode: 0o700 });
  expect(place.runWith({ env: { COUNTERMAND_KEY_ASKPASS: askpass } }, "list").code).toBe(0);
  // A next key is sealed from its first byte on.
  expect(keyOf(withPassphrase(other, "log-key", "new").out)).not.toBe(key);
  expect(readFileSync(join(place.data, "keys/next.key"), "utf8")).toMatch(/^countermand-key v1 /);
  expect(withPassphrase(other, "log-key", "decrypt").code).toBe(0);
  expect(readFileSync(join(place.data, "keys/log.key"), "utf8")).toBe(plain);
  expect(place.run("list").code).toBe(0);
}, 180_000);

test("a closed log takes nothing, is served, and names the one that goes on from its last root", async () => {
  using place = new Workplace();
  const successor = { COUNTERMAND_DATA: join(place.folder, "two") };
  const key = keyOf(place.as("ada", "init", "--origin", "example.com/test", "--id", "ada").out);
  const made = place.runWith({ env: successor }, "log-key", "new", "--origin", "example.com/two");
  const next = made.out.trim();
  const close = ["log-close", "--reason", "the disk is old", "--successor", next];
  expect(place.as("ada", ...close)).toMatchObject({
    code: 2,
    err: expect.stringContaining("--for-ever"),
  });
  const url = await place.serve();
  expect(place.as("ada", ...close, "--for-ever").code).toBe(0);
  expect(person(place, "bo")).toMatchObject({
    code: 1,
    err: expect.stringMatching(/closed.*entry 1 is its last \(the disk is old\)/),
  });
  const health = (await (await fetch(`${url}/health`)).json()) as { closed?: unknown };
  expect(health.closed).toMatchObject({ index: 1, successor: { origin: "example.com/two" } });
  const page = await (await fetch(`${url}/`, { headers: { accept: "text/html" } })).text();
  expect(page).toContain("closed for ever");
  await place.stop();
  // A closed log is opened again, and served for ever.
  const again = await place.serve();
  const checkpoint = await (await fetch(`${again}/log/checkpoint`)).text();
  expect(checkpoint).toMatch(/^example\.com\/test\n2\n/);
  expect(person(place, "bo").code).toBe(1);
  await place.stop();
  expect(place.run("fsck").code).toBe(0);
  const file = join(place.folder, "last");
  writeFileSync(file, checkpoint);
  const init = ["init", "--origin", "example.com/two", "--id", "ada", "--predecessor", file];
  const env = { ...successor, COUNTERMAND_KEY: place.key("ada") };
  expect(place.runWith({ env }, ...init, "--predecessor-key", next)).toMatchObject({ code: 2 });
  const opened = place.runWith({ env }, ...init, "--predecessor-key", key);
  expect(opened).toMatchObject({ code: 0, out: expect.stringContaining(next) });
}, 180_000);
