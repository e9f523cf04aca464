/** A log's key is followed by another, on both stores: overlap, thief, late server, kill, mirror, witness. */
import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  announcedKeys,
  defaultPolicy,
  formatRotation,
  logKeysOf,
  permissions,
  registryStream,
  statementTypes,
  type JsonObject,
} from "@countermand/record";
import { actor, envelopeOf, personOf } from "@countermand/record/testing";
import {
  formatCheckpoint,
  openLogCheckpoint,
  parseNote,
  signNote,
  type LogKeys,
} from "@countermand/tlog";
import { expect, onTestFinished, test } from "vitest";
import { readConfig } from "../config/config.ts";
import { fsck } from "../ledger/fsck.ts";
import { createNextKey, readHeldKeys, retireKey } from "../ledger/key-folder.ts";
import { directoryTarget } from "../ledger/mirror/directory-target.ts";
import { mirrorOnce } from "../ledger/mirror/mirror.ts";
import { restoreFromMirror } from "../ledger/mirror/restore-mirror.ts";
import { readLogKeys } from "../ledger/log-keys.ts";
import { temporaryFolder } from "../ledger/testing/ledger-under-test.ts";
import type { RollbackService } from "../rollbacks/service.ts";
import { exportDatabase, importDatabase } from "../storage/portable.ts";
import { describeOnBothStores, type StoreUnderTest } from "../storage/testing/both-stores.ts";
import { entryIdentity } from "./entry-identity.ts";
import { openApplication, type Application } from "./application.ts";

const origin = "example.com/keys";
const ada = actor("ada");
const now = () => new Date("2026-11-23T12:00:00.000Z");

async function says(service: RollbackService, type: string, body: JsonObject) {
  const { registry } = await service.instance();
  const kind = statementTypes.get(type);
  if (kind?.stream !== registryStream) throw new TypeError(type);
  const subjects = kind.subjects(body, registry);
  const envelope = envelopeOf(ada, type, subjects, body, now().toISOString(), { instance: origin });
  return service.submit({ envelope, openings: [] });
}

let people = 0;
async function addSomebody(service: RollbackService) {
  people += 1;
  return await says(service, "person-added", { person: personOf(actor(`p${people}`), []) });
}

class Place {
  readonly data = join(temporaryFolder(), "data");
  readonly keys = join(this.data, "keys");
  readonly env: Record<string, string>;
  constructor(env: Record<string, string>) {
    this.env = env;
  }
  async open(data = this.data, adopt = false): Promise<Application> {
    const application = await openApplication(readConfig(this.env, { data }), now, { adopt });
    onTestFinished(() => application.close().catch(() => undefined));
    return application;
  }
}

async function opened(under: StoreUnderTest): Promise<{ place: Place; application: Application }> {
  const location = await under.place();
  const place = new Place("url" in location ? { DATABASE_URL: location.url } : {});
  const application = await place.open();
  await application.service.openLedger({
    origin,
    policy: defaultPolicy,
    administrator: personOf(ada, permissions),
    openings: [],
  });
  return { place, application };
}

async function noteOf(place: Place, overlap: number): Promise<string> {
  const { signer, next } = await readHeldKeys(place.keys);
  if (next === undefined) throw new TypeError("no next key");
  const reason = overlap === 0 ? "compromised" : "scheduled";
  const text = formatRotation({ origin, old: signer.vkey, next: next.vkey, overlap, reason });
  return Buffer.from(await signNote(text, [signer, next])).toString("utf8");
}

/** Makes the next key and announces it; answers the application, started again with both. */
async function rotate(place: Place, application: Application, overlap: number) {
  await application.close();
  await createNextKey(place.keys, origin);
  const again = await place.open();
  await says(again.service, "log-key-rotated", { note: await noteOf(place, overlap) });
  return again;
}

function newest(application: Application): { size: number; keyIds: number[]; note: string } {
  const { size, note } = application.service.opened?.ledger.log().published() ?? {};
  if (note === undefined || size === undefined) throw new TypeError("no checkpoint");
  return { size, note, keyIds: parseNote(Buffer.from(note)).signatures.map((one) => one.keyId) };
}

async function trustOf({ service }: Application): Promise<LogKeys> {
  return logKeysOf((await service.instance()).registry);
}

async function findings(application: Application): Promise<string[]> {
  const { opened } = application.service;
  if (opened === undefined) throw new TypeError("not open");
  const found: string[] = [];
  for await (const one of fsck(opened.database, { logId: opened.logId, log: opened.logKeys })) {
    if (one.kind === "finding") found.push(`${one.where}: ${one.problem}`);
  }
  return found;
}

