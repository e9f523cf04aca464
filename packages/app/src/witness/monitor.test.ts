/** A log on a socket that is honest, broken, or two-faced; and what the monitor says of it. */
import { once } from "node:events";
import { createServer } from "node:http";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cosigner, encodeBundle, parsePolicy, formatVerifierKey } from "@countermand/tlog";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  formatMisbehaviour,
  parseMisbehaviour,
  verifyMisbehaviour,
  type Misbehaviour,
} from "./misbehaviour.ts";
import { look, type MonitorOptions } from "./monitor.ts";
import { monitorStore } from "./monitor-store.ts";
import { remoteLog } from "./remote-log.ts";
import { ToyLog, toySigner } from "./testing/toy-log.ts";

class LogServer {
  log: ToyLog;
  size: number;
  url = "";
  readonly asked: string[] = [];
  /** Changes what is served; undefined is a 404. */
  twist: (
    path: string,
    bytes: Uint8Array | undefined,
  ) => Uint8Array | undefined | Promise<Uint8Array> = (_, bytes) => bytes;

  constructor(log: ToyLog, size: number) {
    this.log = log;
    this.size = size;
  }

  static async start(log: ToyLog, size: number): Promise<LogServer> {
    const self = new LogServer(log, size);
    const server = createServer((request, response) => {
      void (async () => {
        const path = (request.url ?? "").slice("/log/".length);
        self.asked.push(path);
        const bytes = await self.twist(path, await self.log.serve(path, self.size));
        if (bytes === undefined) response.writeHead(404).end();
        else response.end(bytes);
      })().catch(() => response.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    self.url = `http://127.0.0.1:${(server.address() as { port: number }).port}/log`;
    return self;
  }
}

async function watch(name = "log.example/watched") {
  const log = await ToyLog.make(name);
  const folder = mkdtempSync(join(tmpdir(), "countermand-monitor-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const see = (server: LogServer, more: Partial<MonitorOptions> = {}) =>
    look({
      log: remoteLog(server.url, 2_000),
      verifier: log.signer.verifier,
      store: monitorStore(folder, log.origin),
      ours: false,
      now: () => new Date("2026-11-23T10:00:00Z"),
      onProgress: () => {},
      interrupted: new AbortController().signal,
      ...more,
    });
  return { log, folder, see };
}

describe("a monitor", () => {
  test.each([
    [0, 0],
    [1, 2],
    [5, 255],
    [255, 256],
    [256, 257],
    [300, 700],
    [512, 512],
  ])("reads %d entries, then %d, each once", async (first, second) => {
    const { log, see } = await watch();
    const server = await LogServer.start(log, first);
    expect(await see(server)).toMatchObject({ kind: "good", size: first, read: first });
    server.size = second;
    server.asked.length = 0;
    expect(await see(server)).toMatchObject({ kind: "good", size: second, read: second - first });
    const full = Math.floor(first / 256);
    expect(server.asked.filter((path) => path.startsWith("tile/entries/"))).toHaveLength(
      second === first ? 0 : Math.ceil(second / 256) - full,
    );
  });

  test("goes on where it was interrupted", async () => {
    const { log, see } = await watch();
    const server = await LogServer.start(log, 9_000);
    const stopped = new AbortController();
    const half = see(server, {
      interrupted: stopped.signal,
      onProgress: (read) => (read >= 8_448 ? stopped.abort() : undefined),
    });
    await expect(half).rejects.toThrow();
    expect(await see(server)).toMatchObject({ kind: "good", size: 9_000, read: 9_000 - 8_192 });
  });

  test("takes the full tile where the partial one is there no more", async () => {
    const { log, see } = await watch();
    const server = await LogServer.start(log, 512);
    server.twist = (path, bytes) =>
      path === "checkpoint"
        ? log.note(300)
        : path.startsWith("tile/0/001.p") || path.startsWith("tile/entries/001.p")
          ? undefined
          : bytes;
    expect(await see(server)).toMatchObject({ kind: "good", size: 300, read: 300 });
  });

  test.each([
    [5, 5, 3],
    [5, 9, 3],
    [8, 9, 0],
    [256, 300, 255],
    [300, 700, 256],
    [300, 700, 299],
    [700, 701, 0],
  ])(
    "a split view: %d entries, then %d of a history that forks at %d",
    async (first, second, fork) => {
      const { log, see, folder } = await watch();
      const honest = await LogServer.start(log, first);
      expect(await see(honest)).toMatchObject({ kind: "good" });
      const liar = await LogServer.start(log.forked(fork), second);
      const seen = await see(liar);
      if (seen.kind !== "finding" || seen.proof === undefined) throw new Error("not caught");
      expect(seen.problem).toContain("two histories");
      const file = Buffer.from(formatMisbehaviour(seen.proof));
      expect(await verifyMisbehaviour(parseMisbehaviour(file))).toMatchObject({
        log: log.signer.vkey,
        smaller: { size: first },
        larger: { size: second },
      });
      // What was accepted before stays; the lie is not kept as the truth.
      expect(readFileSync(fileIn(folder), "utf8")).toContain(`\\n${first}\\n`);
      expect(await see(honest)).toMatchObject({ kind: "good", size: first });
    },
  );

  test("a shorter history that is another is caught, an older checkpoint of the same is told", async () => {
    const { log, see } = await watch();
    const server = await LogServer.start(log, 300);
    await see(server);
    server.twist = (path, bytes) => (path === "checkpoint" ? log.note(200) : bytes);
    expect(await see(server)).toMatchObject({ kind: "good", size: 300, older: 200 });
    const liar = await LogServer.start(log.forked(100), 200);
    expect(await see(liar)).toMatchObject({
      kind: "finding",
      problem: expect.stringContaining("cannot be shown to be of one history"),
    });
  });

  test.each<[string, RegExp, LogServer["twist"]]>([
    [
      "an entry that was changed",
      /entry 299 has other bytes/,
      (path, bytes) => {
        if (!path.startsWith("tile/entries/001") || bytes === undefined) return bytes;
        const changed = Buffer.from(bytes);
        changed[changed.length - 1] = 0;
        return changed;
      },
    ],
    [
      "a bundle with an entry too few",
      /entries 256 to 299/,
      (path, bytes) =>
        path.startsWith("tile/entries/001") ? encodeBundle([Buffer.from("x")]) : bytes,
    ],
    [
      "a tile that was changed",
      /not in the tree|do not give its root/,
      (path, bytes) => {
        if (path !== "tile/0/000" || bytes === undefined) return bytes;
        return Buffer.from(bytes).fill(1, 0, 32);
      },
    ],
  ])("%s is named", async (_, problem, twist) => {
    const { log, see } = await watch();
    const server = await LogServer.start(log, 300);
    server.twist = twist;
    expect(await see(server)).toMatchObject({
      kind: "finding",
      problem: expect.stringMatching(problem),
    });
    server.twist = (_path, bytes) => bytes;
    // Mended: nothing of it was taken for read.
    expect(await see(server)).toMatchObject({ kind: "good", size: 300 });
  });

  test("another key, another log, too few witnesses, entries of another kind", async () => {
    const { log, see } = await watch();
    const server = await LogServer.start(log, 3);
    const thief = new ToyLog(await toySigner(log.origin, "another"));
    server.twist = (path, bytes) => (path === "checkpoint" ? thief.note(3) : bytes);
    expect(await see(server)).toMatchObject({
      problem: expect.stringContaining("cannot be accepted"),
    });
    const other = await ToyLog.make("log.example/other");
    server.twist = (path, bytes) => (path === "checkpoint" ? other.note(3) : bytes);
    expect(await see(server)).toMatchObject({
      problem: expect.stringContaining("cannot be accepted"),
    });

    const witness = await cosigner("w.example", new Uint8Array(32).fill(3), () => 1_795_000_000);
    const policy = parsePolicy(
      Buffer.from(
        `log ${log.signer.vkey}\nwitness w ${formatVerifierKey(witness.verifier)}\nquorum w\n`,
      ),
    );
    server.twist = (_, bytes) => bytes;
    expect(await see(server, { policy })).toMatchObject({
      kind: "finding",
      problem: expect.stringContaining("does not satisfy the policy"),
    });
    server.twist = (path, bytes) =>
      path === "checkpoint" ? log.note(3, [log.signer, witness]) : bytes;
    expect(await see(server, { policy })).toMatchObject({ kind: "good", witnesses: ["w.example"] });
    const strict = await watch();
    expect(await strict.see(server, { ours: true })).toMatchObject({
      problem: expect.stringContaining("entry 0 is none of Countermand"),
    });
  });

  test.each<[string, LogServer["twist"]]>([
    ["no checkpoint", () => undefined],
    ["a huge one", () => Buffer.alloc(3_000_000, "a")],
    ["a broken connection", () => Promise.reject(new Error("cut"))],
  ])("%s could not be done", async (_, twist) => {
    const { log, see } = await watch();
    const server = await LogServer.start(log, 3);
    server.twist = twist;
    await expect(see(server)).rejects.toMatchObject({ name: "WitnessError", code: "log" });
  });

  test("a state that was damaged is refused, not begun anew", async () => {
    const { log, see, folder } = await watch();
    const server = await LogServer.start(log, 3);
    await see(server);
    writeFileSync(fileIn(folder), "{}");
    await expect(see(server)).rejects.toThrow("is damaged");
  });
});

/** The one file in it. */
function fileIn(folder: string): string {
  return join(folder, readdirSync(folder)[0] ?? "");
}

describe("a proof of misbehaviour", () => {
  async function proven(): Promise<Misbehaviour> {
    const { log, see } = await watch();
    await see(await LogServer.start(log, 300));
    const seen = await see(await LogServer.start(log.forked(9), 700));
    if (seen.kind !== "finding" || seen.proof === undefined) throw new Error("not caught");
    return seen.proof;
  }

  test("proves nothing when any part of it is changed", async () => {
    const good = await proven();
    await verifyMisbehaviour(good);
    const honest = await ToyLog.make("log.example/watched");
    const note = Buffer.from(await honest.note(700)).toString();
    const proof = (await honest.proof(300, 700)).map((one) => Buffer.from(one).toString("base64"));
    const other = (await toySigner("log.example/watched", "x")).vkey;
    const changed: Partial<Misbehaviour>[] = [
      { log: other },
      { smaller: good.larger, larger: good.smaller },
      { larger: good.smaller, proof: [] },
      { proof: good.proof.slice(1) },
      { root: Buffer.from(honest.root(300)).toString("base64") },
      // Two checkpoints of one history, which no root can set against each other.
      {
        larger: { ...good.larger, note },
        proof,
        root: Buffer.from(honest.root(300)).toString("base64"),
      },
      { larger: { ...good.larger, note }, proof },
      { smaller: { ...good.smaller, note: good.smaller.note.replace("300", "301") } },
    ];
    for (const change of changed) {
      await expect(verifyMisbehaviour({ ...good, ...change })).rejects.toThrow("proves nothing");
    }
  });

  test("what is none gets one sentence", () => {
    for (const text of [
      "",
      "{}",
      "null",
      "[]",
      '{"format":"countermand-misbehaviour/1"}',
      "\u00ff",
    ]) {
      expect(() => parseMisbehaviour(Buffer.from(text, "latin1"))).toThrow(
        "no proof of misbehaviour",
      );
    }
  });
});
