/** Mirrors the log of tests in a SQLite file to a folder, once: a process for tests to kill and to starve. */
import { openDatabase } from "../../../storage/open.ts";
import { openLog } from "../../open-ledger.ts";
import { origin, testSigner } from "../../testing/test-signer.ts";
import { directoryTarget } from "../directory-target.ts";
import { mirrorOnce } from "../mirror.ts";
import { MirrorError } from "../target.ts";

const [file = "", folder = ""] = process.argv.slice(2);
const database = await openDatabase({ file });
try {
  const { verifier } = await testSigner();
  const log = await openLog(database, origin);
  const size = await mirrorOnce(await directoryTarget(folder), { database, log, verifier });
  process.stdout.write(`mirrored ${size}\n`);
} catch (error) {
  if (!(error instanceof MirrorError)) throw error;
  process.stdout.write(`${error.code}: ${error.message}\n`);
} finally {
  await database.close();
}