describeOnBothStores("one key after another", (under) => {
  test("before, both in the overlap, and the new one alone after it", async () => {
    const { place, application } = await opened(under);
    const first = await rotate(place, application, 2);
    const { signer, next } = await readHeldKeys(place.keys);
    const [a, b] = [signer.keyId, next?.keyId];
    const signed = [newest(first)];
    for (let i = 0; i < 3; i++) {
      await addSomebody(first.service);
      signed.push(newest(first));
    }
    // Entry 1 announced: the new one signs from 2 entries on, the old one below 4.
    expect(signed.map(({ size, keyIds }) => [size, keyIds])).toEqual([
      [2, [a, b]],
      [3, [a, b]],
      [4, [b]],
      [5, [b]],
    ]);
    const trust = await trustOf(first);
    for (const { note, size } of signed) {
      expect((await openLogCheckpoint(Buffer.from(note), trust)).size).toBe(size);
    }
    expect(await findings(first)).toEqual([]);
    await first.close();
    await retireKey(place.keys);
    const last = await place.open();
    await addSomebody(last.service);
    expect(newest(last)).toMatchObject({ size: 6, keyIds: [b] });
    // Older rows were signed by the older key, and still are good.
    expect(await findings(last)).toEqual([]);
  });

  test("the thief of the old key signs a fork after the rotation: nobody takes it", async () => {
    const { place, application } = await opened(under);
    const stolen = (await readHeldKeys(place.keys)).signer;
    const before = newest(application);
    const after = await rotate(place, application, 0);
    await addSomebody(after.service);
    const trust = await trustOf(after);
    const root = new Uint8Array(32).fill(7);
    for (const size of [2, 3, 900]) {
      const fork = await signNote(formatCheckpoint({ origin, size, root }), [stolen]);
      await expect(openLogCheckpoint(fork, trust)).rejects.toThrow(
        "may sign trees of 0 to 1 entries",
      );
      // Who knows only the old key cannot tell: that is why the trust file has ranges.
      expect((await openLogCheckpoint(fork, stolen.verifier)).size).toBe(size);
    }
    expect((await openLogCheckpoint(Buffer.from(before.note), trust)).size).toBe(1);
    // Nor does the thief's server continue the log.
    await after.close();
    rmSync(join(place.keys, "next.key"));
    await expect(place.open()).rejects.toThrow(/is signed by \S+ from 3 entries on/);
  });

  test("what the rules do not take: a note by one key, of another log, for a key that was there", async () => {
    const { place, application } = await opened(under);
    await application.close();
    await createNextKey(place.keys, origin);
    const again = await place.open();
    const { signer, next } = await readHeldKeys(place.keys);
    if (next === undefined) throw new TypeError("no next key");
    const rotation = {
      origin,
      old: signer.vkey,
      next: next.vkey,
      overlap: 1,
      reason: "scheduled",
    } as const;
    const noteBy = async (text: string, by: Parameters<typeof signNote>[1]) =>
      Buffer.from(await signNote(text, by)).toString("utf8");
    const refused = (note: string) => says(again.service, "log-key-rotated", { note });
    const text = formatRotation(rotation);
    await expect(refused(await noteBy(text, [next]))).rejects.toThrow("signed by both");
    await expect(refused(await noteBy(text, [signer]))).rejects.toThrow("signed by both");
    const forged = (await noteBy(text, [signer, next])).replace("overlap 1", "overlap 9");
    await expect(refused(forged)).rejects.toThrow("is not true of this text");
    const backwards = formatRotation({ ...rotation, old: next.vkey, next: signer.vkey });
    await expect(refused(await noteBy(backwards, [signer, next]))).rejects.toThrow(
      "does not lead from the log's key",
    );
    // A server that does not hold the announced key records nothing, and goes on.
    const held = await noteOf(place, 1);
    await again.close();
    cpSync(join(place.keys, "next.key"), join(place.keys, "kept"));
    rmSync(join(place.keys, "next.key"));
    const without = await place.open();
    await expect(says(without.service, "log-key-rotated", { note: held })).rejects.toThrow(
      "does not hold the key",
    );
    await addSomebody(without.service);
    expect(newest(without).size).toBe(2);
    expect(announcedKeys((await without.service.instance()).registry)).toHaveLength(1);
  });

  test("killed after each step of a rotation: the next start goes on, with the right keys", async () => {
    const { place, application } = await opened(under);
    // The key is made, and announced nowhere.
    await application.close();
    await createNextKey(place.keys, origin);
    const idle = await place.open();
    const { signer, next } = await readHeldKeys(place.keys);
    expect(newest(idle).keyIds).toEqual([signer.keyId]);
    // Announced and committed; the checkpoint was signed by nobody: its row and mark are as before.
    await says(idle.service, "log-key-rotated", { note: await noteOf(place, 0) });
    await idle.close();
    rmSync(join(place.data, "marks"), { recursive: true });
    if (place.env["DATABASE_URL"] === undefined) {
      await under.tamper(
        { file: join(place.data, "ledger.db") },
        "delete from checkpoint where size = 2",
      );
    } else {
      await under.tamper(
        { url: place.env["DATABASE_URL"] },
        "delete from checkpoint where size = 2",
      );
    }
    const after = await place.open(place.data, true);
    expect(newest(after)).toMatchObject({ size: 2, keyIds: [next?.keyId] });
    await after.close();
    // The old key's file is replaced by one rename: before it both are there, after it one.
    await retireKey(place.keys);
    expect(existsSync(join(place.keys, "next.key"))).toBe(false);
    const last = await place.open();
    await addSomebody(last.service);
    expect(newest(last)).toMatchObject({ size: 3, keyIds: [next?.keyId] });
    expect(await findings(last)).toEqual([]);
  });

  test("a backup from after a rotation is restored with its keys", async () => {
    const { place, application } = await opened(under);
    const after = await rotate(place, application, 0);
    await addSomebody(after.service);
    const { database } = after.store;
    const parts: Uint8Array[] = [];
    await exportDatabase(database, async (lines) => void parts.push(lines));
    const other = await under.open();
    await importDatabase(other, Readable.from(parts));
    expect(await readLogKeys(other.read, 1)).toEqual(await readLogKeys(database.read, 1));
    expect(await readLogKeys(other.read, 1)).toMatchObject([{ until: 2 }, { from: 2 }]);
  });

  test("a mirror goes on across a rotation, and the log is made again from it", async () => {
    const { place, application } = await opened(under);
    const folder = join(temporaryFolder(), "mirror");
    const target = await directoryTarget(folder);
    const mirror = async ({ service }: Application) => {
      const { opened } = service;
      if (opened === undefined) throw new TypeError("not open");
      const { database, ledger, logKeys } = opened;
      await logKeys.refresh?.();
      return await mirrorOnce(target, { database, log: ledger.log(), verifier: logKeys });
    };
    expect(await mirror(application)).toBe(1);
    const after = await rotate(place, application, 0);
    expect(await mirror(after)).toBe(2);
    const trust = await trustOf(after);
    const [old] = trust.keys;
    if (old === undefined) throw new TypeError("no key");
    const restore = async (verifier: Parameters<typeof restoreFromMirror>[0]["verifier"]) =>
      restoreFromMirror({
        database: await under.open(),
        source: target,
        verifier,
        now: now(),
        describe: (leaf) => ({ identity: entryIdentity(leaf), recordedAt: now().toISOString() }),
      });
    expect((await restore(trust)).entries).toBe(2);
    await expect(restore(old.verifier)).rejects.toThrow("or one that another key signed");
    await expect(restore({ ...trust, keys: [{ ...old, until: 2 }] })).rejects.toThrow(
      'no key of "example.com/keys" is known that may sign 2 entries',
    );
  });
});

