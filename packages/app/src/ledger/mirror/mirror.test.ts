import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { encodeBundle, encodeTile, leafHash } from "@countermand/tlog";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Database } from "../../storage/database.ts";
import { describeOnBothStores } from "../../storage/testing/both-stores.ts";
import type { Ledger } from "../ledger.ts";
import { fsck } from "../fsck.ts";
import { makeTestLog, temporaryFolder, type TestLog } from "../testing/ledger-under-test.ts";
import { noteIdentity, type NoteCommand } from "../testing/notes.ts";
import { testSigner } from "../testing/test-signer.ts";
import { directorySource, directoryTarget } from "./directory-target.ts";
import { mirrorOnce } from "./mirror.ts";
import { MirrorPublisher } from "./publisher.ts";
import { readWholeMirror } from "./read-mirror.ts";
import { restoreFromMirror } from "./restore-mirror.ts";
import { checkpointPath, MirrorError, type MirrorTarget } from "./target.ts";

type NoteLedger = Ledger<NoteCommand, string>;

async function append(ledger: NoteLedger, from: number, to: number): Promise<void> {
  const ids = Array.from({ length: to - from }, (_, i) => String(from + i));
  await Promise.all(ids.map((id) => ledger.submit({ id, text: `note ${id}` })));
}

function logOf(database: Database, ledger: NoteLedger, { signer }: TestLog) {
  return { database, log: ledger.log(), verifier: signer.verifier };
}

async function findings(
  folder: string,
  verifier: TestLog["signer"]["verifier"],
): Promise<string[]> {
  const found: string[] = [];
  for await (const message of readWholeMirror(directorySource(folder), verifier)) {
    if (message.kind === "finding") found.push(`${message.where}: ${message.problem}`);
    if (message.kind === "done") found.push(`${message.mirror.checkpoint.size} read`);
  }
  return found;
}

const describeNote = (leaf: Uint8Array) => ({
  identity: noteIdentity(Buffer.from(leaf).toString().slice("note ".length)),
  recordedAt: "2026-11-23T09:30:00.000Z",
});

