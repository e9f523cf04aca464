/** The gate as a pipeline asks it: with the embedded ledger, with a server, and with none that answers. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Workplace } from "./command-line.ts";
import { freePort } from "./running.ts";

const state = (letter: string) => `image:shop@sha256:${letter.repeat(64)}`;

function setUp(): Workplace {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.dispose]());
  expect(place.as("ada", "init", "--origin", "example.com/test", "--id", "ada").code).toBe(0);
  return place;
}

test("forward, back, and what was answered", () => {
  const place = setUp();
  expect(place.run("gate", "events").out).toBe("The gate has answered nothing yet.\n");
  const first = place.run("gate", "shop", "prod", "--target", state("a"));
  expect(first.out).toContain("allowed: shop in prod");
  expect(first.code).toBe(0);
  expect(place.run("gate", "shop", "prod", "--target", state("b")).code).toBe(0);
  const back = place.run("gate", "shop", "prod", "--target", state("a"), "--json");
  expect(back.code).toBe(1);
  expect(JSON.parse(back.out)).toMatchObject({ allowed: false, rule: "older" });
  const dry = place.run("gate", "shop", "prod", "--target", state("c"), "--older", "--dry-run");
  expect(dry.code).toBe(1);
  expect(place.run("gate", "events").out).toMatch(/denied.*\n.*allowed.*\n.*allowed/);
  expect(place.run("gate", "shop", "prod", "--target", "latest").code).toBe(2);
  expect(place.run("gate", "shop", "prod", "--target", state("a"), "--id", "7").code).toBe(2);
  expect(place.run("gate", "shop", "prod").code).toBe(2);
  expect(place.run("gate", "flush").out).toBe("Nothing waits.\n");
});

test("nobody answers: shut, kept, told later, and a bypass is found", async () => {
  const place = setUp();
  for (const letter of "ab") place.run("gate", "shop", "prod", "--target", state(letter));
  const port = await freePort();
  const env = { COUNTERMAND_SERVER: `http://127.0.0.1:${port}` };
  const ask = (letter: string, ...more: string[]) =>
    place.runWith({ env }, "gate", "shop", "prod", "--target", state(letter), ...more);
  const shut = ask("c");
  expect(shut.code).toBe(3);
  expect(shut.err).toContain("The gate stays shut");

  const folder = join(place.env["HOME"] ?? "", ".local/state/countermand/gate");
  // Of two spools, this server's: the other is the embedded ledger's.
  const spool = readdirSync(folder)
    .map((name) => join(folder, name))
    .find((name) => readdirSync(name).some((file) => file.endsWith(".ask")));
  if (spool === undefined) throw new Error("nothing was kept");
  const kept = () => readdirSync(spool).filter((name) => name.endsWith(".ask"));
  writeFileSync(join(spool, "modes.json"), '{"shop prod":"fail-open"}');
  writeFileSync(join(spool, "0-damaged.ask"), "{");
  const open = ask("a");
  expect(open.code).toBe(0);
  expect(open.err).toContain("The policy opens the gate then");
  expect(ask("d", "--older").code).toBe(3);
  expect(kept()).toHaveLength(4);

  await place.serve("--port", String(port));
  const told = place.runWith({ env }, "gate", "flush");
  expect(told.out).toBe("Told: 3\n");
  expect(told.err).toContain("holds no question to a gate");
  expect(told.err).toContain("would have been denied");
  expect(kept()).toEqual(["0-damaged.ask"]);
  const events = place.runWith({ env }, "gate", "events", "--bypassed", "--json").out;
  expect(events.trim().split("\n")).toHaveLength(1);
  expect(JSON.parse(events)).toMatchObject({ late: true, bypassed: true, rule: "older" });
  expect(place.runWith({ env }, "gate", "flush").out).toBe("Nothing waits.\n");
});
