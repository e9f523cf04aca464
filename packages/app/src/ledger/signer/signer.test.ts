/** A log whose key another process holds: over a real socket, on both stores, and against what lies to it. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { formatCheckpoint, parseSignerKey } from "@countermand/tlog";
import { describe, expect, onTestFinished, test } from "vitest";
import { dataDirectory } from "../../storage/data-directory.ts";
import type { Database } from "../../storage/database.ts";
import { describeOnBothStores } from "../../storage/testing/both-stores.ts";
import { keyFiles } from "../key-folder.ts";
import { createKeyFile, createLog, readKeyFile, readPublicKey, type LogSigner } from "../keys.ts";
import { openMark, type Mark } from "../mark.ts";
import { openLedger } from "../open-ledger.ts";
import { checkReceipt, temporaryFolder } from "../testing/ledger-under-test.ts";
import { notes } from "../testing/notes.ts";
import { origin, testSigner } from "../testing/test-signer.ts";
import { listen } from "./listen.ts";
import { signingProcess, type SigningOptions } from "./log-signer.ts";
import { moveKeys } from "./move-keys.ts";
import { maxLine, type SignerAnswer } from "./protocol.ts";
import { remoteKeys } from "./remote-signer.ts";

const command = (text: string) => ({ id: text, text });

interface Running {
  readonly path: string;
  readonly told: string[];
  readonly stop: () => Promise<void>;
}

/** A signer at a socket in `folder`, with its mark there. */
async function start(
  folder: string,
  options: Partial<SigningOptions> = {},
  name = "signer.sock",
  group = false,
): Promise<Running> {
  const path = join(folder, name);
  const told: string[] = [];
  const ended = new AbortController();
  const mark = options.mark ?? (await openMark(join(folder, "marks"), origin));
  const signing = await signingProcess({ keys: [await testSigner()], ...options, mark });
  const running = listen(path, signing, (line) => told.push(line), ended.signal, group);
  let over = false;
  const stop = async () => {
    if (over) return;
    over = true;
    ended.abort();
    await running.catch(() => undefined);
    await (mark as Mark).close?.();
  };
  onTestFinished(stop);
  const listening = async () => {
    for (let i = 0; !existsSync(path) && i < 400; i++) await sleep(5);
    // It is told from what was there before by answering.
    for (let i = 0; i < 400; i++) {
      try {
        return void (await ask(path, '{"op":"hello","version":1}\n'));
      } catch {
        await sleep(5);
      }
    }
  };
  await Promise.race([listening(), running]);
  return { path, told, stop };
}

async function remote(path: string, patience = 5_000): Promise<LogSigner> {
  const { signers, close } = await remoteKeys(path, { patience });
  onTestFinished(close);
  const [signer] = signers;
  if (signer === undefined) throw new Error("a signer holds a key");
  return signer;
}

/** What one question is answered with, as a stranger would ask it. */
async function ask(path: string, line: string | Buffer): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let found = "";
    socket.on("data", (chunk: Buffer) => {
      found += chunk.toString();
      if (found.includes("\n")) socket.end();
    });
    socket.on("close", () => resolve(found));
    socket.on("error", reject);
    socket.write(line);
  });
}
const answerTo = async (path: string, question: object) =>
  JSON.parse(await ask(path, `${JSON.stringify(question)}\n`)) as SignerAnswer;

