/** A test log as a load tool meets it: over a socket, with leaves of any kind. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeBundle, openCheckpoint, parseNote, parseVerifierKey } from "@countermand/tlog";
import { expect, onTestFinished, test } from "vitest";
import { readConfig } from "../config/config.ts";
import { temporaryFolder } from "../ledger/testing/ledger-under-test.ts";
import { serveTestLog } from "./test-log.ts";

const origin = "log.example.com/load";

async function start(data: string, name = origin) {
  const ended = new AbortController();
  let out = "";
  const context = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (out += text),
    now: () => new Date(),
    interrupted: ended.signal,
  };
  const config = readConfig({ COUNTERMAND_DATA: data, COUNTERMAND_PORT: "0" });
  const running = serveTestLog(context, config, name);
  const stopped = running.catch((error: unknown) => error);
  const stop = async () => {
    ended.abort();
    return await stopped;
  };
  onTestFinished(async () => void (await stop()));
  await Promise.race([expect.poll(() => out, { timeout: 10_000 }).toContain("/add"), running]);
  const url = /POST (\S+)\/add/.exec(out)?.[1] ?? "";
  const verifier = parseVerifierKey(out.trimEnd().split("\n").at(-1) ?? "");
  const add = async (leaf: string | Uint8Array<ArrayBuffer>, headers = {}) => {
    const response = await fetch(`${url}/add`, { method: "POST", body: leaf, headers });
    return { status: response.status, text: await response.text() };
  };
  const checkpoint = async () => {
    const bytes = new Uint8Array(await (await fetch(`${url}/log/checkpoint`)).arrayBuffer());
    const { size } = await openCheckpoint(bytes, [verifier], origin);
    return { size, lines: parseNote(bytes).signatures.length };
  };
  return { add, checkpoint, stop, url };
}

test("leaves get indexes, the same leaf the same, and are served; a restart goes on", async () => {
  const data = temporaryFolder();
  const { add, checkpoint, stop, url } = await start(data);
  expect(await add("one")).toEqual({ status: 200, text: "0" });
  const bytes = new Uint8Array([0, 255, 10]);
  expect(await add(bytes, { "content-type": "application/octet-stream" })).toMatchObject({
    text: "1",
  });
  expect(await add(bytes)).toMatchObject({ text: "1" });
  expect(await add("one", { "content-type": "application/json" })).toMatchObject({ text: "0" });
  const all = await Promise.all(Array.from({ length: 300 }, async (_, i) => add(`leaf ${i}`)));
  expect(all.map(({ text }) => Number(text)).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 300 }, (_, i) => i + 2),
  );
  expect(await checkpoint()).toEqual({ size: 302, lines: 3 });
  const bundle = await fetch(`${url}/log/tile/entries/000`);
  const entries = decodeBundle(new Uint8Array(await bundle.arrayBuffer()), 256);
  expect(Buffer.from(entries[0] ?? []).toString()).toBe("one");
  expect(entries[1]).toEqual(bytes);
  // There is no ledger, and nothing of it can be written.
  expect((await fetch(`${url}/v1/instance`)).status).toBe(409);
  expect(await stop()).toBeUndefined();
  const again = await start(data);
  expect(await again.add("one")).toMatchObject({ text: "0" });
  expect(await again.add("new")).toMatchObject({ text: "302" });
});

test("a leaf has at most 65,535 bytes", async () => {
  const { add } = await start(temporaryFolder());
  expect(await add("x".repeat(65_535))).toMatchObject({ status: 200 });
  expect((await add("x".repeat(65_536))).status).toBe(413);
  expect(await add("")).toMatchObject({ status: 200, text: "1" });
});

test("not beside a ledger, not for the network, not under another name", async () => {
  const data = temporaryFolder();
  mkdirSync(join(data, "keys"), { mode: 0o700 });
  writeFileSync(join(data, "keys", "log.key"), "", { mode: 0o600 });
  await expect(start(data)).rejects.toThrow("a test log needs a folder of its own");
  const config = readConfig({ COUNTERMAND_HOST: "0.0.0.0", COUNTERMAND_DATA: join(data, "x") });
  await expect(serveTestLog(undefined as never, config, origin)).rejects.toThrow(
    "on loopback only",
  );
  expect(existsSync(join(data, "x"))).toBe(false);
  const other = temporaryFolder();
  const { stop } = await start(other);
  await stop();
  await expect(start(other, "log.example.com/other")).rejects.toThrow(`is ${origin}, not`);
});
