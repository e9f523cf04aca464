/**
 * `countermand verify` of one package, cold: a new process each time, against a
 * process that only starts Node and against one that only loads the verifier.
 *
 *     node -C source bench/verify.ts [runs]
 *
 * The package is made here: a record from proposal to close in a ledger of
 * 1,000 entries. Writes bench/results/verify.md.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { makePackage } from "@countermand/record";
import { approvedRecord, partsOf, started } from "../packages/record/src/testing/packaged.ts";

const runs = Number(process.argv[2] ?? 15);
const folder = mkdtempSync(join(tmpdir(), "countermand-bench-"));
const file = join(folder, "record.tar");
const cli = join(import.meta.dirname, "../packages/app/src/main/cli.ts");

const ledger = await approvedRecord(started);
const filler = Array.from({ length: 1000 - ledger.entries.length }, (_, i) =>
  Buffer.from(`entry ${i}`),
);
const parts = await partsOf(ledger, [...ledger.entries, ...filler]);
writeFileSync(
  file,
  makePackage({ ...parts, entries: parts.entries.slice(0, ledger.entries.length) }),
);

const commands = {
  "node -e 0": ["-e", "0"],
  "countermand --version": ["-C", "source", cli, "--version"],
  "countermand verify": ["-C", "source", cli, "verify", file],
};
const times = new Map<string, number[]>();
// In turn, so that a machine that slows down slows all of them.
for (let run = 0; run <= runs; run++) {
  for (const [name, args] of Object.entries(commands)) {
    const from = performance.now();
    const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
    if (status !== 0) throw new Error(`${name} ended with ${status}`);
    if (run > 0) times.set(name, [...(times.get(name) ?? []), performance.now() - from]);
  }
}

const median = (list: number[]) => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0;
const base = median(times.get("node -e 0") ?? []);
const rows = [...times].map(([name, list]) => {
  const [min, mid, max] = [Math.min(...list), median(list), Math.max(...list)];
  return `| ${name} | ${mid.toFixed(0)} | ${min.toFixed(0)} | ${max.toFixed(0)} | ${(mid / base).toFixed(1)} |`;
});
const text = `# Verifying one package, cold

\`node -C source bench/verify.ts ${runs}\`, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, Linux ${release()}, Node ${process.versions.node}.

A package of ${statSync(file).size} bytes with ${ledger.entries.length} entries out of a ledger of 1,000; ${runs} runs each, a new process each, in turn.
The target is a median under 500 ms.

| command | median ms | min | max | ÷ bare Node |
|---|---|---|---|---|
${rows.join("\n")}
`;
console.log(text);
writeFileSync(join(import.meta.dirname, "results/verify.md"), text);
rmSync(folder, { recursive: true });