describeOnBothStores("a log whose key a signer holds", (under) => {
  async function ledgerOf(database: Database, signer: LogSigner, markFolder: string) {
    const ledger = await openLedger({ database, signer, decider: notes, markFolder, adopt: true });
    onTestFinished(() => ledger.close());
    return ledger;
  }

  async function begin() {
    const database = await under.open(await under.place());
    onTestFinished(() => database.close());
    const local = await testSigner();
    await createLog(database, local, new Date("2026-11-23T09:00:00.000Z"));
    return { database, local, folder: temporaryFolder() };
  }

  test("is signed for as if it were here: the same notes, receipts that verify", async () => {
    const { database, local, folder } = await begin();
    const { path } = await start(folder);
    const ledger = await ledgerOf(database, await remote(path), temporaryFolder());
    const texts = Array.from({ length: 300 }, (_, i) => `entry ${i}`);
    const done = await Promise.all(texts.map((text) => ledger.submit(command(text))));
    for (const [i, { receipts }] of done.entries()) {
      const [receipt] = receipts;
      if (receipt === undefined || i % 50 > 0) continue;
      await checkReceipt(receipt, texts[i] ?? "", local.verifier);
    }
    const one = await ledger.submit(command("one more"));
    const { size, root, note } = ledger.log().published();
    expect(size).toBe(301);
    const text = formatCheckpoint({ origin, size, root });
    const signature = Buffer.from(await local.sign(Buffer.from(text))).toString("base64");
    expect(signature.length).toBeGreaterThan(80);
    expect(note.startsWith(text)).toBe(true);
    expect(one.receipts).toHaveLength(1);
    expect((await openMark(join(folder, "marks"), origin)).note).toBe(note);
  });

  test("goes on when the signer was killed and comes back, and loses nothing", async () => {
    const { database, folder } = await begin();
    const first = await start(folder);
    const ledger = await ledgerOf(database, await remote(first.path, 20_000), temporaryFolder());
    const sent: Promise<unknown>[] = [];
    for (let i = 0; i < 40; i++) {
      sent.push(ledger.submit(command(`entry ${i}`)));
      if (i === 15) await first.stop();
      if (i === 30) await start(folder);
      await sleep(5);
    }
    await Promise.all(sent);
    expect(ledger.log().published().size).toBe(40);
    expect(ledger.state()).toMatchObject({ kind: "running" });
  });

  test("stops where no signer comes back: recorded, and no receipt", async () => {
    const { database, folder } = await begin();
    const first = await start(folder);
    const ledger = await ledgerOf(database, await remote(first.path, 300), temporaryFolder());
    await ledger.submit(command("one"));
    await first.stop();
    await expect(ledger.submit(command("two"))).rejects.toMatchObject({ code: "unacknowledged" });
    expect(ledger.state()).toMatchObject({ kind: "frozen" });
    // Started again with a signer, it is there.
    await start(folder);
    const again = await ledgerOf(
      database,
      await remote(join(folder, "signer.sock")),
      temporaryFolder(),
    );
    expect(again.log().published().size).toBe(2);
  });

  test("several servers use one signer; what each committed is signed for, in whatever order", async () => {
    const { database, folder } = await begin();
    const { path, told } = await start(folder);
    const one = await ledgerOf(database, await remote(path), temporaryFolder());
    const two = await ledgerOf(database, await remote(path), temporaryFolder());
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? one : two).submit(command(`${i}`))),
    );
    const sizes = [one, two].map((each) => each.log().published().size);
    expect(Math.max(...sizes)).toBe(60);
    expect(told).toEqual([]);
  });

  test("an older copy of the database is not signed for, whatever mark the server shows", async () => {
    const { database, folder } = await begin();
    const { path } = await start(folder);
    const ledger = await ledgerOf(database, await remote(path), temporaryFolder());
    for (let i = 0; i < 5; i++) await ledger.submit(command(`entry ${i}`));
    await ledger.close();
    // The same log from its beginning, as an old backup has it; no mark here.
    const old = await begin();
    await expect(ledgerOf(old.database, await remote(path), temporaryFolder())).rejects.toThrow(
      /the signer signed for 5 entries, and the database does not have them: it is an older copy/,
    );
  });

  test("another history of the same size is refused, and freezes the log", async () => {
    const { database, folder } = await begin();
    const { path, told } = await start(folder);
    const ledger = await ledgerOf(database, await remote(path), temporaryFolder());
    for (let i = 0; i < 3; i++) await ledger.submit(command(`entry ${i}`));
    await ledger.close();
    const other = await begin();
    const signsItself = await ledgerOf(other.database, other.local, temporaryFolder());
    for (let i = 0; i < 3; i++) await signsItself.submit(command(`forged ${i}`));
    await signsItself.close();
    await expect(ledgerOf(other.database, await remote(path), temporaryFolder())).rejects.toThrow(
      /the signer refused: 3 entries with root .* are not of the history of which 3 entries/,
    );
    expect(told[0]).toContain("are not of the history");
  });

  test("a fork that grew is refused when it is to be signed", async () => {
    const { database, folder } = await begin();
    const { path } = await start(folder);
    const ledger = await ledgerOf(database, await remote(path), temporaryFolder());
    await ledger.submit(command("true"));
    await ledger.close();
    const other = await begin();
    const forger = await ledgerOf(other.database, other.local, temporaryFolder());
    for (const text of ["false", "more", "and more"]) await forger.submit(command(text));
    await forger.close();
    await expect(ledgerOf(other.database, await remote(path), temporaryFolder())).rejects.toThrow(
      /are not of the history/,
    );
  });
});

