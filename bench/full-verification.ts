/**
 * A whole log verified, against what this machine's SHA-256 could do with the same bytes
 * on all cores: `fsck` of the rows (entries, tiles, checkpoints, head, mark)
 * and `mirror verify` of a folder (bundles, tiles, root). Both without what needs to
 * know records.
 *
 *   node -C source bench/full-verification.ts [entries] [sqlite|postgresql]
 *
 * Writes lines into bench/results/full-verification.md.
 */
import { createHash, hash } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { fsck } from "../packages/app/src/ledger/fsck.ts";
import { signerFromSeed } from "../packages/app/src/ledger/keys.ts";
import type { Decider } from "../packages/app/src/ledger/ledger.ts";
import {
  directorySource,
  directoryTarget,
} from "../packages/app/src/ledger/mirror/directory-target.ts";
import { mirrorOnce } from "../packages/app/src/ledger/mirror/mirror.ts";
import { readWholeMirror } from "../packages/app/src/ledger/mirror/read-mirror.ts";
import { openLedger } from "../packages/app/src/ledger/open-ledger.ts";
import { openDatabase } from "../packages/app/src/storage/open.ts";
import { ensureServer, stopServer } from "../packages/app/src/storage/testing/postgresql-server.ts";
import { fillLedger } from "./support/records.ts";

/** Seconds in which one thread hashes its share of entries of so many bytes. */
function hashShare({ count, bytes }: { count: number; bytes: number }): number {
  // The prefix of a leaf is one byte more.
  const leaf = new Uint8Array(bytes + 1);
  const from = performance.now();
  for (let i = 0; i < count; i++) {
    leaf[1] = i & 255;
    hash("sha256", leaf, "buffer");
  }
  return (performance.now() - from) / 1_000;
}

/** Bytes a second that all cores hash, in entries of this size. */
async function bareRate(count: number, bytes: number): Promise<number> {
  const cores = availableParallelism();
  const share = { count: Math.floor(count / cores), bytes };
  const took = await Promise.all(
    Array.from({ length: cores }, async () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: share });
      const seconds = await new Promise<number>((resolve, reject) => {
        worker.on("message", resolve);
        worker.on("error", reject);
      });
      await worker.terminate();
      return seconds;
    }),
  );
  return (share.count * cores * bytes) / Math.max(...took);
}

async function timed(work: () => AsyncIterable<{ readonly kind: string }>): Promise<number> {
  const from = performance.now();
  for await (const message of work()) {
    if (message.kind === "finding") throw new Error(JSON.stringify(message));
  }
  return (performance.now() - from) / 1_000;
}

async function main(): Promise<void> {
  const wanted = Number(process.argv[2] ?? 100_000);
  const engine = process.argv[3] ?? "sqlite";
  const folder = mkdtempSync(join(tmpdir(), "countermand-bench-"));
  chmodSync(folder, 0o755);
  try {
    const location =
      engine === "sqlite"
        ? { file: join(folder, "ledger.db") }
        : {
            url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(await ensureServer(folder))}`,
          };
    const database = await openDatabase(location);
    const seed = new Uint8Array(createHash("sha256").update("bench").digest());
    const signer = await signerFromSeed("bench.example.com/verified", seed);
    const { logId, size, bytes } = await fillLedger(database, signer, wanted);
    const decider: Decider<never, undefined> = {
      decide: async () => ({ outcomes: [], writeViews: async () => {} }),
    };
    // Signs the head.
    const ledger = await openLedger({ database, signer, decider, markFolder: folder, adopt: true });
    const mark = { note: ledger.log().published().note };
    const mirror = join(folder, "mirror");
    await mirrorOnce(await directoryTarget(mirror), {
      database,
      log: ledger.log(),
      verifier: signer.verifier,
    });
    await ledger.close();
    const load = loadavg()[0] ?? 0;
    const before = await bareRate(size, Math.round(bytes / size));
    const rows = await timed(() =>
      fsck(database, {
        logId,
        mark,
        log: signer.verifier,
      }),
    );
    const files = await timed(() => readWholeMirror(directorySource(mirror), signer.verifier));
    const after = await bareRate(size, Math.round(bytes / size));
    await database.close();
    const bare = (before + after) / 2;
    const line = (what: string, seconds: number) =>
      `| ${[
        what,
        size.toLocaleString("en"),
        seconds.toFixed(1),
        Math.round(size / seconds).toLocaleString("en"),
        Math.round(bytes / seconds / 1e6),
        (bytes / seconds / bare).toFixed(3),
        load.toFixed(1),
        new Date().toISOString().slice(0, 10),
      ].join(" | ")} |`;
    report(bare, [line(`fsck of the rows, ${engine}`, rows), line("mirror verify, folder", files)]);
  } finally {
    await stopServer(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts the lines in the place of those of the same name. */
function report(bare: number, lines: readonly string[]): void {
  const file = new URL("results/full-verification.md", import.meta.url);
  const old = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const name = (line: string) => line.split(" | ")[0];
  const kept = old.filter(
    (line) => /^\| (?:fsck|mirror)/.test(line) && !lines.some((one) => name(one) === name(line)),
  );
  const text = `# A whole log, verified

\`node -C source bench/full-verification.ts ENTRIES STORE\`, ${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release()}, Node ${process.versions.node}.

A ledger of records. The ratio is against SHA-256 of the same entries on all cores in the same run, before and after; in the newest run that was ${Math.round(bare / 1e6)} MB/s. The target is 0.5.

| what | entries | seconds | entries /s | MB/s | ratio | load before | date |
|---|---|---|---|---|---|---|---|
${[...kept, ...lines].join("\n")}
`;
  console.log(text);
  writeFileSync(file, text);
}

if (isMainThread) await main();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
else parentPort?.postMessage(hashShare(workerData as { count: number; bytes: number }));
