/** Telling people, from the command line: a server as a process, a receiver that is gone and comes back. */
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { cli, complete, Workplace, type Answer } from "./command-line.ts";

/** As `place.run`, while this process goes on: the receiver is in it. */
function run(place: Workplace, ...args: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const options = {
      cwd: place.folder,
      env: place.env,
      encoding: "utf8",
      timeout: 60_000,
    } as const;
    const child = execFile(
      process.execPath,
      ["-C", "source", cli, ...args],
      options,
      (_error, out, err) => resolve({ code: child.exitCode, out, err }),
    );
  });
}

test("an emergency reaches a receiver; what it refuses is listed and tried again", async () => {
  using place = new Workplace();
  let status = 410;
  const received: { id: string; type: string }[] = [];
  const receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { type } = JSON.parse(body) as { type: string };
      received.push({ id: String(request.headers["webhook-id"]), type });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  onTestFinished(() => void receiver.close());
  const { port } = receiver.address() as AddressInfo;

  const file = join(place.folder, "notify.json");
  const channel = { type: "webhook", url: `http://127.0.0.1:${port}/`, secretFiles: ["secret"] };
  writeFileSync(join(place.folder, "secret"), `whsec_${Buffer.alloc(32, 3).toString("base64")}`);
  writeFileSync(file, JSON.stringify({ channels: { ops: { ...channel, inside: true } } }));
  place.env["COUNTERMAND_NOTIFY"] = file;

  place.makeRepository();
  expect(place.as("ada", "init", "--origin", "example.com/test", "--id", "ada").code).toBe(0);
  // No server runs.
  expect(place.run("notify", "list")).toMatchObject({ code: 2, out: "" });
  await place.serve();
  expect(place.run("notify", "list")).toMatchObject({
    code: 0,
    out: "Nothing waits and nothing was given up: everything that was to be told was sent.\n",
  });
  const proposed = place.as(
    "ada",
    "propose",
    "--target=HEAD~1",
    ...complete,
    "--emergency",
    "--incident=INC-42",
  );
  expect(proposed).toMatchObject({ code: 0 });
  for (let i = 0; i < 100 && received.length === 0; i += 1) await sleep(100);
  expect(received.map(({ type }) => type)).toEqual(["emergency.opened"]);

  let listed = await run(place, "notify", "list");
  for (let i = 0; i < 20 && !listed.out.includes("dead"); i += 1)
    listed = await run(place, "notify", "list");
  expect(listed.out).toMatch(/emergency\.opened +RB-\d+-1 +ops +dead +1 .*410 Gone/);
  const [, entry = ""] = /^(\d+) +emergency/m.exec(listed.out) ?? [];
  expect(await run(place, "notify", "test", "ops")).toMatchObject({
    code: 1,
    err: expect.stringContaining("410 Gone") as string,
  });
  status = 204;
  expect(await run(place, "notify", "test", "ops")).toMatchObject({
    code: 0,
    out: "ops took the message. Look whether it arrived.\n",
  });
  expect(place.run("notify", "retry", entry).out).toMatch(/^1 delivery will be tried again/);
  for (let i = 0; i < 100 && received.length < 4; i += 1) await sleep(100);
  const emergencies = received.filter(({ type }) => type === "emergency.opened");
  expect(emergencies).toHaveLength(2);
  expect(new Set(emergencies.map(({ id }) => id)).size).toBe(1);
  expect(place.run("notify", "retry", "--all").out).toBe("There was nothing to try again.\n");

  for (const [args, says] of [
    [["retry"], "Name one entry, or say --all."],
    [["retry", "3", "--all"], "Name one entry, or say --all."],
    [["retry", "x"], "An entry is a whole number"],
    [["list", "--state", "lost"], "--state is one of"],
    [["list", "--limit", "0"], "--limit is a whole number"],
    [["test", "nobody"], "there is no channel nobody; there is ops"],
  ] as const) {
    const answer = place.run("notify", ...args);
    expect([answer.code, answer.err]).toEqual([2, expect.stringContaining(says)]);
  }
  expect(await place.stop()).toBe(0);

  writeFileSync(file, JSON.stringify({ channels: { ops: channel } }));
  const refused = place.run("serve", "--port", "0");
  expect(refused).toMatchObject({
    code: 2,
    err: expect.stringContaining("channels.ops.url is an https:// address") as string,
  });
}, 120_000);
