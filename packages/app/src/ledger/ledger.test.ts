import { leafHash, openCheckpoint, verifyConsistency, verifyInclusion } from "@countermand/tlog";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { createLog } from "./keys.ts";
import { openLedger, openLog } from "./open-ledger.ts";
import { checkReceipt, makeTestLog } from "./testing/ledger-under-test.ts";
import { testSigner } from "./testing/test-signer.ts";
import { notes, noteIdentity, type NoteCommand } from "./testing/notes.ts";

const note = (id: string | number, text = `note ${id}`): NoteCommand => ({ id: String(id), text });

describeOnBothStores("ledger", (store) => {
  test("every submission gets the next index and a proof that verifies", async () => {
    const db = await store.open();
    const log = await makeTestLog(db);
    const ledger = await log.open(db);
    for (let i = 0; i < 5; i++) {
      const { result, receipts } = await ledger.submit(note(i));
      expect(result).toBe("new");
      expect(receipts.map(({ index, size }) => [index, size])).toEqual([[i, i + 1]]);
      for (const receipt of receipts) await checkReceipt(receipt, `note ${i}`, log.signer.verifier);
    }
    // 600 at once: two tiles become full.
    const many = await Promise.all(
      Array.from({ length: 600 }, (_, i) => ledger.submit(note(100 + i))),
    );
    for (const [i, { receipts }] of many.entries()) {
      expect(receipts[0]?.index).toBe(5 + i);
      await checkReceipt(receipts[0] as never, `note ${100 + i}`, log.signer.verifier);
    }
    expect(ledger.state()).toMatchObject({ kind: "running", size: 605, published: 605 });
  });

  test("a retry gets the same index, in the same batch and later", async () => {
    const db = await store.open();
    const log = await makeTestLog(db);
    const ledger = await log.open(db);
    const both = await Promise.all([
      ledger.submit(note("a")),
      ledger.submit(note("a")),
      ledger.submit(note("b")),
    ]);
    expect(both.map(({ result, receipts }) => [result, receipts[0]?.index])).toEqual([
      ["new", 0],
      ["again", 0],
      ["new", 1],
    ]);
    await ledger.close();
    const reopened = await log.open(db);
    const { result, receipts } = await reopened.submit(note("a"));
    expect([result, receipts[0]?.index, receipts[0]?.size]).toEqual(["again", 0, 2]);
    await checkReceipt(receipts[0] as never, "note a", log.signer.verifier);
  });

  test("a refused command and a poisoned one do not touch their batch-mates", async () => {
    const db = await store.open();
    const log = await makeTestLog(db);
    const ledger = await log.open(db);
    for (const fate of ["refuse", "throw", "throw-in-views"] as const) {
      const before = ledger.state();
      const answers = await Promise.allSettled([
        ledger.submit(note(`${fate} 1`)),
        ledger.submit({ id: `${fate} 2`, text: "", fate }),
        ledger.submit(note(`${fate} 3`)),
      ]);
      expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(answers[1]).toMatchObject({
        reason: { message: expect.stringMatching(/refused|poisoned/) },
      });
      expect(ledger.state()).toMatchObject({ size: (before as { size: number }).size + 2 });
    }
  });

  test("a decider that makes impossible leaves is told so", async () => {
    const db = await store.open();
    const log = await makeTestLog(db);
    const ledger = await log.open(db);
    const huge = ledger.submit(note("huge", "x".repeat(65_536)));
    await expect(huge).rejects.toThrow("an entry has at most 65535 bytes, not 65536");
    await ledger.submit(note("large", "x".repeat(65_535)));
    await ledger.submit(note("empty", ""));
    expect(ledger.state()).toMatchObject({ size: 2 });
  });

  test("recordedAt never goes back", async () => {
    const db = await store.open();
    const log = await makeTestLog(db);
    const times = [
      "2026-11-23T10:00:00.000Z",
      "2025-01-01T00:00:00.000Z",
      "2026-11-23T10:00:00.500Z",
    ];
    const seen: string[] = [];
    const clock = [...times];
    const ledger = await openLedger({
      database: db,
      signer: log.signer,
      markFolder: log.markFolder,
      now: () => new Date(clock[0] ?? ""),
      decider: {
        async decide(tx, commands: readonly NoteCommand[], frame) {
          seen.push(frame.recordedAt.toISOString());
          return notes.decide(tx, commands, frame);
        },
      },
    });
    for (let i = 0; i < 3; i++) {
      await ledger.submit(note(i));
      clock.shift();
    }
    expect(seen).toEqual([times[0], times[0], times[2]]);
    await ledger.close();
  });

  test("too many at once are told to come back", async () => {
    const db = await store.open();
    const log = await makeTestLog(db);
    const ledger = await log.open(db, { maxWaiting: 3 });
    const answers = await Promise.allSettled([1, 2, 3, 4, 5].map((id) => ledger.submit(note(id))));
    expect(answers.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
    ]);
    expect(answers[4]).toMatchObject({ reason: { code: "busy", retryAfter: 1 } });
    await ledger.submit(note(6));
  });

  test("close finishes what was submitted; after that nothing is taken", async () => {
    const db = await store.open();
    const log = await makeTestLog(db);
    const ledger = await log.open(db);
    const answers = Promise.all([1, 2, 3].map((id) => ledger.submit(note(id))));
    await ledger.close();
    expect((await answers).flatMap(({ receipts }) => receipts.map(({ index }) => index))).toEqual([
      0, 1, 2,
    ]);
    await expect(ledger.submit(note(4))).rejects.toMatchObject({ code: "closed" });
    expect(await db.read.selectFrom("checkpoint").select("size").orderBy("size").execute()).toEqual(
      [{ size: 0 }, { size: 3 }],
    );
  });

  test("logs in one database do not see each other", async () => {
    const db = await store.open();
    const a = await makeTestLog(db, "log.example.com/a");
    const b = await makeTestLog(db, "log.example.com/b");
    const [one, two] = [await a.open(db), await b.open(db)];
    await Promise.all([
      one.submit(note("same")),
      two.submit(note("same")),
      two.submit(note("other")),
    ]);
    expect([one.state(), two.state()]).toMatchObject([{ size: 1 }, { size: 2 }]);
    await expect(createLog(db, a.signer, new Date())).rejects.toMatchObject({ code: "log-exists" });
    const c = await testSigner("log.example.com/c");
    await expect(
      openLedger({ database: db, signer: c, decider: notes, markFolder: a.markFolder }),
    ).rejects.toMatchObject({ code: "no-such-log" });
  });

  test("submitting inside a transaction is a mistake", async () => {
    const db = await store.open();
    const log = await makeTestLog(db);
    const ledger = await log.open(db);
    await expect(db.transaction(() => ledger.submit(note(1)))).rejects.toThrow(TypeError);
  });

  test("random batches against a plain array: same entries, proofs at every size", async () => {
    const db = await store.open();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(40), { minLength: 1, maxLength: 90 }), {
          minLength: 1,
          maxLength: 6,
        }),
        async (batches) => {
          run += 1;
          const log = await makeTestLog(db, `log.example.com/model-${run}`);
          const ledger = await openLedger({
            database: db,
            signer: log.signer,
            decider: notes,
            markFolder: log.markFolder,
          });
          const model: string[] = [];
          const roots = new Map<number, Uint8Array>();
          for (const batch of batches) {
            const answers = await Promise.all(batch.map((id) => ledger.submit(note(id))));
            for (const [i, { receipts }] of answers.entries()) {
              const text = `note ${batch[i]}`;
              if (!model.includes(text)) model.push(text);
              expect(receipts[0]?.index).toBe(model.indexOf(text));
              await checkReceipt(receipts[0] as never, text, log.signer.verifier);
            }
            const { size, root } = await openCheckpoint(
              ledger.log().checkpoint(),
              [log.signer.verifier],
              log.signer.name,
            );
            expect(size).toBe(model.length);
            for (const [oldSize, oldRoot] of roots) {
              const proof = await ledger.log().consistencyProof(oldSize);
              verifyConsistency({ oldSize, oldRoot, newSize: size, newRoot: root, proof });
            }
            roots.set(size, root);
          }
          const entries: string[] = [];
          for await (const { index, bytes } of ledger.log().entries(0, Infinity)) {
            expect(index).toBe(entries.length);
            entries.push(Buffer.from(bytes).toString());
          }
          expect(entries).toEqual(model);
          for (const [size, root] of roots) {
            for (let index = 0; index < size; index++) {
              const proof = await ledger.log().inclusionProof(index, size);
              verifyInclusion({
                leafHash: leafHash(Buffer.from(model[index] ?? "")),
                index,
                size,
                proof,
                root,
              });
            }
          }
          await ledger.close();
        },
      ),
      { numRuns: 12 },
    );
  });

  test("a reader without a key sees the stored checkpoint", async () => {
    const db = await store.open();
    const log = await makeTestLog(db);
    const ledger = await log.open(db);
    await Promise.all([1, 2, 3].map((id) => ledger.submit(note(id))));
    await ledger.close();
    const reader = await openLog(db, log.signer.name);
    expect(reader.published().size).toBe(3);
    expect(await reader.verifierKeys()).toEqual([log.signer.vkey]);
    expect(Buffer.from((await reader.entry(2)) ?? []).toString()).toBe("note 3");
    expect(await reader.entry(3)).toBeUndefined();
    await expect(openLog(db, "log.example.com/none")).rejects.toMatchObject({
      code: "no-such-log",
    });
    const row = await db.read
      .selectFrom("entry")
      .select("identity_hash")
      .where("idx", "=", 0)
      .executeTakeFirst();
    expect(row?.identity_hash).toEqual(noteIdentity("1"));
  });
});