describe("a signer", () => {
  const root = new Uint8Array(32).fill(7);
  const of = (size: number, name = origin, hash = root) =>
    formatCheckpoint({ origin: name, size, root: hash });

  test("answers who it is, and nothing that is no question", async () => {
    const folder = temporaryFolder();
    const { path, told } = await start(folder);
    const { vkey } = await testSigner();
    expect(await answerTo(path, { op: "hello", version: 1 })).toEqual({
      answer: "hello",
      keys: [vkey],
      marked: 0,
    });
    for (const line of [
      "\n",
      "{\n",
      '{"op":"hello","version":2}\n',
      '{"op":"hello","version":1,"more":1}\n',
      '{"op":"export"}\n',
      `{"op":"sign","vkey":"${vkey}","checkpoint":"","marked":0,"proof":[]}\n`,
      `{"op":"sign","vkey":"${vkey}","checkpoint":"x","marked":-1,"proof":[]}\n`,
      `{"op":"sign","vkey":"${vkey}","checkpoint":"x","marked":0,"proof":["x"]}\n`,
      `${"x".repeat(maxLine + 1)}\n`,
    ]) {
      expect([line.slice(0, 30), await ask(path, line)]).toEqual([
        line.slice(0, 30),
        expect.stringMatching(/^\{"answer":"refused","says":"[^"]+"\}\n$/),
      ]);
    }
    expect(told.length).toBe(9);
    // Who goes on talking is hung up on.
    await ask(path, "x".repeat(20 * maxLine)).catch(() => undefined);
    expect(told.at(-1)).toContain("a line of more than");
  });

  test("signs for its own log alone, with its own key, and what it can read", async () => {
    const { path } = await start(temporaryFolder(), { adopt: true });
    const { vkey } = await testSigner();
    const other = await testSigner("example.com/other");
    const sign = (checkpoint: string, key = vkey) =>
      answerTo(path, { op: "sign", vkey: key, checkpoint, marked: 0, proof: [] });
    expect(await sign(of(3, "example.com/other"))).toMatchObject({
      answer: "refused",
      says: expect.stringContaining(`signs for ${origin}, not for example.com/other`),
    });
    expect(await sign(of(3), other.vkey)).toMatchObject({
      answer: "refused",
      says: expect.stringContaining("does not hold the key"),
    });
    expect(await sign("countermand statement\nsomething\n")).toMatchObject({ answer: "refused" });
    expect(await sign(of(3))).toMatchObject({ answer: "signed", marked: 3 });
  });

  test("takes nothing on trust that it was not told to", async () => {
    const { path } = await start(temporaryFolder());
    const { vkey } = await testSigner();
    const question = { op: "sign", vkey, checkpoint: of(3), marked: 0, proof: [] };
    expect(await answerTo(path, question)).toMatchObject({
      answer: "refused",
      says: expect.stringContaining("countermand signer take"),
    });
  });

  test("asks for a proof from what it signed, and takes none that is not one", async () => {
    const { path } = await start(temporaryFolder(), { adopt: true });
    const { vkey } = await testSigner();
    const sign = (checkpoint: string, marked: number, proof: string[] = []) =>
      answerTo(path, { op: "sign", vkey, checkpoint, marked, proof });
    expect(await sign(of(3), 0)).toMatchObject({ answer: "signed" });
    expect(await sign(of(4), 0)).toEqual({ answer: "prove", marked: 3 });
    const hash = Buffer.alloc(32, 1).toString("base64");
    for (const proof of [[], [hash], [hash, hash, hash], Array.from({ length: 64 }, () => hash)]) {
      expect(await sign(of(4), 3, proof)).toMatchObject({ answer: "refused" });
    }
    expect(await sign(of(2), 3, [hash])).toMatchObject({ answer: "refused" });
    // The same once more is the same signature; another root is not signed.
    expect(await sign(of(3), 3)).toMatchObject({ answer: "signed", marked: 3 });
    expect(await sign(of(3, origin, new Uint8Array(32)), 3)).toMatchObject({ answer: "refused" });
  });

  test("marks before it answers: what it could not mark it did not sign", async () => {
    const mark = {
      note: undefined,
      write: async () => {
        throw new Error("the disk is full");
      },
    };
    const { path, told } = await start(temporaryFolder(), { adopt: true, mark });
    const { vkey } = await testSigner();
    const question = { op: "sign", vkey, checkpoint: of(3), marked: 0, proof: [] };
    expect(await answerTo(path, question)).toEqual({ answer: "failed", says: "the disk is full" });
    expect(await answerTo(path, { op: "hello", version: 1 })).toMatchObject({ marked: 0 });
    expect(told).toEqual(["the disk is full"]);
  });

  test("refuses a mark that is not of its key", async () => {
    const folder = temporaryFolder();
    const first = await start(folder, { adopt: true });
    const { vkey } = await testSigner();
    await answerTo(first.path, { op: "sign", vkey, checkpoint: of(3), marked: 0, proof: [] });
    await first.stop();
    const stranger = await createKeyFile(join(folder, "log.key"), origin);
    const mark = await openMark(join(folder, "marks"), origin);
    await expect(signingProcess({ keys: [stranger], mark })).rejects.toMatchObject({
      code: "mark",
      message: expect.stringContaining("does not open with its keys"),
    });
    await mark.close();
  });

  test("listens only where nobody else comes by, and removes nothing but a socket", async () => {
    const folder = temporaryFolder();
    const open = join(folder, "open");
    mkdirSync(open);
    chmodSync(open, 0o750);
    await expect(start(open)).rejects.toThrow(/may be entered by others \(mode 0750\)/);
    await expect(
      start(join(folder, "none"), { mark: await openMark(folder, origin) }),
    ).rejects.toThrow(/there is no folder/);
    writeFileSync(join(folder, "signer.sock"), "mine");
    await expect(start(folder)).rejects.toThrow(/is there and is no socket/);
    expect(readFileSync(join(folder, "signer.sock"), "utf8")).toBe("mine");
    const shared = join(folder, "shared");
    for (const [mode, says] of [
      [0o700, undefined],
      [0o710, undefined],
      [0o750, undefined],
      [0o730, /changed by its group or entered by others \(mode 0730\)/],
      [0o711, /mode 0711/],
    ] as const) {
      mkdirSync(shared, { recursive: true });
      chmodSync(shared, mode);
      const begun = start(shared, {}, `${mode}.sock`, true);
      if (says !== undefined) await expect(begun).rejects.toThrow(says);
      else {
        const { path, stop } = await begun;
        expect(statSync(path).mode & 0o777).toBe(0o660);
        await stop();
      }
    }
    const { path } = await start(folder, {}, "other.sock");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("what answers there and is none is refused", async () => {
    const folder = temporaryFolder();
    await expect(remoteKeys(join(folder, "none.sock"))).rejects.toThrow(
      /no signer answers at .*none.sock \(COUNTERMAND_SIGNER\)/,
    );
    for (const [name, says] of [
      ["signed.sock", '{"answer":"signed","signature":"AA==","marked":0}\n'],
      ["garbage.sock", "HTTP/1.1 200 OK\n"],
      ["long.sock", "x".repeat(2 * maxLine)],
      ["closed.sock", ""],
    ] as const) {
      const server = createServer((socket) => {
        socket.on("error", () => undefined);
        if (says === "") socket.destroy();
        else socket.write(says);
      });
      onTestFinished(() => void server.close());
      await new Promise<void>((resolve) => server.listen(join(folder, name), () => resolve()));
      await expect(remoteKeys(join(folder, name))).rejects.toMatchObject({ code: "key-file" });
    }
  });

  test("its key signs no other text through the server", async () => {
    const { path } = await start(temporaryFolder());
    const signer = await remote(path);
    expect(() => signer.sign(Buffer.from("anything"))).toThrow(
      /signs checkpoints and nothing else/,
    );
  });
});

describe("a key on its way", () => {
  const folders = () => {
    const make = () => {
      const folder = dataDirectory(temporaryFolder());
      for (const each of [folder.keys, folder.marks]) mkdirSync(each, { mode: 0o700 });
      return folder;
    };
    return { server: make(), signer: make() };
  };

  test("is at the signer, with what it signed for; the server keeps the public one", async () => {
    const { server, signer } = folders();
    const made = await createKeyFile(keyFiles(server.keys).log, origin);
    const mark = await openMark(server.marks, origin);
    await mark.write("a note\n");
    await mark.close();
    expect(await moveKeys(server, signer)).toEqual([made.vkey]);
    expect((await readKeyFile(keyFiles(signer.keys).log)).vkey).toBe(made.vkey);
    const copied = await openMark(signer.marks, origin);
    expect(copied.note).toBe("a note\n");
    await copied.close();
    expect(readFileSync(keyFiles(server.keys).log, "utf8")).toBe(`${made.vkey}\n`);
    expect((await readPublicKey(keyFiles(server.keys).log)).keyId).toBe(made.keyId);
    await expect(readKeyFile(keyFiles(server.keys).log)).rejects.toThrow(/COUNTERMAND_SIGNER/);
    await expect(moveKeys(server, signer)).rejects.toThrow(/with a signer already/);

    expect(await moveKeys(signer, server)).toEqual([made.vkey]);
    expect((await readKeyFile(keyFiles(server.keys).log)).vkey).toBe(made.vkey);
    const line = readFileSync(keyFiles(server.keys).log, "utf8").trim();
    expect((await parseSignerKey(line)).keyId).toBe(made.keyId);
  });

  test("takes the next key along, and is finished where it was interrupted", async () => {
    const { server, signer } = folders();
    const log = await createKeyFile(keyFiles(server.keys).log, origin);
    const next = await createKeyFile(keyFiles(server.keys).next, origin);
    // Killed after the first key was written.
    const bytes = readFileSync(keyFiles(server.keys).log);
    writeFileSync(keyFiles(signer.keys).log, bytes, { mode: 0o600 });
    expect(await moveKeys(server, signer)).toEqual([log.vkey, next.vkey]);
    expect(existsSync(keyFiles(server.keys).next)).toBe(false);
    expect((await readKeyFile(keyFiles(signer.keys).next)).vkey).toBe(next.vkey);
  });

  test("never takes another key's place", async () => {
    const { server, signer } = folders();
    const log = await createKeyFile(keyFiles(server.keys).log, origin);
    await createKeyFile(keyFiles(signer.keys).log, "example.com/other");
    await expect(moveKeys(server, signer)).rejects.toThrow(/is another key .* never overwritten/);
    expect((await readKeyFile(keyFiles(server.keys).log)).vkey).toBe(log.vkey);
    await expect(moveKeys(folders().server, signer)).rejects.toThrow(/there is no log key/);
  });
});
