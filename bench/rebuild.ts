/**
 * `countermand rebuild`: every view of a ledger of records dropped, made again from the
 * entries and compared with what it was. Beside it, in the same run and on one thread, what
 * the entries alone cost: parsed, and their rules run.
 *
 *   node -C source bench/rebuild.ts [entries] [sqlite|postgresql]
 *
 * The entries are made here: whole lives of records, 200 open at once, each statement
 * truly signed. PostgreSQL is Debian's, started here with its defaults. Writes a line into
 * bench/results/rebuild.md.
 */
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, tmpdir } from "node:os";
import { join } from "node:path";
import {
  applyEntry,
  decodeBase64,
  emptyWorld,
  encodeHex,
  parseEntry,
  parsePayload,
} from "@countermand/record";
import { leafHash } from "@countermand/tlog";
import { signerFromSeed } from "../packages/app/src/ledger/keys.ts";
import { rebuildViews } from "../packages/app/src/rollbacks/rebuild.ts";
import type { Database } from "../packages/app/src/storage/database.ts";
import { openDatabase } from "../packages/app/src/storage/open.ts";
import { ensureServer, stopServer } from "../packages/app/src/storage/testing/postgresql-server.ts";
import { fillLedger } from "./support/records.ts";

const wanted = Number(process.argv[2] ?? 10_000);
const engine = process.argv[3] ?? "sqlite";
const folder = mkdtempSync(join(tmpdir(), "countermand-bench-"));
chmodSync(folder, 0o755);

async function place() {
  if (engine === "sqlite") return { file: join(folder, "ledger.db") };
  const socket = await ensureServer(folder);
  return { url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(socket)}` };
}

/** Seconds that a sample of entries costs without any store. */
async function foldAlone(database: Database, logId: number, count: number): Promise<number> {
  const rows = await database.read
    .selectFrom("entry")
    .select(["entry.idx", "entry.leaf"])
    .where("entry.log_id", "=", logId)
    .where("entry.idx", "<", count)
    .orderBy("entry.idx")
    .execute();
  const from = performance.now();
  const world = emptyWorld("unchecked");
  for (const { idx, leaf } of rows) {
    const entry = parseEntry(leaf);
    const statement = parsePayload(decodeBase64(entry.envelope.payload));
    applyEntry(world, entry, statement, { index: idx, leafHash: encodeHex(leafHash(leaf)) });
  }
  return (performance.now() - from) / 1_000;
}

let highest = 0;
const watching = setInterval(() => {
  highest = Math.max(highest, process.memoryUsage().rss);
}, 50);

try {
  const database = await openDatabase(await place());
  const seed = new Uint8Array(createHash("sha256").update("bench").digest());
  const signer = await signerFromSeed("bench.example.com/rebuild", seed);
  const { logId, size, bytes } = await fillLedger(database, signer, wanted, (done) => {
    if (done % 100_000 < 2_048) console.error(`made ${done} entries`);
  });
  // Nothing is there before the first; the second finds all of it, and must find it the same.
  await rebuildViews(database, logId);
  globalThis.gc?.();
  highest = 0;
  const load = loadavg()[0] ?? 0;
  const from = performance.now();
  const cpu = process.cpuUsage();
  const rebuilt = await rebuildViews(database, logId, ({ done, total }) => {
    if (done % 102_400 === 0) console.error(`rebuilt ${done} of ${total}`);
  });
  const took = (performance.now() - from) / 1_000;
  const used = process.cpuUsage(cpu);
  const peak = highest;
  const sample = Math.min(size, 50_000);
  const alone = ((await foldAlone(database, logId, sample)) / sample) * size;
  const { records } = await database.read
    .selectFrom("record")
    .select((eb) => eb.fn.countAll<number>().as("records"))
    .executeTakeFirstOrThrow();
  await database.close();
  if (rebuilt.different.length > 0) throw new Error(`not the same: ${rebuilt.different.join()}`);
  const cells = [
    engine,
    size.toLocaleString("en"),
    records.toLocaleString("en"),
    Math.round(bytes / size),
    took.toFixed(1),
    Math.round(size / took).toLocaleString("en"),
    ((used.user + used.system) / 1e6).toFixed(1),
    (took / alone).toFixed(2),
    Math.round(peak / 1e6),
    load.toFixed(1),
    new Date().toISOString().slice(0, 10),
  ];
  report(`| ${cells.join(" | ")} |`);
} finally {
  clearInterval(watching);
  await stopServer(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** Adds the line, in the place of an older one for the same store and size. */
function report(line: string): void {
  const file = new URL("results/rebuild.md", import.meta.url);
  const cellsOf = (text: string) => text.split(" | ").slice(0, 2).join();
  let old: string[] = [];
  try {
    old = readFileSync(file, "utf8").split("\n");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const lines = old.filter((one) => /^\| (?:sqlite|postgresql) /.test(one));
  const kept = lines.filter((one) => cellsOf(one) !== cellsOf(line));
  const text = `# Rebuilding the views

\`node -C source bench/rebuild.ts ENTRIES STORE\`, ${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release()}, Node ${process.versions.node}.

Whole lives of records, 200 open at once, every statement signed. Measured is a rebuild that finds all views there: they are hashed, dropped, made again and hashed again, and were the same. "÷ fold" is against parsing the entries and running their rules on one thread, without a store. Memory is the process's highest, SQLite's 64 MB cache for each connection included. The target is a million entries in under 120 s.

| store | entries | records | bytes an entry | seconds | entries /s | CPU s | ÷ fold | MB | load before | date |
|---|---|---|---|---|---|---|---|---|---|---|
${[...kept, line].join("\n")}
`;
  console.log(text);
  writeFileSync(file, text);
}
