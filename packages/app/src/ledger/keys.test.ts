import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openNote, parseSignerKey, signNote } from "@countermand/tlog";
import { expect, test } from "vitest";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { createKeyFile, createLog, readKeyFile, signerFromSeed } from "./keys.ts";
import { openLedger } from "./open-ledger.ts";
import { makeTestLog, temporaryFolder } from "./testing/ledger-under-test.ts";
import { notes } from "./testing/notes.ts";

test("a key file is made once, for its user alone, and read back", async () => {
  const file = join(temporaryFolder(), "log.key");
  const made = await createKeyFile(file, "log.example.com/prod");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const read = await readKeyFile(file);
  expect([read.name, read.keyId, read.vkey]).toEqual([made.name, made.keyId, made.vkey]);
  expect((await parseSignerKey(readFileSync(file, "utf8").trim())).keyId).toBe(made.keyId);
  const note = await signNote("text\n", [read]);
  expect((await openNote(note, [made.verifier])).verified).toHaveLength(1);
  // Another implementation of Ed25519 makes the same signature.
  const other = await parseSignerKey(readFileSync(file, "utf8").trim());
  expect(await signNote("text\n", [other])).toEqual(note);
  await expect(createKeyFile(file, "log.example.com/prod")).rejects.toMatchObject({
    code: "key-file",
    message: `there is a log key at ${file} already; it is never overwritten`,
  });
  expect((await readKeyFile(file)).vkey).toBe(made.vkey);
});

test("the published key of x/mod's documentation signs what it signs there", async () => {
  // golang.org/x/mod/sumdb/note, ExampleSign.
  const key = await parseSignerKey(
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
  );
  const signer = await signerFromSeed("PeterNeumann", key.seed);
  expect(signer.vkey).toBe("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  const text =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const note = Buffer.from(await signNote(text, [signer])).toString();
  expect(note).toContain(
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=",
  );
});

test.each([
  [
    "loose permissions",
    0o640,
    undefined,
    /may be read or changed by others \(mode 0640\); run chmod 600 on it/,
  ],
  ["no line", 0o600, "", /is not one line with a log key/],
  ["two lines", 0o600, "a\nb\n", /is not one line with a log key/],
  ["another key", 0o600, "-----BEGIN OPENSSH PRIVATE KEY-----\n", /this is no signer key/],
  ["too long", 0o600, "x".repeat(5_000), /is too long for a log key/],
])("a key file with %s is refused", async (_name, mode, content, problem) => {
  const file = join(temporaryFolder(), "log.key");
  await createKeyFile(file, "log.example.com/prod");
  if (content !== undefined) writeFileSync(file, content);
  chmodSync(file, mode);
  await expect(readKeyFile(file)).rejects.toMatchObject({
    code: "key-file",
    message: expect.stringMatching(problem),
  });
});

test("a key that is not there, and origins that are none", async () => {
  const folder = temporaryFolder();
  await expect(readKeyFile(join(folder, "log.key"))).rejects.toThrow(
    `there is no log key at ${join(folder, "log.key")}`,
  );
  for (const origin of [
    "",
    "two words",
    "a+b",
    "https://log.example.com",
    "log.example.com/",
    "x".repeat(256),
  ]) {
    await expect(createKeyFile(join(folder, "log.key"), origin)).rejects.toThrow(
      "cannot be a log's origin",
    );
  }
});

describeOnBothStores("keys", (store) => {
  test("a store that another key signs is refused, by name", async () => {
    const database = await store.open();
    const log = await makeTestLog(database);
    const thief = await signerFromSeed(log.signer.name, new Uint8Array(32).fill(1));
    await expect(
      openLedger({ database, signer: thief, decider: notes, markFolder: log.markFolder }),
    ).rejects.toMatchObject({
      code: "foreign-key",
      message: `the log ${log.signer.name} is signed by ${log.signer.vkey}, and the key given is ${thief.vkey}; start with the log's own key`,
    });
  });

  test("a key that somebody wrote into the database signs nothing that is there", async () => {
    const location = await store.place();
    const database = await store.open(location);
    const log = await makeTestLog(database);
    const ledger = await log.open(database);
    await ledger.submit({ id: "1", text: "note 1" });
    await ledger.close();
    const thief = await signerFromSeed(log.signer.name, new Uint8Array(32).fill(1));
    await store.tamper(location, `update log_key set vkey = '${thief.vkey}'`);
    await expect(log.open(database)).rejects.toMatchObject({ code: "foreign-key" });
    const open = (markFolder: string) =>
      openLedger({ database, signer: thief, decider: notes, markFolder, adopt: true });
    await expect(open(log.markFolder)).rejects.toThrow("does not open with the log's key");
    await expect(open(temporaryFolder())).rejects.toThrow(
      "the stored checkpoint of 1 entries does not open with the log's key",
    );
  });

  test("logs are numbered as they are made", async () => {
    const database = await store.open();
    const now = new Date();
    expect(await createLog(database, await signerFromSeed("a", new Uint8Array(32)), now)).toBe(1);
    expect(await createLog(database, await signerFromSeed("b", new Uint8Array(32)), now)).toBe(2);
  });
});
