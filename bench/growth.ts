/**
 * What an append costs as the log grows, and how much memory a server has over it. Logs of
 * several sizes are made first, each in a database of its own, and then take the same
 * load in turns, so that a machine that slows down slows all of them.
 *
 *   node -C source bench/growth.ts [sqlite|postgresql] [sizes, with commas] [seconds a turn]
 *
 * The logs are of opaque 128-byte leaves; what is appended has 1 KB, from 64 submitters in
 * a closed loop, with proofs. Memory is that of a `serve` process in test-log mode:
 * after its start, and after it served appends and tiles. Writes lines into
 * bench/results/growth.md.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { cpus, loadavg, release, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createKeyFile, readKeyFile } from "../packages/app/src/ledger/keys.ts";
import { openLedger } from "../packages/app/src/ledger/open-ledger.ts";
import { opaqueLeaves } from "../packages/app/src/ledger/test-log/opaque-leaves.ts";
import { openDatabase, type DatabaseLocation } from "../packages/app/src/storage/open.ts";
import { ensureServer, stopServer } from "../packages/app/src/storage/testing/postgresql-server.ts";
import { Client } from "pg";
import { fillOpaque } from "./support/opaque.ts";

const engine = process.argv[2] ?? "sqlite";
const sizes = (process.argv[3] ?? "10000,1000000").split(",").map(Number);
const seconds = Number(process.argv[4] ?? 3);
const turns = 3;
const submitters = 64;
const origin = "bench.example.com/growth";
const folder = mkdtempSync(join(tmpdir(), "countermand-bench-"));
chmodSync(folder, 0o755);

interface Grown {
  readonly size: number;
  readonly data: string;
  readonly location: DatabaseLocation;
  readonly rates: number[];
  readonly p99: number[];
  /** Milliseconds from opening to ready. */
  opened: number;
}

async function place(size: number, data: string): Promise<DatabaseLocation> {
  if (engine === "sqlite") return { file: join(data, "ledger.db") };
  const socket = await ensureServer(folder);
  const url = (name: string) =>
    `postgres://postgres@localhost/${name}?host=${encodeURIComponent(socket)}`;
  const admin = new Client({ connectionString: url("postgres") });
  await admin.connect();
  await admin.query(`create database growth_${size}`);
  await admin.end();
  return { url: url(`growth_${size}`) };
}

async function make(size: number): Promise<Grown> {
  const data = join(folder, String(size));
  mkdirSync(join(data, "keys"), { recursive: true, mode: 0o700 });
  const location = await place(size, data);
  const signer = await createKeyFile(join(data, "keys/test-log.key"), origin);
  const database = await openDatabase(location);
  const from = performance.now();
  await fillOpaque(database, signer, size, 128, (done) => {
    if (done % 409_600 === 0) console.error(`${engine} ${size}: ${done} made`);
  });
  console.error(`${engine} ${size}: made in ${((performance.now() - from) / 1_000).toFixed(0)} s`);
  await database.close();
  return { size, data, location, rates: [], p99: [], opened: 0 };
}

async function load(log: Grown): Promise<void> {
  const signer = await readKeyFile(join(log.data, "keys/test-log.key"));
  const database = await openDatabase(log.location);
  mkdirSync(join(log.data, "marks"), { recursive: true });
  const before = performance.now();
  const ledger = await openLedger({
    database,
    signer,
    decider: opaqueLeaves,
    markFolder: join(log.data, "marks"),
    adopt: true,
  });
  log.opened = performance.now() - before;
  const start = performance.now();
  const counted = start + (seconds * 1_000) / 4;
  const end = start + seconds * 1_000;
  const latencies: number[] = [];
  await Promise.all(
    Array.from({ length: submitters }, async () => {
      for (;;) {
        const from = performance.now();
        if (from > end) return;
        await ledger.submit(new Uint8Array(randomBytes(1_024)));
        if (from >= counted) latencies.push(performance.now() - from);
      }
    }),
  );
  log.rates.push(latencies.length / ((performance.now() - counted) / 1_000));
  latencies.sort((a, b) => a - b);
  log.p99.push(latencies[Math.floor((latencies.length - 1) * 0.99)] ?? 0);
  await ledger.close();
  await database.close();
}