describeOnBothStores("several servers", (under) => {
  test("one that has only the old key signs in the overlap, and nothing after it", async (context) => {
    if (under.engine === "sqlite") return context.skip("one process has an embedded store");
    const { place, application } = await opened(under);
    const two = join(temporaryFolder(), "two");
    await application.close();
    cpSync(place.data, two, { recursive: true });
    await createNextKey(place.keys, origin);
    const first = await place.open();
    const late = await place.open(two, true);
    await says(first.service, "log-key-rotated", { note: await noteOf(place, 2) });
    const { signer } = await readHeldKeys(join(two, "keys"));
    await addSomebody(late.service);
    expect(newest(late)).toMatchObject({ size: 3, keyIds: [signer.keyId] });
    await expect(addSomebody(late.service)).rejects.toThrow(/is signed by \S+ from 4 entries on/);
    expect(late.service.opened?.ledger.state()).toMatchObject({ kind: "frozen" });
    // It froze alone: what it wanted is not there, and the other server goes on.
    await addSomebody(first.service);
    expect(newest(first).size).toBe(4);
    expect(await findings(first)).toEqual([]);
    await late.close();
    await expect(place.open(two)).rejects.toThrow("start with the log's own key");
    cpSync(join(place.keys, "next.key"), join(two, "keys/next.key"));
    const healed = await place.open(two);
    await addSomebody(healed.service);
    expect(newest(healed).size).toBe(5);
  });

  test("a log that one server closed takes nothing from any", async (context) => {
    if (under.engine === "sqlite") return context.skip("one process has an embedded store");
    const { place, application } = await opened(under);
    const two = join(temporaryFolder(), "two");
    cpSync(place.keys, join(two, "keys"), { recursive: true });
    const other = await place.open(two, true);
    await says(application.service, "log-closed", { reason: "it moves" });
    await expect(addSomebody(other.service)).rejects.toThrow("entry 1 is its last (it moves)");
    await expect(addSomebody(application.service)).rejects.toThrow("entry 1 is its last");
    for (let i = 0; i < 100 && newest(other).size < 2; i++) {
      other.service.opened?.ledger.look();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect([newest(application).size, newest(other).size]).toEqual([2, 2]);
    expect(other.service.opened?.ledger.state()).toMatchObject({ kind: "ended" });
    // Time brings nothing any more.
    expect(await other.service.tick()).toBe(0);
  });
});
