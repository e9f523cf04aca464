/**
 * What the log's files and proofs cost a server, over HTTP, against a bare server of
 * node:http that answers 8 KB from memory, in turns in one run. The ledger is one of
 * records, the server a process of its own; 16 clients in a closed loop share the machine
 * with it.
 *
 *   node -C source bench/serving.ts [entries] [seconds a turn]
 *
 * Writes bench/results/serving.md.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { cpus, loadavg, release, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { entriesPath, tilePath } from "@countermand/tlog";
import { createKeyFile } from "../packages/app/src/ledger/keys.ts";
import { rebuildViews } from "../packages/app/src/rollbacks/rebuild.ts";
import { openDatabase } from "../packages/app/src/storage/open.ts";
import { fillLedger } from "./support/records.ts";

const wanted = Number(process.argv[2] ?? 50_000);
const seconds = Number(process.argv[3] ?? 3);
const clients = 16;
const folder = mkdtempSync(join(tmpdir(), "countermand-bench-"));
const port = 20_000 + (process.pid % 20_000);
const origin = "bench.example.com/serving";

async function prepare(): Promise<number> {
  mkdirSync(join(folder, "keys"), { mode: 0o700 });
  const signer = await createKeyFile(join(folder, "keys/log.key"), origin);
  const system = await createKeyFile(join(folder, "keys/system.key"), `${origin}/system`);
  const database = await openDatabase({ file: join(folder, "ledger.db") });
  const { logId, size } = await fillLedger(database, signer, wanted, () => {}, {
    publicKey: system.verifier.publicKey,
    sign(data) {
      const signature = system.sign(data);
      if (signature instanceof Promise) throw new TypeError("the key signs at once");
      return signature;
    },
  });
  await rebuildViews(database, logId);
  await database.close();
  return size;
}

const bare = `require("node:http").createServer((_, r) => {
  r.setHeader("content-type", "application/octet-stream");
  r.end(bytes);
}).listen(${port + 1}, "127.0.0.1"); const bytes = require("node:crypto").randomBytes(8192);`;

const agent = new Agent({ keepAlive: true, maxSockets: clients });

async function get(
  at: number,
  path: string,
  headers: Record<string, string>,
): Promise<{ readonly bytes: number }> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, port: at, host: "127.0.0.1", path, headers }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => (bytes += chunk.length));
      response.on("end", () => {
        if (response.statusCode !== 200) reject(new Error(`${path}: ${response.statusCode}`));
        else resolve({ bytes });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}

interface Asked {
  readonly name: string;
  readonly path: (i: number) => string;
  readonly headers?: Record<string, string>;
  readonly port?: number;
  /** Each address once, and not for a time. */
  readonly once?: number;
}

interface Rate {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly bytes: number;
}

async function measure({ path, headers = {}, port: at = port, once }: Asked): Promise<Rate> {
  const start = performance.now();
  const end = once === undefined ? start + seconds * 1_000 : Number.POSITIVE_INFINITY;
  const latencies: number[] = [];
  let next = 0;
  let bytes = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (;;) {
        const from = performance.now();
        const i = next++;
        if (from > end || i >= (once ?? Number.POSITIVE_INFINITY)) return;
        const reply = await get(at, path(i), headers);
        bytes += reply.bytes;
        latencies.push(performance.now() - from);
      }
    }),
  );
  const took = (performance.now() - start) / 1_000;
  latencies.sort((a, b) => a - b);
  const part = (of: number) => latencies[Math.floor((latencies.length - 1) * of)] ?? 0;
  return {
    perSecond: latencies.length / took,
    p50: part(0.5),
    p99: part(0.99),
    bytes: bytes / latencies.length,
  };
}

async function started(at: number, path: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const good = await get(at, path, {}).then(
      () => true,
      () => false,
    );
    if (good) return;
    if (tries > 200) throw new Error("the server did not start");
    await sleep(100);
  }
}

const children: ChildProcess[] = [];
try {
  const size = await prepare();
  const full = Math.floor(size / 256);
  const load = loadavg()[0] ?? 0;
  const server = [
    "packages/app/src/main/cli.ts",
    "serve",
    "--data",
    folder,
    "--port",
    `${port}`,
    "--adopt",
  ];
  children.push(
    spawn(process.execPath, ["-C", "source", ...server], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, COUNTERMAND_LOGIN: "off", COUNTERMAND_SCRUB_RATE: "0" },
    }),
    spawn(process.execPath, ["-e", bare], { stdio: ["ignore", "ignore", "inherit"] }),
  );
  await started(port, "/log/checkpoint");
  await started(port + 1, "/");
  const gzip = { "accept-encoding": "gzip" };
  const bundle = (i: number) => `/log/${entriesPath(i % full)}`;
  const proof = (i: number) => `/v1/entries/${(i * 7_919) % size}/proof`;
  const all: Asked[] = [
    { name: "bare node:http, 8 KB", path: () => "/", port: port + 1 },
    { name: "checkpoint", path: () => "/log/checkpoint" },
    { name: "hash tile", path: (i) => `/log/${tilePath(0, (i * 31) % full)}` },
    { name: "bundle, compressed for the first time", path: bundle, headers: gzip, once: full },
    { name: "bundle, compressed before", path: bundle, headers: gzip },
    { name: "bundle, plain", path: bundle },
    { name: "proof of an entry", path: proof },
    { name: "bare node:http, again", path: () => "/", port: port + 1 },
  ];
  const found = new Map<string, Rate>();
  for (const one of all) {
    // Those that are made once cannot be warmed up.
    if (one.once === undefined) await measure({ ...one, once: 200 });
    found.set(one.name, await measure(one));
  }
  const bares = [...found].filter(([name]) => name.startsWith("bare")).map(([, rate]) => rate);
  const base = bares.reduce((sum, rate) => sum + rate.perSecond, 0) / bares.length;
  const rows = [...found].map(([name, rate]) => {
    const cells = [
      name,
      Math.round(rate.perSecond).toLocaleString("en"),
      rate.p50.toFixed(2),
      rate.p99.toFixed(2),
      Math.round(rate.bytes).toLocaleString("en"),
      (rate.perSecond / base).toFixed(2),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const text = `# The log and its proofs over HTTP

\`node -C source bench/serving.ts ${wanted} ${seconds}\`, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release()}, Node ${process.versions.node}, load ${load.toFixed(1)} before.

A ledger of records with ${size.toLocaleString("en")} entries on SQLite, ${full} full bundles; ${clients} clients in a closed loop on the same machine. The last column is against the bare server.

| | /s | p50 ms | p99 ms | bytes | ratio |
|---|---|---|---|---|---|
${rows.join("\n")}
`;
  console.log(text);
  writeFileSync(new URL("results/serving.md", import.meta.url), text);
} finally {
  agent.destroy();
  for (const child of children) child.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
}
