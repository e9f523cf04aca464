/** A log that signs every checkpoint with a second key: who knows it demands both lines. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { keyTypes, openCheckpoint, openNote, parseVerifierKey } from "@countermand/tlog";
import { expect, onTestFinished, test } from "vitest";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { keyFiles, readSecondKey } from "./key-folder.ts";
import {
  createKeyFile,
  createLog,
  createSecondKeyFile,
  readKeyFile,
  readPublicKey,
  readSecondKeyFile,
  resealKeyFile,
} from "./keys.ts";
import { openMark } from "./mark.ts";
import { openLedger } from "./open-ledger.ts";
import { temporaryFolder } from "./testing/ledger-under-test.ts";
import { notes } from "./testing/notes.ts";
import { origin, testSigner } from "./testing/test-signer.ts";

const now = () => Date.parse("2026-11-23T10:00:00.000Z");

describeOnBothStores("a second line", (under) => {
  test("is on every checkpoint and in every receipt; who knows only the first key reads on", async () => {
    const database = await under.open(await under.place());
    onTestFinished(() => database.close());
    const signer = await testSigner();
    await createLog(database, signer, new Date(now()));
    const folder = temporaryFolder();
    const vkey = await createSecondKeyFile(keyFiles(folder).second, origin);
    const second = await readSecondKey(folder, origin, now);
    const verifier = parseVerifierKey(vkey);
    const marks = temporaryFolder();
    const open = async (with2: boolean) => {
      const ledger = await openLedger({
        database,
        signer,
        decider: notes,
        markFolder: marks,
        ...(with2 ? { second } : {}),
      });
      onTestFinished(() => ledger.close());
      return ledger;
    };
    const ledger = await open(true);
    const done = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ledger.submit({ id: `${i}`, text: `entry ${i}` })),
    );
    const newest = Buffer.from(ledger.log().published().note);
    const { verified } = await openNote(newest, [signer.verifier, verifier]);
    expect(verified.map((one) => one.verifier.type)).toEqual([
      keyTypes.ed25519,
      keyTypes.mlDsa44Cosignature,
    ]);
    expect(verified[1]?.timestamp).toBe(now() / 1000);
    expect((await openCheckpoint(newest, [signer.verifier], origin)).size).toBe(20);
    // A log's second line does not stand in for its first.
    await expect(openCheckpoint(newest, [verifier], origin)).rejects.toMatchObject({
      code: "signature",
    });
    const receipt = done[7]?.receipts[0];
    expect(receipt?.proof).toContain(receipt?.checkpoint.split("\n\n")[1]);
    await ledger.close();

    // Started again it signs anew, other bytes for the same tree; without the key it goes on too.
    const again = await open(true);
    expect(again.log().published().note).not.toBe(newest.toString());
    expect(again.log().published().size).toBe(20);
    await again.close();
    const plain = await open(false);
    await plain.submit({ id: "more", text: "more" });
    const last = Buffer.from(plain.log().published().note);
    await expect(openNote(last, [verifier])).rejects.toMatchObject({ code: "signature" });
    expect((await openCheckpoint(last, [signer.verifier], origin)).size).toBe(21);
    await plain.close();
    const mark = await openMark(marks, origin);
    expect(mark.note).toBe(last.toString());
    await mark.close();
  });
});

test("its key is made once, sealed as the others are, and never taken for the first", async () => {
  const folder = temporaryFolder();
  const { log, second } = keyFiles(folder);
  await createKeyFile(log, origin);
  const pass = async () => "a passphrase of some length";
  const vkey = await createSecondKeyFile(second, origin, pass);
  await expect(createSecondKeyFile(second, origin)).rejects.toMatchObject({ code: "key-file" });
  expect(readFileSync(second, "utf8")).not.toContain("PRIVATE+KEY");
  expect(parseVerifierKey(vkey)).toEqual(await readPublicKey(second));
  await expect(readSecondKey(folder, origin, now)).rejects.toThrow(/sealed, and no passphrase/);
  expect((await readSecondKey(folder, origin, now, pass))?.verifier).toEqual(
    parseVerifierKey(vkey),
  );
  await resealKeyFile(second, pass, undefined);
  expect((await readSecondKeyFile(second, now)).verifier).toEqual(parseVerifierKey(vkey));
  expect(await readPublicKey(second)).toEqual(parseVerifierKey(vkey));
  await expect(readKeyFile(second)).rejects.toMatchObject({ code: "key-file" });
  await expect(readSecondKeyFile(log, now)).rejects.toMatchObject({ code: "key-file" });
  await expect(readSecondKey(folder, "example.com/other", now)).rejects.toThrow(
    /is a key of .*, and the log is example.com\/other/,
  );
  const none = join(folder, "none");
  expect(existsSync(none)).toBe(false);
  expect(await readSecondKey(none, origin, now)).toBeUndefined();
});
