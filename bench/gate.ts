/**
 * The gate under a steady load: so many questions a second over HTTP, against a
 * ledger's views with a million records, beside an answer of the same server
 * that asks nothing of the store. Open loop: a question is sent when it is due,
 * answered or not, and its latency counts from then.
 *
 *   node -C source bench/gate.ts [records] [per second] [seconds]
 *
 * The server is a process of its own. The records are rows of the view, made
 * here; the entries behind them are not. Writes bench/results/gate.md.
 */
import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { arch, cpus, loadavg, release, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultPolicy, permissions } from "@countermand/record";
import { actor, personOf } from "@countermand/record/testing";
import { readConfig } from "../packages/app/src/config/config.ts";
import { openApplication } from "../packages/app/src/main/application.ts";
import { insertRows } from "../packages/app/src/storage/database.ts";

const records = Number(process.argv[2] ?? 1_000_000);
const perSecond = Number(process.argv[3] ?? 500);
const seconds = Number(process.argv[4] ?? 20);
const services = 400;
const folder = mkdtempSync(join(tmpdir(), "bench-gate-"));
const port = 20_000 + (process.pid % 20_000);

const hex = (text: string) => createHash("sha256").update(text).digest("hex");
const identity = (service: number, n: number) => ({
  type: "image" as const,
  digest: hex(`${service}/${n}`),
});
const digestOf = (service: number, n: number) =>
  hex(`{"digest":"${identity(service, n).digest}","type":"image"}`);
const perService = Math.ceil(records / services);

async function prepare(): Promise<void> {
  const app = await openApplication(readConfig({}, { data: folder }), () => new Date());
  await app.service.openLedger({
    origin: "bench.example.com/gate",
    policy: defaultPolicy,
    administrator: personOf(actor("ada"), permissions),
    openings: [],
  });
  const logId = app.service.opened?.logId ?? 0;
  const text = (name: string) => ({ name, type: "text" as const });
  const integer = (name: string) => ({ name, type: "integer" as const });
  const columns = [
    ...["log_id", "year", "number"].map(integer),
    ...["id", "uid", "status", "kind", "service", "environment", "reason", "target"].map(text),
    ...["proposer", "proposed_at", "changed_at"].map(text),
    text("due_at"),
    integer("idx"),
    text("state"),
    text("mode"),
    text("opener"),
    integer("overdue"),
    text("target_digest"),
    text("undone_digest"),
  ];
  const at = "2026-11-23T02:00:00.000Z";
  for (let from = 0; from < records; from += 10_000) {
    const rows = Array.from({ length: Math.min(10_000, records - from) }, (_, i) => {
      const number = from + i + 1;
      const service = number % services;
      const n = Math.floor(number / services);
      // One in twenty dangles, one in fifty waits for its deployment.
      const status = n % 50 === 1 ? "authorised" : "closed";
      return [
        logId,
        2026,
        number,
        `RB-2026-${number}`,
        randomUUID(),
        status,
        "redeploy-previous",
        `service-${service}`,
        "production",
        "availability",
        "shop@sha256:…",
        "ada",
        at,
        at,
        status === "authorised" ? "2026-12-23T02:00:00.000Z" : null,
        number,
        "{}",
        null,
        "ada",
        0,
        digestOf(service, n),
        n % 20 === 0 ? digestOf(service, n + 1) : null,
      ];
    });
    await app.store.database.transaction((tx) => insertRows(tx, "record", columns, rows));
  }
  const deployed = Array.from({ length: services }, (_, service) =>
    Array.from({ length: 50 }, (_each, n) => [
      logId,
      `service-${service}`,
      "production",
      digestOf(service, n),
      at,
      new Date(Date.parse(at) + n).toISOString(),
    ]),
  ).flat();
  await app.store.database.transaction((tx) =>
    insertRows(
      tx,
      "deployment",
      [integer("log_id"), ...["service", "environment", "digest", "first_at", "last_at"].map(text)],
      deployed,
    ),
  );
  await app.close();
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
async function send(method: string, path: string, json?: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const body = json === undefined ? undefined : JSON.stringify(json);
    const sent = request(
      {
        agent,
        port,
        host: "127.0.0.1",
        method,
        path,
        headers: body === undefined ? {} : { "content-type": "application/json" },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${response.statusCode}: ${text}`));
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

let questions = 0;
/** Of ten: six deploy again what runs, two go back, one is dangling, one goes forward. */
function question(): unknown {
  questions += 1;
  const service = (questions * 7) % services;
  const kind = questions % 10;
  const n = kind < 6 ? 49 : kind < 8 ? 7 : kind === 8 ? 21 : 1_000_000 + questions;
  return {
    id: randomUUID(),
    service: `service-${service}`,
    environment: "production",
    target: identity(service, n),
    caller: "bench",
  };
}

interface Latency {
  readonly sent: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

async function load(what: () => Promise<string>): Promise<Latency> {
  const latencies: number[] = [];
  const running: Promise<void>[] = [];
  const start = performance.now();
  const total = perSecond * seconds;
  for (let i = 0; i < total; i += 1) {
    const due = start + (i * 1_000) / perSecond;
    const ahead = due - performance.now();
    if (ahead > 1) await sleep(ahead);
    running.push(
      (async () => {
        await what();
        // The first second warms up.
        if (due - start > 1_000) latencies.push(performance.now() - due);
      })(),
    );
  }
  await Promise.all(running);
  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.floor((latencies.length - 1) * part)] ?? 0;
  return { sent: total, p50: at(0.5), p99: at(0.99), max: at(1) };
}

try {
  console.error(`making ${records} records in ${folder}`);
  await prepare();
  const server = spawn(
    process.execPath,
    [
      "-C",
      "source",
      "packages/app/src/main/cli.ts",
      "serve",
      "--data",
      folder,
      "--port",
      `${port}`,
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  try {
    for (let tries = 0; ; tries += 1) {
      try {
        await send("GET", "/health");
        break;
      } catch (error) {
        if (tries > 100) throw error;
        await sleep(200);
      }
    }
    const before = loadavg()[0] ?? 0;
    const bare = await load(() => send("GET", "/log/key"));
    const gate = await load(() => send("POST", "/v1/gate", question()));
    const again = await load(() => send("GET", "/log/key"));
    const line = (name: string, found: Latency) =>
      `| ${name} | ${found.sent} | ${found.p50.toFixed(2)} | ${found.p99.toFixed(2)} | ${found.max.toFixed(1)} | ${(found.p99 / ((bare.p99 + again.p99) / 2)).toFixed(1)} |`;
    const text = `# The gate, asked ${perSecond} times a second

\`node -C source bench/gate.ts ${records} ${perSecond} ${seconds}\`, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${arch()}, Linux ${release()}, Node ${process.versions.node}, load ${before.toFixed(1)} before. SQLite; the server is a process of its own, the sender shares the machine.

${records} records, ${perService} for each of ${services} services; of ten questions six deploy again what runs, two go back (denied), one is dangling (denied), one goes forward. Denials and what goes forward are durable before they are answered. Latency counts from when a question was due. The target is a p99 under 10 ms.

| | questions | p50 ms | p99 ms | max ms | p99 ÷ bare answer |
|---|---|---|---|---|---|
${line("bare answer, before", bare)}
${line("gate", gate)}
${line("bare answer, after", again)}
`;
    writeFileSync(new URL("results/gate.md", import.meta.url), text);
    console.log(text);
  } finally {
    server.kill("SIGTERM");
  }
} finally {
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}
