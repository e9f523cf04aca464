/**
 * Many logs in one PostgreSQL: the same number of submitters, all on one log, and
 * each on a log of their own. On one log their entries share a commit by themselves;
 * on many each log commits for itself, and PostgreSQL lets those commits share a
 * wait for the disk. Is a commit of our own over several logs worth having?
 *
 *   node -C source bench/tenants.ts [seconds per cell]
 *
 * PostgreSQL is Debian's, with its defaults and fsync on. Writes bench/results/tenants.md.
 */
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, release, tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, signerFromSeed } from "../packages/app/src/ledger/keys.ts";
import type { Ledger } from "../packages/app/src/ledger/ledger.ts";
import { openLedger } from "../packages/app/src/ledger/open-ledger.ts";
import { notes, type NoteCommand } from "../packages/app/src/ledger/testing/notes.ts";
import type { Database } from "../packages/app/src/storage/database.ts";
import { openDatabase } from "../packages/app/src/storage/open.ts";
import {
  ensureServer,
  findPostgresql,
  stopServer,
} from "../packages/app/src/storage/testing/postgresql-server.ts";

const seconds = Number(process.argv[2] ?? 5);
const folder = mkdtempSync(join(tmpdir(), "countermand-bench-"));
let logs = 0;
let sent = 0;

async function openOne(database: Database): Promise<Ledger<NoteCommand, string>> {
  const origin = `bench.example.com/${++logs}`;
  const seed = new Uint8Array(createHash("sha256").update(origin).digest());
  const signer = await signerFromSeed(origin, seed);
  await createLog(database, signer, new Date());
  return openLedger({ database, signer, decider: notes, markFolder: folder });
}

/** Entries a second, all submitters together, each waiting for its answer. */
async function rate(database: Database, submitters: number, howMany: number): Promise<number> {
  const open: Ledger<NoteCommand, string>[] = [];
  for (let i = 0; i < howMany; i++) open.push(await openOne(database));
  const text = randomBytes(500).toString("hex");
  const end = performance.now() + seconds * 1_000;
  let done = 0;
  await Promise.all(
    Array.from({ length: submitters }, async (_, i) => {
      const ledger = open[i % howMany];
      while (performance.now() < end) {
        const id = `${++sent}`;
        await ledger?.submit({ id, text: `${id} ${text}` });
        done += 1;
      }
    }),
  );
  for (const ledger of open) await ledger.close();
  return done / seconds;
}

if (findPostgresql() === undefined) throw new Error("PostgreSQL is not installed");
const before = loadavg()[0] ?? 0;
// Its processes run as another user.
chmodSync(folder, 0o755);
const socket = await ensureServer(folder);
const database = await openDatabase({
  url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(socket)}`,
});
const rows: string[] = [];
try {
  await rate(database, 4, 4);
  for (const submitters of [1, 8, 32, 128]) {
    const one = await rate(database, submitters, 1);
    const many = await rate(database, submitters, submitters);
    const again = await rate(database, submitters, 1);
    const mean = (one + again) / 2;
    rows.push(
      `| ${submitters} | ${mean.toFixed(0)} | ${many.toFixed(0)} | ${(many / mean).toFixed(2)} |`,
    );
  }
} finally {
  await database.close();
  await stopServer(folder);
  rmSync(folder, { recursive: true, force: true });
}
const text = `# Many logs in one database

\`node -C source bench/tenants.ts ${seconds}\`, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${arch()}, Linux ${release()}, Node ${process.versions.node}, load ${before.toFixed(1)} before. PostgreSQL on the same machine, entries of 1 KB, each submitter waits for its answer with the proof.

| submitters | all on one log, entries/s | a log for each, entries/s | ratio |
|---|---|---|---|
${rows.join("\n")}
`;
writeFileSync(new URL("results/tenants.md", import.meta.url), text);
console.log(text);
