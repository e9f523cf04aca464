/** Over real sockets, and as a process that is killed: what a log sees of a witness. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  EMPTY_ROOT,
  formatAddCheckpoint,
  formatVerifierKey,
  openNote,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  signNote,
} from "@countermand/tlog";
import { describe, expect, onTestFinished, test } from "vitest";
import { witnessServer } from "./http.ts";
import { createWitnessKey, readWitnessKey } from "./key-file.ts";
import { LogList, parseLogList } from "./log-list.ts";
import { openSeenStore } from "./seen-store.ts";
import { ToyLog, toySigner } from "./testing/toy-log.ts";
import { originHash, Witness } from "./witness.ts";

const now = 1_795_000_000;

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "countermand-witness-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function startWitness(logs: string, more: { prefix?: string; keys?: number } = {}) {
  const place = folder();
  const list = join(place, "logs");
  writeFileSync(list, logs);
  const said: string[] = [];
  const report = (line: string) => void said.push(line);
  const known = await LogList.open(list, report);
  const store = openSeenStore(join(place, "state"));
  const keys = await Promise.all(
    Array.from({ length: more.keys ?? 1 }, (_, i) =>
      createWitnessKey(join(place, `key-${i}`), `witness.example/${i}`, () => now),
    ),
  );
  const witness = new Witness({ keys, store, logs: () => known.current(), report });
  const server = witnessServer(witness, { ...more, report, requestTimeout: 500 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    store.close();
  });
  const { port } = server.address() as { port: number };
  const url = `http://127.0.0.1:${port}${more.prefix ?? ""}`;
  return { url, port, list, said, keys, place, post: (body: Uint8Array) => post(url, body) };
}

async function post(url: string, body: Uint8Array) {
  const answer = await fetch(`${url}/add-checkpoint`, {
    method: "POST",
    body: new Uint8Array(body),
  });
  const mediaType = answer.headers.get("content-type");
  return { status: answer.status, mediaType, body: await answer.text() };
}

describe("a witness", () => {
  test("the transcript of a log: first, same again, wrong old, wrong proof, unknown, fork", async () => {
    const log = await ToyLog.make("log.example/a");
    const { post, url, keys, said } = await startWitness(`log ${log.signer.vkey}\n`);
    const hash = originHash(log.origin);
    expect((await fetch(`${url}/${hash}/checkpoint`)).status).toBe(404);

    const first = await post(await log.request(0, 5));
    expect([first.status, first.mediaType]).toEqual([200, "text/plain; charset=utf-8"]);
    const [key] = keys.map(({ verifier }) => verifier);
    if (key === undefined) throw new Error("no key");
    const opened = await openNote(
      Buffer.from(`${parseNote(await log.note(5)).text}\n${first.body}`),
      [key],
    );
    expect(opened.verified).toMatchObject([{ timestamp: now, name: "witness.example/0" }]);

    expect((await post(await log.request(5, 5))).status).toBe(200);
    for (const old of [0, 3]) {
      expect(await post(await log.request(old, 7))).toEqual({
        status: 409,
        mediaType: "text/x.tlog.size",
        body: "5\n",
      });
    }
    // Older than what was seen, and a proof for it that is true.
    expect(await post(await log.request(3, 4))).toMatchObject({ status: 409, body: "5\n" });
    expect((await post(await log.request(8, 7))).status).toBe(400);
    const checkpoint = await log.note(9);
    const wrong = [...(await log.proof(4, 9))];
    expect((await post(formatAddCheckpoint({ oldSize: 5, proof: wrong, checkpoint }))).status).toBe(
      422,
    );
    expect((await post(formatAddCheckpoint({ oldSize: 5, proof: [], checkpoint }))).status).toBe(
      422,
    );

    const stranger = await ToyLog.make("log.example/unknown");
    expect((await post(await stranger.request(0, 1))).status).toBe(404);
    const thief = new ToyLog(await toySigner("log.example/a", "another secret"));
    expect((await post(await thief.request(5, 9))).status).toBe(403);

    const fork = log.forked(4);
    expect((await post(await fork.request(5, 5))).status).toBe(422);
    expect((await post(await fork.request(5, 9))).status).toBe(422);
    expect(said.join("\n")).toContain("log.example/a asked for what contradicts");
    expect((await post(await log.request(5, 300))).status).toBe(200);

    const kept = await fetch(`${url}/${hash}/checkpoint`);
    expect(kept.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const note = new Uint8Array(await kept.arrayBuffer());
    expect(parseCheckpoint(parseNote(note).text)).toMatchObject({ origin: log.origin, size: 300 });
    const both = await openNote(note, [log.signer.verifier, key]);
    expect(both.verified).toHaveLength(2);
    expect(both.ignored).toHaveLength(0);
  });

  test("an empty tree is cosigned as such; a proof from it must be empty", async () => {
    const log = await ToyLog.make("log.example/empty");
    const { post } = await startWitness(`log ${log.signer.vkey}\n`);
    expect((await post(await log.request(0, 0))).status).toBe(200);
    const checkpoint = await log.note(2);
    const filled = formatAddCheckpoint({ oldSize: 0, proof: [EMPTY_ROOT], checkpoint });
    expect((await post(filled)).status).toBe(422);
    expect((await post(await log.request(0, 2))).status).toBe(200);
  });

  test("of requests that start from one state one is signed, the others hear the size", async () => {
    const log = await ToyLog.make("log.example/race");
    const { post } = await startWitness(`log ${log.signer.vkey}\n`);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const history = i % 2 === 0 ? log : log.forked(0);
        return await post(await history.request(0, 10 + i));
      }),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  });

  test("two keys while one follows the other; a foreign line is not kept", async () => {
    const log = await ToyLog.make("log.example/rotating");
    const { post, url, keys } = await startWitness(`log ${log.signer.vkey}\n`, { keys: 2 });
    const other = await toySigner("somebody.example");
    const { text } = parseNote(await log.note(3));
    const note = await signNote(text, [other, log.signer]);
    const { status, body } = await post(
      formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: note }),
    );
    expect([status, body.trim().split("\n").length]).toEqual([200, 2]);
    const answer = await fetch(`${url}/${originHash(log.origin)}/checkpoint`);
    const kept = new Uint8Array(await answer.arrayBuffer());
    const verifiers = [log.signer.verifier, ...keys.map(({ verifier }) => verifier)];
    const opened = await openNote(kept, verifiers);
    expect([opened.verified.length, opened.ignored.length]).toEqual([3, 0]);
  });

  test("the list of logs is read again when it changes; a bad one changes nothing", async () => {
    const log = await ToyLog.make("log.example/one");
    const later = await ToyLog.make("log.example/two");
    const { post, list, said } = await startWitness(`# ours\nlog ${log.signer.vkey}\n`);
    expect((await post(await later.request(0, 1))).status).toBe(404);
    writeFileSync(list, `log ${log.signer.vkey}\nlog nonsense\n`);
    expect((await post(await log.request(0, 1))).status).toBe(200);
    expect(said.join("\n")).toMatch(/line 2.*stays in force/);
    writeFileSync(
      list,
      `log ${log.signer.vkey}\nlog ${later.signer.vkey} https://two.example/log\n`,
    );
    expect((await post(await later.request(0, 1))).status).toBe(200);
    rmSync(list);
    expect((await post(await later.request(1, 2))).status).toBe(200);
  });

  test("what is no request gets one sentence", async () => {
    const log = await ToyLog.make("log.example/limits");
    const { post, url, port } = await startWitness(`log ${log.signer.vkey}\n`, { prefix: "/w" });
    expect(await post(Buffer.from("hello"))).toMatchObject({ status: 400 });
    expect(await post(Buffer.from("old 1\n\nnot a note\n"))).toMatchObject({ status: 400 });
    expect(await post(Buffer.alloc(70_000, "a"))).toMatchObject({ status: 413 });
    for (const path of [
      "/x",
      "/w",
      "/w/",
      "/wx/add-checkpoint",
      `/w/${"0".repeat(63)}/checkpoint`,
    ]) {
      expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(404);
    }
    const wrong = await fetch(`${url}/add-checkpoint`);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    // Of unknown length, and never ending: it is cut off, not waited for.
    const socket = connect(port, "127.0.0.1");
    socket.write(
      "POST /w/add-checkpoint HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    socket.write(`11170\r\n${"a".repeat(0x11170)}\r\n`);
    const [chunk] = (await once(socket, "data")) as [Buffer];
    expect(chunk.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
    const slow = connect(port, "127.0.0.1");
    slow.write("POST /w/add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
    const [late] = (await once(slow, "data")) as [Buffer];
    expect(late.toString()).toMatch(/^HTTP\/1\.1 408 /);
    slow.destroy();
  });

  test("a key is made once, kept to its owner, and is one for cosignatures", async () => {
    const file = join(folder(), "key");
    const { vkey } = await createWitnessKey(file, "witness.example", () => now);
    expect(parseVerifierKey(vkey)).toMatchObject({ name: "witness.example", type: 4 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await readWitnessKey(file, () => now)).vkey).toBe(vkey);
    await expect(createWitnessKey(file, "witness.example", () => now)).rejects.toThrow(
      "never overwritten",
    );
    for (const name of ["", "a b", "https://w.example", "w.example/"]) {
      await expect(createWitnessKey(`${file}2`, name, () => now)).rejects.toThrow("cannot name");
    }
    chmodSync(file, 0o640);
    await expect(readWitnessKey(file, () => now)).rejects.toThrow("chmod 600");
    const cosignatureKey = `log ${vkey}\n`;
    expect(() => parseLogList(Buffer.from(cosignatureKey))).toThrow("cosignatures");
    const log = await ToyLog.make("log.example/listed");
    expect(formatVerifierKey(log.signer.verifier)).toBe(log.signer.vkey);
  });

  test("a folder has one witness", () => {
    const state = folder();
    const store = openSeenStore(state);
    expect(() => openSeenStore(state)).toThrow("another witness is using");
    store.close();
    openSeenStore(state).close();
  });
});

const child = new URL("./testing/witness-child.ts", import.meta.url).pathname;

async function startChild(order: object) {
  const running = spawn(process.execPath, ["-C", "source", child, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void running.kill("SIGKILL"));
  const [port] = (await once(running.stdout, "data")) as [Buffer];
  return {
    url: `http://127.0.0.1:${Number(port.toString())}`,
    ended: running.exitCode === null ? once(running, "close") : Promise.resolve(),
    kill: () => running.kill("SIGKILL"),
  };
}

describe("a witness that is killed", () => {
  test.each(["received", "decided", "cosigned", "stored", "answered"])(
    "after %s: the fork that it did not see is refused, and never are both signed",
    async (step) => {
      const log = await ToyLog.make("log.example/killed");
      const place = folder();
      const [key, logs, state] = ["key", "logs", "state"].map((name) => join(place, name));
      await createWitnessKey(key ?? "", "witness.example", () => now);
      writeFileSync(logs ?? "", `log ${log.signer.vkey}\n`);
      const before = await startChild({ key, logs, state });
      expect((await post(before.url, await log.request(0, 5))).status).toBe(200);
      before.kill();
      await before.ended;

      const doomed = await startChild({ key, logs, state, step });
      const answer = await post(doomed.url, await log.request(5, 8)).catch(() => undefined);
      await doomed.ended;
      const kept = step === "stored" || step === "answered" ? 8 : 5;
      // It answers only what is on the disk.
      if (answer !== undefined) expect([answer.status, kept]).toEqual([200, 8]);

      const after = await startChild({ key, logs, state });
      const fork = log.forked(5);
      // From the old size: refused where the new one was stored, whoever asks.
      expect(await post(after.url, await fork.request(6, 9))).toMatchObject({
        status: 409,
        body: `${kept}\n`,
      });
      if (kept === 8) {
        expect((await post(after.url, await fork.request(5, 9))).status).toBe(409);
        expect((await post(after.url, await fork.request(8, 9))).status).toBe(422);
      }
      expect((await post(after.url, await log.request(kept, 9))).status).toBe(200);
    },
  );
});
