/**
 * What a signer in a process of its own costs: durable appends with the proof in the
 * answer, the key here and the key there, in turns in one run, on SQLite.
 *
 *   node -C source bench/signer.ts [seconds per cell]
 *
 * Writes bench/results/signer.md.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createKeyFile, createLog, type LogSigner } from "../packages/app/src/ledger/keys.ts";
import type { Decider, LeafDraft } from "../packages/app/src/ledger/ledger.ts";
import { openLedger } from "../packages/app/src/ledger/open-ledger.ts";
import { remoteKeys, type RemoteKeys } from "../packages/app/src/ledger/signer/remote-signer.ts";
import { openDatabase } from "../packages/app/src/storage/open.ts";

const seconds = Number(process.argv[2] ?? 3);
const folder = mkdtempSync(join(tmpdir(), "countermand-bench-"));
const cli = join(import.meta.dirname, "../packages/app/src/main/cli.ts");

const decider: Decider<LeafDraft, undefined> = {
  async decide(_tx, commands) {
    return {
      outcomes: commands.map((leaf) => ({ kind: "append", leaves: [leaf], result: undefined })),
      async writeViews() {},
    };
  },
};

interface Rate {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** The process takes a moment to listen. */
async function connected(socket: string): Promise<RemoteKeys> {
  for (let i = 0; ; i++) {
    try {
      return await remoteKeys(socket);
    } catch (error) {
      if (i === 200) throw error;
      await sleep(25);
    }
  }
}

let logs = 0;

async function measure(count: number, remote: boolean): Promise<Rate> {
  const place = join(folder, `log-${++logs}`);
  mkdirSync(join(place, "keys"), { recursive: true, mode: 0o700 });
  const local = await createKeyFile(join(place, "keys/log.key"), `bench.example.com/${logs}`);
  const database = await openDatabase({ file: join(place, "ledger.db") });
  await createLog(database, local, new Date());
  const socket = join(place, "signer.sock");
  const child = remote
    ? spawn(
        process.execPath,
        ["-C", "source", cli, "signer", "--data", place, "--socket", socket],
        {
          stdio: "ignore",
        },
      )
    : undefined;
  let signer: LogSigner = local;
  let close = () => {};
  if (remote) {
    const keys = await connected(socket);
    close = keys.close;
    signer = keys.signers[0] ?? local;
  }
  const marks = join(place, "server-marks");
  const ledger = await openLedger({ database, signer, decider, markFolder: marks });
  try {
    const start = performance.now();
    const counted = start + seconds * 250;
    const end = start + seconds * 1_000;
    const latencies: number[] = [];
    await Promise.all(
      Array.from({ length: count }, async () => {
        for (;;) {
          const from = performance.now();
          if (from > end) return;
          await ledger.submit({
            bytes: new Uint8Array(randomBytes(1_024)),
            identity: new Uint8Array(randomBytes(32)),
          });
          if (from >= counted) latencies.push(performance.now() - from);
        }
      }),
    );
    const took = (performance.now() - counted) / 1_000;
    latencies.sort((a, b) => a - b);
    const at = (part: number) => latencies[Math.floor((latencies.length - 1) * part)] ?? 0;
    return { perSecond: latencies.length / took, p50: at(0.5), p99: at(0.99) };
  } finally {
    await ledger.close();
    close();
    await database.close();
    if (child !== undefined) {
      const gone = once(child, "exit");
      child.kill("SIGINT");
      await gone;
    }
  }
}

const load = loadavg()[0]?.toFixed(1);
const lines = [
  "| submitters | key here /s | p50 ms | p99 ms | signer /s | p50 ms | p99 ms | signer ÷ here |",
  "|---|---|---|---|---|---|---|---|",
];
try {
  for (const count of [1, 16, 256]) {
    const here = await measure(count, false);
    const there = await measure(count, true);
    const cells = [here, there].flatMap(({ perSecond, p50, p99 }) => [
      Math.round(perSecond).toLocaleString("en"),
      p50.toFixed(2),
      p99.toFixed(2),
    ]);
    lines.push(
      `| ${[count, ...cells, (there.perSecond / here.perSecond).toFixed(2)].join(" | ")} |`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const [cpu] = cpus();
const text = `# A signer in a process of its own

\`node -C source bench/signer.ts ${seconds}\`, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpu?.model ?? "?"}, Linux ${release()}, Node ${process.versions.node}, load ${load} before.

Durable appends of 1 KB on SQLite, a proof in each answer. With a signer each checkpoint costs a consistency proof, two ways over a socket, and a second durable mark.

${lines.join("\n")}
`;
writeFileSync(new URL("results/signer.md", import.meta.url), text);
console.log(text);
