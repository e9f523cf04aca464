/**
 * Durable appends through the whole ledger, proof in the answer, against
 * inserting the same rows with no ledger: same store, same table, same natural
 * batching, in turns in one run. Closed loop: each submitter waits for its
 * answer before it submits again.
 *
 *   node -C source bench/append.ts [seconds per cell]
 *
 * PostgreSQL is Debian's, started here with its defaults and fsync on. Writes
 * bench/results/append.md.
 */
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, release, tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { createLog, signerFromSeed } from "../packages/app/src/ledger/keys.ts";
import type { Decider, LeafDraft } from "../packages/app/src/ledger/ledger.ts";
import { openLedger } from "../packages/app/src/ledger/open-ledger.ts";
import { insertRows, runSql, type Database } from "../packages/app/src/storage/database.ts";
import { openDatabase } from "../packages/app/src/storage/open.ts";
import {
  ensureServer,
  findPostgresql,
  stopServer,
} from "../packages/app/src/storage/testing/postgresql-server.ts";

const secondsPerCell = Number(process.argv[2] ?? 3);
const entryBytes = 1_024;
const submitters = [1, 16, 64, 256];
const maxBatch = 256;

interface Rate {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** What `count` submitters in a closed loop get. A quarter of the time warms up. */
async function measure(count: number, submit: () => Promise<unknown>): Promise<Rate> {
  const start = performance.now();
  const counted = start + (secondsPerCell * 1_000) / 4;
  const end = start + secondsPerCell * 1_000;
  const latencies: number[] = [];
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (;;) {
        const from = performance.now();
        if (from > end) return;
        await submit();
        const to = performance.now();
        if (from >= counted) latencies.push(to - from);
      }
    }),
  );
  const took = (performance.now() - counted) / 1_000;
  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.floor((latencies.length - 1) * part)] ?? 0;
  return { perSecond: latencies.length / took, p50: at(0.5), p99: at(0.99) };
}

/** Random, so that nothing compresses it, and made beforehand: 8 µs an entry would be the bench's own. */
const noise = new Uint8Array(randomBytes(1 << 20));
let drafts = 0;

function draft(): LeafDraft {
  drafts += 1;
  const at = (drafts * 997) % (noise.length - entryBytes);
  const bytes = noise.slice(at, at + entryBytes);
  new DataView(bytes.buffer).setUint32(0, drafts);
  const identity = noise.slice(at, at + 32);
  new DataView(identity.buffer).setUint32(16, drafts);
  return { bytes, identity };
}

const decider: Decider<LeafDraft, undefined> = {
  async decide(_tx, commands) {
    return {
      outcomes: commands.map((leaf) => ({ kind: "append", leaves: [leaf], result: undefined })),
      async writeViews() {},
    };
  },
};

let logs = 0;

async function withLedger(database: Database, count: number): Promise<Rate> {
  const origin = `bench.example.com/${++logs}`;
  const markFolder = mkdtempSync(join(tmpdir(), "countermand-bench-"));
  const signer = await signerFromSeed(
    origin,
    new Uint8Array(createHash("sha256").update(origin).digest()),
  );
  await createLog(database, signer, new Date());
  const ledger = await openLedger({ database, signer, decider, markFolder });
  try {
    return await measure(count, () => ledger.submit(draft()));
  } finally {
    await ledger.close();
    rmSync(markFolder, { recursive: true });
  }
}

/** The rows of the ledger's `entry`, with the same keys, from the same kind of queue. */
async function bareRows(database: Database, count: number): Promise<Rate> {
  const log = ++logs;
  const queue: { leaf: LeafDraft; done: () => void }[] = [];
  let next = 0;
  let working = false;
  const columns = [
    { name: "log_id", type: "integer" },
    { name: "idx", type: "integer" },
    { name: "leaf", type: "bytes" },
    { name: "leaf_hash", type: "bytes" },
    { name: "identity_hash", type: "bytes" },
  ] as const;
  const hash = new Uint8Array(32);
  async function work(): Promise<void> {
    await setImmediate();
    while (queue.length > 0) {
      const batch = queue.splice(0, maxBatch);
      await database.transaction((tx) =>
        insertRows(
          tx,
          "bare" as never,
          columns,
          batch.map(({ leaf }) => [log, next++, leaf.bytes, hash, leaf.identity]),
        ),
      );
      for (const { done } of batch) done();
    }
    working = false;
  }
  return measure(count, async () => {
    const leaf = draft();
    return new Promise<void>((done) => {
      queue.push({ leaf, done });
      if (!working) {
        working = true;
        void work();
      }
    });
  });
}

const bareTable = {
  sqlite: `create table bare (log_id integer not null, idx integer not null, leaf blob not null,
    leaf_hash blob not null, identity_hash blob not null, primary key (log_id, idx)) strict`,
  postgresql: `create table bare (log_id bigint not null, idx bigint not null, leaf bytea not null,
    leaf_hash bytea not null, identity_hash bytea not null, primary key (log_id, idx))`,
};

async function bench(database: Database): Promise<string[]> {
  await database.transaction(async (tx) => {
    await runSql(tx, bareTable[database.engine]);
    await runSql(tx, "create unique index bare_identity on bare (log_id, identity_hash)");
  });
  const lines: string[] = [];
  for (const count of submitters) {
    const bare = await bareRows(database, count);
    const ledger = await withLedger(database, count);
    const cells = [
      database.engine,
      count,
      Math.round(ledger.perSecond).toLocaleString("en"),
      ledger.p50.toFixed(2),
      ledger.p99.toFixed(2),
      Math.round(bare.perSecond).toLocaleString("en"),
      bare.p50.toFixed(2),
      bare.p99.toFixed(2),
      (ledger.perSecond / bare.perSecond).toFixed(2),
    ];
    const line = `| ${cells.join(" | ")} |`;
    console.log(line);
    lines.push(line);
  }
  return lines;
}

/** Who else was at work when it began: absolute figures are worth little on a busy machine. */
const load = loadavg()[0]?.toFixed(1);
const folder = mkdtempSync(join(tmpdir(), "countermand-bench-"));
chmodSync(folder, 0o755);
const lines = [
  "| store | submitters | ledger /s | p50 ms | p99 ms | bare rows /s | p50 ms | p99 ms | ratio |",
  "|---|---|---|---|---|---|---|---|---|",
];
console.log(lines.join("\n"));
try {
  const sqlite = await openDatabase({ file: join(folder, "bench.db") });
  lines.push(...(await bench(sqlite)));
  await sqlite.close();
  if (findPostgresql() === undefined) {
    lines.push("", "PostgreSQL is not installed: not measured.");
  } else {
    const socket = await ensureServer(folder);
    const postgresql = await openDatabase({
      url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(socket)}`,
    });
    lines.push(...(await bench(postgresql)));
    await postgresql.close();
  }
} finally {
  await stopServer(folder);
  rmSync(folder, { recursive: true, force: true });
}
const machine = `${cpus().length} × ${cpus()[0]?.model ?? arch()}, Linux ${release()}, Node ${process.version}`;
writeFileSync(
  new URL("results/append.md", import.meta.url),
  `# Appends\n\n${new Date().toISOString().slice(0, 10)}, ${machine}, ${secondsPerCell} s per cell, load average ${load} at the start.\n\`node -C source bench/append.ts\`; ${entryBytes}-byte entries, one ledger process, closed loop.\n\n${lines.join("\n")}\n`,
);
