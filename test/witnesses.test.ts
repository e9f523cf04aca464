/** A server, a witness and a monitor as processes: what is witnessed, and who is caught. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openNote, parseProofFile, parseVerifierKey } from "@countermand/tlog";
import { expect, onTestFinished, test } from "vitest";
import { cli, Workplace } from "./command-line.ts";
import { start, until } from "./running.ts";

function setUp() {
  const place = new Workplace();
  onTestFinished(() => place[Symbol.dispose]());
  const file = (name: string) => join(place.folder, name);
  const init = place.as("ada", "init", "--origin", "example.com/test", "--id", "ada");
  const logKey = /example\.com\/test\+\S+/.exec(init.out)?.[0] ?? "";
  const made = place.run("witness", "init", "--name", "witness.example", "--key", file("w.key"));
  expect(made.code).toBe(0);
  const witnessKey = made.out.trim();
  writeFileSync(file("logs"), `log ${logKey}\n`);
  const witness = (port = "0") =>
    start(
      place,
      "witness",
      "--key",
      file("w.key"),
      "--logs",
      file("logs"),
      "--state",
      file("seen"),
      "--port",
      port,
    );
  const writePolicy = (url: string) =>
    writeFileSync(file("policy"), `log ${logKey}\nwitness w ${witnessKey} ${url}\nquorum w\n`);
  const enrol = (data: string, id: string) =>
    place.runWith(
      { env: { COUNTERMAND_KEY: place.key("ada"), COUNTERMAND_DATA: data } },
      "person",
      "add",
      "--id",
      id,
      "--name",
      id,
      "--public-key",
      place.key("bo.pub"),
    );
  const serve = (data: string) =>
    start(place, "serve", "--port", "0", "--data", data, "--witness-policy", file("policy"));
  return { place, file, logKey, witnessKey, witness, writePolicy, enrol, serve };
}

test("an entry is logged at once and witnessed a moment later; a monitor sees both", async () => {
  const { place, file, logKey, witnessKey, witness, writePolicy, enrol, serve } = setUp();
  writePolicy("http://127.0.0.1:9");
  const server = await serve(place.data);
  // The witness cannot be reached: nothing is shown, and everything else goes on.
  expect((await fetch(`${server.url}/log/checkpoint`)).status).toBe(404);
  expect(enrol(place.data, "bo").code).toBe(0);
  expect(place.run("proof", "1").code).toBe(0);
  const early = place.run("proof", "1", "--witnessed");
  expect(early).toMatchObject({
    code: 3,
    err: expect.stringContaining("have not signed for it yet"),
  });
  const answer = await fetch(`${server.url}/v1/entries/1/proof?min=witnessed`);
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([404, "2"]);
  expect(await answer.json()).toMatchObject({ type: "urn:countermand:problem:not-witnessed" });
  const { witnessed } = (await (await fetch(`${server.url}/health`)).json()) as {
    witnessed: { behind: number; witnesses: unknown[] };
  };
  expect(witnessed).toMatchObject({ behind: 2, witnesses: [{ problem: expect.any(String) }] });

  const running = await witness();
  writePolicy(running.url);
  await until(async () => (await fetch(`${server.url}/log/checkpoint`)).status === 200);
  expect(place.run("proof", "1", "--witnessed", "-o", file("1.tlog-proof")).code).toBe(0);
  const { index, checkpoint } = parseProofFile(readFileSync(file("1.tlog-proof")));
  const keys = [parseVerifierKey(logKey), parseVerifierKey(witnessKey)];
  expect(index).toBe(1);
  expect((await openNote(checkpoint, keys)).verified).toHaveLength(2);

  const watch = () =>
    place.run(
      "monitor",
      `${server.url}/log`,
      "--key",
      logKey,
      "--state",
      file("watched"),
      "--policy",
      file("policy"),
    );
  expect(watch()).toMatchObject({
    code: 0,
    out: expect.stringMatching(/GOOD {2}2 entries, 2 read now, cosigned by witness\.example/),
  });
  expect(watch()).toMatchObject({ code: 0, out: expect.stringMatching(/2 entries, 0 read now/) });
  const follower = await start(
    place,
    "monitor",
    `${server.url}/log`,
    "--key",
    logKey,
    "--interval",
    "1",
    "--state",
    file("followed"),
  );
  await until(() => follower.said().includes("2 entries, 0 read now"));
  expect(await follower.end()).toBe(0);
  expect(await running.end()).toBe(0);
  expect(await server.end()).toBe(0);
  expect(place.run("fsck").code).toBe(0);
});

test("two copies of one database: the witness refuses the second, and a monitor proves it", async () => {
  const { place, file, logKey, witness, writePolicy, enrol, serve } = setUp();
  const copy = file("copy");
  cpSync(place.data, copy, { recursive: true });
  writePolicy((await witness()).url);
  expect(enrol(place.data, "bo").code).toBe(0);
  const server = await serve(place.data);
  await until(async () => (await fetch(`${server.url}/log/checkpoint`)).status === 200);
  const watch = (url: string) =>
    place.run(
      "monitor",
      `${url}/log`,
      "--key",
      logKey,
      "--state",
      file("watched"),
      "--policy",
      file("policy"),
    );
  expect(watch(server.url)).toMatchObject({ code: 0, out: expect.stringContaining("GOOD") });
  await server.end();

  // The other copy, with the same key, another entry, and no witness: a monitor has both.
  expect(enrol(copy, "eve").code).toBe(0);
  const alone = await start(place, "serve", "--port", "0", "--data", copy);
  expect(watch(alone.url)).toMatchObject({
    code: 1,
    out: expect.stringContaining("two histories"),
  });
  await alone.end();
  const name = readdirSync(file("watched")).find((one) => one.startsWith("misbehaviour-")) ?? "";
  const proof = join(file("watched"), name);
  expect(place.run("monitor", "verify", proof, "--key", logKey)).toMatchObject({
    code: 0,
    out: expect.stringContaining("PROVEN"),
  });

  // With the witness, the copy stops itself, keeps the evidence, and does not start again.
  const caught = spawnSync(
    process.execPath,
    [
      "-C",
      "source",
      cli,
      "serve",
      "--port",
      "0",
      "--data",
      copy,
      "--witness-policy",
      file("policy"),
    ],
    { cwd: place.folder, env: place.env, encoding: "utf8", timeout: 30_000 },
  );
  expect(caught.status).toBe(3);
  expect(caught.stderr).toMatch(/The ledger froze: the witness w says that the tree of 2 entries/);
  expect(existsSync(join(copy, "evidence"))).toBe(true);
  const [kept = ""] = readdirSync(join(copy, "evidence"));
  const evidence = JSON.parse(readFileSync(join(copy, "evidence", kept), "utf8")) as object;
  expect(evidence).toMatchObject({ witness: "w", status: 422 });
  const again = place.runWith({ env: { COUNTERMAND_DATA: copy } }, "list");
  expect(again).toMatchObject({ code: 3, err: expect.stringContaining("the witness w says") });
});

test("a policy that cannot be used stops the start, with where it is wrong", () => {
  const { place, file, logKey } = setUp();
  const serve = () => place.run("serve", "--port", "0", "--witness-policy", file("policy"));
  expect(serve()).toMatchObject({ code: 2, err: expect.stringContaining("cannot be read") });
  writeFileSync(file("policy"), `log ${logKey}\nwitness w nonsense\nquorum w\n`);
  expect(serve()).toMatchObject({ code: 2, err: expect.stringContaining("line 2") });
  writeFileSync(
    file("policy"),
    "log PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\nquorum none\n",
  );
  expect(serve()).toMatchObject({ code: 3, err: expect.stringContaining("no line for this log") });
});
