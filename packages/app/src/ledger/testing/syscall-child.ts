/**
 * Submits notes to the ledger in a SQLite file, one after another: a process for
 * tests whose system calls fail.
 *   node -C source syscall-child.ts FILE MARKFOLDER NAME COUNT
 * What is acknowledged is a line `<index> note <NAME>-<n>`, what is not `failed <code>`;
 * a ledger that cannot be opened or closed is a line `refused <error's name> <code>`.
 */
import { openDatabase } from "../../storage/open.ts";
import { StorageError } from "../../storage/error.ts";
import { LedgerError } from "../error.ts";
import { openLedger } from "../open-ledger.ts";
import { notes } from "./notes.ts";
import { origin, testSigner } from "./test-signer.ts";

const [file = "", markFolder = "", name = "", count = ""] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

/** The sentence's code, for errors that the ledger documents; anything else is a defect. */
function codeOf(error: unknown): string {
  if (error instanceof LedgerError || error instanceof StorageError) return error.code;
  throw error;
}

try {
  const database = await openDatabase({ file });
  try {
    const signer = await testSigner(origin);
    const ledger = await openLedger({ database, signer, decider: notes, markFolder });
    for (let i = 0; i < Number(count); i++) {
      const id = `${name}-${i}`;
      try {
        const { receipts } = await ledger.submit({ id, text: `note ${id}` });
        say(`${receipts[0]?.index} note ${id}`);
      } catch (error) {
        say(`failed ${codeOf(error)}`);
      }
    }
    await ledger.close();
  } finally {
    await database.close();
  }
} catch (error) {
  say(`refused ${(error as Error).name} ${codeOf(error)}`);
}
