/** A log with a key and a mark in a throw-away folder. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyProofFile, type NoteVerifier } from "@countermand/tlog";
import { expect, onTestFinished } from "vitest";
import type { Database } from "../../storage/database.ts";
import { createLog, type LogSigner } from "../keys.ts";
import type { Ledger, Receipt } from "../ledger.ts";
import { openLedger, type LedgerOptions } from "../open-ledger.ts";
import { origin, testSigner } from "./test-signer.ts";
import { notes, type NoteCommand } from "./notes.ts";

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "countermand-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestLog {
  readonly signer: LogSigner;
  readonly markFolder: string;
  /** Opens the ledger; it is closed when the test is over. */
  open(
    database: Database,
    more?: Partial<LedgerOptions<NoteCommand, string>>,
  ): Promise<Ledger<NoteCommand, string>>;
}

/** Makes the log in `database`. */
export async function makeTestLog(database: Database, name = origin): Promise<TestLog> {
  const signer = await testSigner(name);
  await createLog(database, signer, new Date("2026-11-23T09:00:00.000Z"));
  return testLog(signer, temporaryFolder());
}

export function testLog(signer: LogSigner, markFolder: string): TestLog {
  return {
    signer,
    markFolder,
    async open(database, more = {}) {
      const ledger = await openLedger({ database, signer, decider: notes, markFolder, ...more });
      onTestFinished(() => ledger.close());
      return ledger;
    },
  };
}

/** Checks a receipt as somebody would who trusts only the log's key. */
export async function checkReceipt(
  receipt: Receipt,
  text: string,
  verifier: NoteVerifier,
): Promise<void> {
  expect(Buffer.from(receipt.entry).toString()).toBe(text);
  const { index, checkpoint } = await verifyProofFile({
    file: Buffer.from(receipt.proof),
    leafHash: receipt.leafHash,
    origin: verifier.name,
    verifiers: [verifier],
  });
  expect(index).toBe(receipt.index);
  expect(checkpoint.size).toBe(receipt.size);
}
