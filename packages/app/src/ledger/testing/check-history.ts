/** fsck finds nothing: the store is what the entries and the mark say. */
import { expect } from "vitest";
import type { Database } from "../../storage/database.ts";
import { fsck } from "../fsck.ts";
import { findLog } from "../log-rows.ts";
import { openMark } from "../mark.ts";
import type { TestLog } from "./ledger-under-test.ts";
import { noteIdentity } from "./notes.ts";

export async function checkHistory(
  database: Database,
  { signer, markFolder }: TestLog,
): Promise<void> {
  const mark = await openMark(markFolder, signer.name);
  const found: unknown[] = [];
  const messages = fsck(database, {
    logId: (await findLog(database.read, signer.name)) ?? 0,
    mark,
    log: signer.verifier,
    identityOf: (leaf) => noteIdentity(Buffer.from(leaf).toString().slice("note ".length)),
  });
  for await (const message of messages) if (message.kind === "finding") found.push(message);
  await mark.close();
  expect(found).toEqual([]);
}
