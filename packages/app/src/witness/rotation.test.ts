/** One key after another, as those outside see it: the witness's list, and the proof of two histories. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatAddCheckpoint, parseTrust, type NoteSigner } from "@countermand/tlog";
import { expect, onTestFinished, test } from "vitest";
import { createWitnessKey } from "./key-file.ts";
import { parseLogList } from "./log-list.ts";
import { misbehaviour, parseMisbehaviour, verifyMisbehaviour } from "./misbehaviour.ts";
import { openSeenStore } from "./seen-store.ts";
import { ToyLog, toySigner } from "./testing/toy-log.ts";
import { Witness } from "./witness.ts";

const name = "log.example/rotated";
const log = await ToyLog.make(name);
const next = await toySigner(name, "the next key");
/** The old key signs below 7, the new one from 5. */
const lines = `key ${log.signer.vkey} from 0 until 7\nkey ${next.vkey} from 5\n`;

async function witness(list: string) {
  const folder = mkdtempSync(join(tmpdir(), "countermand-rotation-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const key = await createWitnessKey(join(folder, "key"), "witness.example", () => 1);
  const store = openSeenStore(join(folder, "state"));
  onTestFinished(() => store.close());
  const logs = parseLogList(Buffer.from(list));
  const one = new Witness({ keys: [key], store, logs: async () => logs, report: () => {} });
  return async (from: ToyLog, oldSize: number, size: number, signers: readonly NoteSigner[]) => {
    const checkpoint = await from.note(size, signers);
    const proof = await from.proof(oldSize, size);
    return (await one.addCheckpoint(formatAddCheckpoint({ oldSize, proof, checkpoint }))).status;
  };
}

test("a witness cosigns across a rotation, and not what the old key's thief signs after it", async () => {
  const ask = await witness(lines);
  expect(await ask(log, 0, 4, [next])).toBe(403);
  expect(await ask(log, 0, 4, [log.signer])).toBe(200);
  expect(await ask(log, 4, 5, [log.signer, next])).toBe(200);
  expect(await ask(log, 5, 6, [log.signer])).toBe(200);
  // Consistent or not: the key's time is over.
  expect(await ask(log, 6, 7, [log.signer])).toBe(403);
  expect(await ask(log.forked(6), 6, 9, [log.signer])).toBe(403);
  expect(await ask(log, 6, 9, [next])).toBe(200);
  // A list without ranges takes both for ever: that is what they are for.
  const open = await witness(`log ${log.signer.vkey}\nlog ${next.vkey}\n`);
  expect(await open(log.forked(6), 0, 9, [log.signer])).toBe(200);
});

test("a list of logs with ranges says what is wrong with it", () => {
  expect(
    parseLogList(Buffer.from(lines))
      .get(name)
      ?.keys.map(({ from }) => from),
  ).toEqual([0, 5]);
  const both = `log ${log.signer.vkey}\n${lines}`;
  expect(() => parseLogList(Buffer.from(both))).toThrow("with ranges and lines without");
  expect(() => parseLogList(Buffer.from(`key ${log.signer.vkey} until 5\n`))).toThrow("expected");
});

test("two histories signed by two keys of one log are proven by its trust file", async () => {
  const trust = parseTrust(Buffer.from(`countermand-trust v1\nlog ${name}\n${lines}`));
  const fork = log.forked(3);
  const exhibit = async (from: ToyLog, size: number, signer: NoteSigner) => ({
    note: Buffer.from(await from.note(size, [signer])).toString("utf8"),
    from: "https://log.example",
    at: "2026-11-23T12:00:00.000Z",
  });
  const smaller = await exhibit(log, 4, log.signer);
  const found = misbehaviour(
    trust,
    { smaller, larger: await exhibit(fork, 8, next) },
    fork.root(4),
    await fork.proof(4, 8),
  );
  const proven = await verifyMisbehaviour(parseMisbehaviour(Buffer.from(JSON.stringify(found))));
  expect([proven.smaller.size, proven.larger.size]).toEqual([4, 8]);
  // What only a thief could sign proves nothing against the log.
  const stolen = { ...found, larger: await exhibit(fork, 8, log.signer) };
  await expect(verifyMisbehaviour(stolen)).rejects.toThrow("may sign trees of 0 to 6 entries");
});
