/** A server that keeps mirrors, as a process; a store made again from one; a database that was rolled back. */
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Workplace } from "./command-line.ts";
import { start, type Running } from "./running.ts";

function serve(place: Workplace, ...args: string[]): Promise<Running> {
  return start(place, "serve", "--port", "0", ...args);
}

async function mirrored(url: string, size: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const { mirrors } = (await (await fetch(`${url}/health`)).json()) as {
      mirrors: { size?: number; behind: number }[];
    };
    if (mirrors.every((mirror) => mirror.size === size && mirror.behind === 0)) return;
    await sleep(100);
  }
  throw new Error(`the mirrors do not come to ${size}`);
}

test("two mirrors are kept; the store is made again from one; an older database refuses to sign", async () => {
  using place = new Workplace();
  const folder = (name: string) => join(place.folder, name);
  const init = place.as("ada", "init", "--origin", "example.com/test", "--id", "ada");
  const key = /example\.com\/test\+\S+/.exec(init.out)?.[0] ?? "";
  cpSync(place.data, folder("old"), { recursive: true });
  const server = await serve(place, "--mirror", folder("m1"), "--mirror", folder("m2"));
  await mirrored(server.url, 1);
  const person = ["person", "add", "--id", "bo", "--name", "Bo", "--public-key"];
  expect(place.as("ada", ...person, place.key("bo.pub")).code).toBe(0);
  await mirrored(server.url, 2);
  for (const from of [folder("m1"), folder("m2"), `${server.url}/log`]) {
    const verified = place.run("mirror", "verify", from, "--key", key);
    expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/^GOOD {2}2 entries/) });
  }
  expect(await server.end()).toBe(0);

  const rolledBack = { COUNTERMAND_DATA: folder("old"), COUNTERMAND_MIRRORS: folder("m1") };
  const refused = place.runWith({ env: rolledBack }, "list");
  expect(refused).toMatchObject({ code: 3, err: expect.stringMatching(/1.*older copy/) });

  mkdirSync(folder("new/keys"), { recursive: true });
  cpSync(join(place.data, "keys"), folder("new/keys"), { recursive: true });
  chmodSync(folder("new"), 0o700);
  const restored = { COUNTERMAND_DATA: folder("new"), COUNTERMAND_MIRRORS: folder("m2") };
  const restore = place.runWith({ env: restored }, "mirror", "restore", folder("m2"));
  expect(restore).toMatchObject({ code: 0, out: expect.stringContaining("2 entries restored") });
  expect(place.runWith({ env: restored }, "fsck").code).toBe(0);
  const again = await serve(place, "--data", folder("new"), "--mirror", folder("m2"));
  await mirrored(again.url, 2);
  expect(await again.end()).toBe(0);
});

test("wrong usage is one sentence, and makes nothing", () => {
  using place = new Workplace();
  const says = (code: number, text: RegExp, ...args: string[]) =>
    expect(place.run(...args)).toMatchObject({ code, err: expect.stringMatching(text) });
  const key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
  says(2, /--key is missing/, "mirror", "verify", place.folder);
  says(3, /there is no checkpoint/, "mirror", "verify", join(place.folder, "none"), "--key", key);
  says(2, /s3:\/\/<bucket>/, "mirror", "verify", "ftp://example.com/", "--key", key);
  says(2, /AWS_ACCESS_KEY_ID/, "mirror", "verify", "s3://bucket/x", "--key", key);
  says(2, /no tlog|verifier key|key/, "mirror", "verify", place.folder, "--key", "x");
  expect(existsSync(join(place.folder, "none"))).toBe(false);
  writeFileSync(join(place.folder, "checkpoint"), "nonsense");
  says(3, /no checkpoint of example.com\/foo/, "mirror", "verify", place.folder, "--key", key);
  rmSync(join(place.folder, "checkpoint"));
});