/** Megabytes resident, of a server after its start and after it worked. */
async function memory({ data, location, size }: Grown): Promise<readonly [number, number]> {
  const port = 20_000 + (process.pid % 20_000);
  const server = spawn(
    process.execPath,
    ["-C", "source", "packages/app/src/main/cli.ts", "serve", "--data", data, "--port", `${port}`],
    {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...process.env,
        COUNTERMAND_TEST_LOG: origin,
        ...("url" in location ? { DATABASE_URL: location.url } : {}),
      },
    },
  );
  const resident = () => {
    const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
    return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_000);
  };
  try {
    const url = `http://127.0.0.1:${port}`;
    for (let tries = 0; ; tries++) {
      const answer = await fetch(`${url}/log/checkpoint`).catch(() => undefined);
      if (answer?.ok === true) break;
      if (tries > 300) throw new Error("the server did not start");
      await sleep(200);
    }
    const idle = resident();
    const work = Array.from({ length: 16 }, async (_, lane) => {
      for (let i = 0; i < 150; i++) {
        await (await fetch(`${url}/add`, { method: "POST", body: randomBytes(1_024) })).text();
        const n = Math.floor(Math.random() * Math.floor(size / 256));
        const name = path(n);
        const what = lane % 2 === 0 ? `tile/0/${name}` : `tile/entries/${name}`;
        await (await fetch(`${url}/log/${what}`)).arrayBuffer();
      }
    });
    await Promise.all(work);
    return [idle, resident()];
  } finally {
    server.kill("SIGTERM");
    await new Promise((done) => server.on("close", done));
  }
}

/** C2SP tlog-tiles: groups of three digits. */
function path(n: number): string {
  const groups = [String(n % 1_000).padStart(3, "0")];
  for (let rest = Math.floor(n / 1_000); rest > 0; rest = Math.floor(rest / 1_000)) {
    groups.unshift(`x${String(rest % 1_000).padStart(3, "0")}`);
  }
  return groups.join("/");
}

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0;

try {
  const logs: Grown[] = [];
  for (const size of sizes) logs.push(await make(size));
  const busy = loadavg()[0] ?? 0;
  // The first turn warms up.
  for (let turn = 0; turn <= turns; turn++) {
    for (const log of logs) {
      await load(log);
      if (turn === 0) log.rates.length = log.p99.length = 0;
    }
  }
  const base = median(logs[0]?.rates ?? []);
  const lines: string[] = [];
  for (const log of logs) {
    const [idle, worked] = await memory(log);
    const rate = median(log.rates);
    const cells = [
      engine,
      log.size.toLocaleString("en"),
      Math.round(rate).toLocaleString("en"),
      median(log.p99).toFixed(1),
      (base / rate).toFixed(2),
      log.opened.toFixed(0),
      idle,
      worked,
      busy.toFixed(1),
      new Date().toISOString().slice(0, 10),
    ];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  report(lines);
} finally {
  await stopServer(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** Puts the lines in the place of those of the same store. */
function report(lines: readonly string[]): void {
  const file = new URL("results/growth.md", import.meta.url);
  const old = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const kept = old.filter(
    (line) => /^\| (?:sqlite|postgresql) /.test(line) && !line.startsWith(`| ${engine} `),
  );
  const text = `# Growth

\`node -C source bench/growth.ts STORE SIZES ${seconds}\`, ${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release()}, Node ${process.versions.node}.

Appends of 1 KB from ${submitters} submitters in a closed loop, proof in the answer, into logs of different sizes in turns; medians of ${turns} turns. "cost" is against the smallest log of the store in that run; the target is at most 1.1 at 10 million. "open" is from the database to ready, checks included. Memory is a server's resident set after its start, and after it served ${16 * 150} appends and as many tiles from anywhere in the log.

| store | entries before | appends /s | p99 ms | cost | open ms | MB at rest | MB worked | load before | date |
|---|---|---|---|---|---|---|---|---|---|
${[...kept, ...lines].join("\n")}
`;
  console.log(text);
  writeFileSync(file, text);
}