describeOnBothStores("a mirror in a directory", (under) => {
  test("has everything that its checkpoint implies, at every size that it goes through", async () => {
    const database = await under.open();
    const test = await makeTestLog(database);
    const ledger = await test.open(database);
    const folder = temporaryFolder();
    const target = await directoryTarget(folder);
    let size = 0;
    for (const next of [0, 1, 2, 255, 256, 257, 511, 700]) {
      await append(ledger, size, next);
      size = next;
      expect(await mirrorOnce(target, logOf(database, ledger, test))).toBe(size);
      expect(await findings(folder, test.signer.verifier)).toEqual([`${size} read`]);
    }
    expect(existsSync(join(folder, "tile/0/000.p"))).toBe(false);
    expect(readdirSync(join(folder, "tile/0/002.p"))).toEqual(["188"]);
    expect(readdirSync(join(folder, ".incoming"))).toEqual([]);
  });

  test("is enough to make the store again, which goes on", async () => {
    const database = await under.open();
    const test = await makeTestLog(database);
    const ledger = await test.open(database);
    await append(ledger, 0, 600);
    const folder = temporaryFolder();
    await mirrorOnce(await directoryTarget(folder), logOf(database, ledger, test));
    const other = await under.open();
    const options = {
      database: other,
      source: directorySource(folder),
      verifier: test.signer.verifier,
      now: new Date("2026-11-23T10:00:00.000Z"),
      describe: describeNote,
    };
    const { logId, entries } = await restoreFromMirror(options);
    expect(entries).toBe(600);
    await expect(restoreFromMirror(options)).rejects.toMatchObject({ code: "log-exists" });
    const checked = fsck(other, {
      logId,
      log: test.signer.verifier,
      identityOf: (leaf) => describeNote(leaf).identity,
    });
    for await (const message of checked) expect(message.kind).not.toBe("finding");
    const again = await test.open(other, { adopt: true, markFolder: temporaryFolder() });
    await append(again, 600, 601);
    expect(again.log().published().size).toBe(601);
  });

  test("a damaged mirror is named, and nothing of it is restored", async () => {
    const database = await under.open();
    const test = await makeTestLog(database);
    const ledger = await test.open(database);
    await append(ledger, 0, 600);
    const folder = temporaryFolder();
    await mirrorOnce(await directoryTarget(folder), logOf(database, ledger, test));
    const flip = (path: string) => {
      const bytes = readFileSync(join(folder, path));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(join(folder, path), bytes);
    };
    flip("tile/entries/001");
    expect(await findings(folder, test.signer.verifier)).toEqual([
      "entry 511: its bytes in tile/entries/001 do not have the hash in tile/0/001",
      "600 read",
    ]);
    const other = await under.open();
    await expect(
      restoreFromMirror({
        database: other,
        source: directorySource(folder),
        verifier: test.signer.verifier,
        now: new Date(),
        describe: describeNote,
      }),
    ).rejects.toThrow(/entry 511/);
    expect(await other.read.selectFrom("entry").select("idx").execute()).toEqual([]);
    flip("tile/entries/001");
    flip("tile/1/000.p/2");
    expect(await findings(folder, test.signer.verifier)).toEqual([
      "tile/1/000.p/2: its hashes are not the roots of the tiles below",
      "600 read",
    ]);
    flip("tile/1/000.p/2");
    rmSync(join(folder, "tile/0/000"));
    expect(await findings(folder, test.signer.verifier)).toEqual([
      "tile/0/000: it is missing",
      "600 read",
    ]);
  });

  test("entries and tiles that were forged together are not what the checkpoint signs", async () => {
    const database = await under.open();
    const test = await makeTestLog(database);
    const ledger = await test.open(database);
    await append(ledger, 0, 2);
    const folder = temporaryFolder();
    await mirrorOnce(await directoryTarget(folder), logOf(database, ledger, test));
    const forged = ["note 0", "note x"].map((text) => new Uint8Array(Buffer.from(text)));
    writeFileSync(join(folder, "tile/entries/000.p/2"), encodeBundle(forged));
    writeFileSync(join(folder, "tile/0/000.p/2"), encodeTile(forged.map((leaf) => leafHash(leaf))));
    expect(await findings(folder, test.signer.verifier)).toEqual([
      "checkpoint: it signs another root for 2 entries than the entries give",
      "2 read",
    ]);
    const other = await under.open();
    const restored = restoreFromMirror({
      database: other,
      source: directorySource(folder),
      verifier: test.signer.verifier,
      now: new Date(),
      describe: describeNote,
    });
    await expect(restored).rejects.toThrow(/signs another root/);
    expect(await other.read.selectFrom("entry").select("idx").execute()).toEqual([]);
  });

  test("ahead of the database, of another history or of another log it freezes", async () => {
    const location = await under.place();
    const database = await under.open(location);
    const test = await makeTestLog(database);
    const ledger = await test.open(database);
    await append(ledger, 0, 10);
    await ledger.close();
    const old = await under.open();
    const copy = await makeTestLog(old);
    const behind = await copy.open(old);
    await append(behind, 0, 5);
    const folder = temporaryFolder();
    const target = await directoryTarget(folder);
    await mirrorOnce(target, logOf(database, ledger, test));
    await expect(mirrorOnce(target, logOf(old, behind, copy))).rejects.toThrow(/older copy/);
    await expect(
      copy.open(old, { mirrors: [target], markFolder: copy.markFolder }),
    ).rejects.toThrow(/older copy/);
    await behind.submit({ id: "other", text: "note other" });
    await append(behind, 20, 40);
    await expect(mirrorOnce(target, logOf(old, behind, copy))).rejects.toThrow(/another history/);
    await expect(copy.open(old, { mirrors: [target] })).rejects.toThrow(/another history/);
    const stranger = await testSigner("log.example.com/other");
    await expect(
      mirrorOnce(target, { ...logOf(old, behind, copy), verifier: stranger.verifier }),
    ).rejects.toThrow(/another key signed/);
    const frozen: string[] = [];
    const publisher = new MirrorPublisher({
      ...logOf(old, behind, copy),
      targets: [target],
      freeze: async (reason) => void frozen.push(reason),
      now: () => new Date(),
      report: () => {},
    });
    await publisher.run(new AbortController().signal);
    expect(frozen).toEqual([expect.stringMatching(/another history/)]);
  });

  test("every operation fails once without effect and once after it; then the mirror is whole", async () => {
    const database = await under.open();
    const test = await makeTestLog(database);
    const ledger = await test.open(database);
    const folder = temporaryFolder();
    const target = await directoryTarget(folder);
    await append(ledger, 0, 200);
    await mirrorOnce(target, logOf(database, ledger, test));
    await append(ledger, 200, 520);
    let failures = 0;
    for (const effect of [false, true]) {
      for (let failAt = 0; ; failAt++) {
        const { failed, faulty } = failing(target, failAt, effect);
        const result = await mirrorOnce(faulty, logOf(database, ledger, test)).catch(String);
        if (!failed()) break;
        expect(result).toMatch(/staged/);
        failures += 1;
        const [read] = (await findings(folder, test.signer.verifier)).slice(-1);
        expect(read).toMatch(/^\d+ read$/);
        expect(await findings(folder, test.signer.verifier)).toHaveLength(1);
      }
      await append(ledger, effect ? 600 : 520, effect ? 900 : 600);
    }
    expect(failures).toBeGreaterThan(10);
    await mirrorOnce(target, logOf(database, ledger, test));
    expect(await findings(folder, test.signer.verifier)).toEqual(["900 read"]);
  });

  test("a server that has not heard of what another one appended leaves the mirror as it is", async () => {
    const location = await under.place();
    const database = await under.open(location);
    const test = await makeTestLog(database);
    const ledger = await test.open(database);
    await append(ledger, 0, 5);
    const folder = temporaryFolder();
    const target = await directoryTarget(folder);
    const log = ledger.log();
    const note = log.checkpoint();
    const late = { ...log, checkpoint: () => note };
    await append(ledger, 5, 12);
    await mirrorOnce(target, logOf(database, ledger, test));
    expect(await mirrorOnce(target, { ...logOf(database, ledger, test), log: late })).toBe(12);
    expect(await findings(folder, test.signer.verifier)).toEqual(["12 read"]);
  });

  test("whatever lies under the checkpoint's name, it is refused or it is ours", async () => {
    const database = await under.open();
    const test = await makeTestLog(database);
    const ledger = await test.open(database);
    await append(ledger, 0, 3);
    const folder = temporaryFolder();
    const target = await directoryTarget(folder);
    await mirrorOnce(target, logOf(database, ledger, test));
    const good = readFileSync(join(folder, "checkpoint"));
    const damaged = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, by]) => {
        const bytes = Buffer.from(good);
        bytes[at] = (bytes[at] ?? 0) ^ by;
        return bytes;
      }),
      fc.nat(good.length - 1).map((length) => good.subarray(0, length)),
      fc.constant(Buffer.alloc(1_000_001, "a")),
    );
    await fc.assert(
      fc.asyncProperty(damaged, async (bytes) => {
        writeFileSync(join(folder, "checkpoint"), bytes);
        const round = mirrorOnce(target, logOf(database, ledger, test));
        await expect(round).rejects.toMatchObject({ name: "MirrorError", code: "contradiction" });
        expect(readFileSync(join(folder, "checkpoint")).equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("two servers mirror to one directory at once", async () => {
    const database = await under.open();
    const test = await makeTestLog(database);
    const ledger = await test.open(database);
    const folder = temporaryFolder();
    const targets = [await directoryTarget(folder), await directoryTarget(folder)];
    for (let size = 0; size < 600; size += 60) {
      await append(ledger, size, size + 60);
      await Promise.all(targets.map((it) => mirrorOnce(it, logOf(database, ledger, test))));
      expect(await findings(folder, test.signer.verifier)).toEqual([`${size + 60} read`]);
    }
  });
});

function failing(target: MirrorTarget, failAt: number, effect: boolean) {
  let calls = 0;
  let failed = false;
  async function staged<T>(work: () => Promise<T>): Promise<T> {
    if (calls++ !== failAt) return await work();
    failed = true;
    if (effect) await work();
    throw new MirrorError("unreachable", "staged");
  }
  const faulty: MirrorTarget = {
    place: target.place,
    get: (path, limit) => staged(() => target.get(path, limit)),
    create: (path, bytes) => staged(() => target.create(path, bytes)),
    replace: (path, old, bytes) => staged(() => target.replace(path, old, bytes)),
    removePartials: (path) => staged(() => target.removePartials(path)),
  };
  return { failed: () => failed, faulty };
}

test("links, pipes and other bytes in the directory are refused, and nothing outside is touched", async () => {
  const folder = temporaryFolder();
  const outside = temporaryFolder();
  writeFileSync(join(outside, "000"), "mine");
  const target = await directoryTarget(folder);
  const bytes = new Uint8Array(32);
  symlinkSync(outside, join(folder, "tile"));
  await expect(target.create("tile/0/000.p/1", bytes)).rejects.toMatchObject({
    code: "contradiction",
  });
  await expect(target.get("tile/0/000.p/1", 32)).rejects.toMatchObject({ code: "contradiction" });
  expect(readdirSync(outside)).toEqual(["000"]);
  rmSync(join(folder, "tile"));
  mkdirSync(join(folder, "tile/0"), { recursive: true });
  symlinkSync(join(outside, "000"), join(folder, "tile/0/000"));
  await expect(target.create("tile/0/000", bytes)).rejects.toMatchObject({ code: "contradiction" });
  symlinkSync(join(outside, "000"), join(folder, "checkpoint"));
  await expect(target.replace(checkpointPath, undefined, bytes)).rejects.toMatchObject({
    code: "contradiction",
  });
  expect(readFileSync(join(outside, "000"), "utf8")).toBe("mine");
  await target.create("tile/0/001", bytes);
  await target.create("tile/0/001", bytes);
  await expect(target.create("tile/0/001", new Uint8Array(33))).rejects.toMatchObject({
    code: "contradiction",
  });
  for (const path of ["../x", "tile/0/../../x", "/etc/passwd", "tile/0/000.p/0", ""]) {
    await expect(target.create(path, bytes)).rejects.toThrow();
    await expect(target.get(path, 10)).rejects.toThrow();
  }
});

test("no path leads out of the directory, and none but the log's own is taken", async () => {
  const outer = temporaryFolder();
  const target = await directoryTarget(join(outer, "mirror"));
  const part = fc.constantFrom(
    "..",
    ".",
    "tile",
    "0",
    "000",
    "x001",
    "entries",
    "000.p",
    "1",
    "\0",
    "%2e",
    "",
    "a",
  );
  const path = fc.array(part, { maxLength: 6 }).map((parts) => parts.join("/"));
  const own = /^tile\/(?:0|1|entries)\/(?:x001\/)?000(?:\.p\/1)?$/;
  await fc.assert(
    fc.asyncProperty(path, async (name) => {
      const made = await target.create(name, new Uint8Array(4)).then(
        () => true,
        () => false,
      );
      expect(made && !own.test(name)).toBe(false);
      expect(readdirSync(outer)).toEqual(["mirror"]);
    }),
    { numRuns: 300 },
  );
});

test("a checkpoint is replaced only where the expected one is", async () => {
  const target = await directoryTarget(temporaryFolder());
  const [a, b] = [Buffer.from("a"), Buffer.from("b")];
  expect(await target.replace(checkpointPath, a, b)).toBe(false);
  expect(await target.replace(checkpointPath, undefined, a)).toBe(true);
  expect(await target.replace(checkpointPath, undefined, b)).toBe(false);
  expect(await target.replace(checkpointPath, a, b)).toBe(true);
  expect(await target.replace(checkpointPath, a, b)).toBe(true);
});
