/** The directory under a system that fails: each system call refused, or the process killed at it. */
import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDatabase } from "../../storage/open.ts";
import { makeTestLog, temporaryFolder } from "../testing/ledger-under-test.ts";
import { testSigner } from "../testing/test-signer.ts";
import { directorySource } from "./directory-target.ts";
import { readWholeMirror } from "./read-mirror.ts";
import { MirrorError } from "./target.ts";

const child = join(import.meta.dirname, "testing/mirror-child.ts");
const node = [process.execPath, "-C", "source", child];
const hasStrace =
  spawnSync("strace", ["-o", "/dev/null", "true"], { stdio: "ignore" }).status === 0;

/** A mirror of 200 entries, and a database that has 300 by now. */
async function behind() {
  const folder = temporaryFolder();
  const file = join(folder, "ledger.db");
  const mirror = join(folder, "mirror");
  const database = await openDatabase({ file });
  const log = await makeTestLog(database);
  const ledger = await log.open(database);
  const append = async (from: number, to: number) => {
    const ids = Array.from({ length: to - from }, (_, i) => String(from + i));
    // Long enough for a bundle to meet a limit of file sizes.
    const text = (id: string) => `note ${id}`.padEnd(2_000, "x");
    await Promise.all(ids.map((id) => ledger.submit({ id, text: text(id) })));
  };
  await append(0, 100);
  // The newest checkpoint gets its row when the ledger closes.
  await ledger.close();
  expect(run([...node, file, mirror])).toBe("mirrored 100\n");
  const again = await log.open(database);
  await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      again.submit({ id: `more ${i}`, text: `note more ${i}`.padEnd(2_000, "x") }),
    ),
  );
  await again.close();
  await database.close();
  return { file, mirror };
}

function run(command: readonly string[]): string {
  const [program = "", ...rest] = command;
  return spawnSync(program, rest, {
    encoding: "utf8",
    timeout: 30_000,
    // strace counts calls by thread.
    env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
  }).stdout;
}

/** With a system call that fails, or kills. */
function runUnder(call: string, what: string, command: readonly string[]): string {
  const options = ["-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`];
  return run(["strace", ...options, "-e", `inject=${call}:${what}`, ...command]);
}

/** The size of the mirror, every object of which was read and is good. */
async function sizeOf(mirror: string): Promise<number> {
  const { verifier } = await testSigner();
  for await (const message of readWholeMirror(directorySource(mirror), verifier)) {
    if (message.kind === "finding") throw new Error(`${message.where}: ${message.problem}`);
    if (message.kind === "done") return message.mirror.checkpoint.size;
  }
  throw new MirrorError("contradiction", "it has no end");
}

async function copyOf({ mirror }: { readonly mirror: string }): Promise<string> {
  const copy = join(temporaryFolder(), "mirror");
  cpSync(mirror, copy, { recursive: true });
  return copy;
}

// Under strace a process starts in a second or two.
const patient = 120_000;

describe.skipIf(!hasStrace)("system calls (skipped where strace is missing)", () => {
  test.each([
    ["ENOSPC", ["link", "rename", "mkdir", "fsync"]],
    ["EIO", ["link", "fsync"]],
  ] as const)(
    "%s: what is there stays whole, and the next round is good",
    async (error, calls) => {
      const it = await behind();
      const codes = new Set<string>();
      for (const call of calls) {
        const mirror = await copyOf(it);
        const said = runUnder(call, `error=${error}`, [...node, it.file, mirror]);
        expect(said).not.toMatch(/mirrored/);
        codes.add(said.split(":")[0] ?? "");
        expect(await sizeOf(mirror)).toBe(100);
        expect(run([...node, it.file, mirror])).toBe("mirrored 300\n");
        expect(await sizeOf(mirror)).toBe(300);
      }
      expect([...codes]).toContain(error === "ENOSPC" ? "full" : "unreachable");
    },
    patient,
  );

  test(
    "killed at any step, the mirror is whole, and the next round is good",
    async () => {
      const it = await behind();
      const sizes = new Set<number>();
      for (const [call, times] of [
        ["link", [1, 4]],
        ["rename", [1]],
        ["fsync", [8]],
        ["unlink", [3]],
        ["rmdir", [1]],
      ] as const) {
        for (const when of times) {
          const mirror = await copyOf(it);
          const said = runUnder(call, `signal=KILL:when=${when}`, [...node, it.file, mirror]);
          expect(said).toBe("");
          sizes.add(await sizeOf(mirror));
          expect(run([...node, it.file, mirror])).toBe("mirrored 300\n");
          expect(await sizeOf(mirror)).toBe(300);
        }
      }
      // Before the checkpoint, and after it.
      expect(sizes).toEqual(new Set([100, 300]));
    },
    patient,
  );
});

test("a file that may not grow is a full mirror, and is not left cut short", async () => {
  const it = await behind();
  const limited = `ulimit -f 128; exec "$@"`;
  const said = run(["bash", "-c", limited, "bash", ...node, it.file, it.mirror]);
  expect(said).toMatch(/^full: the mirror .* has no room/);
  expect(await sizeOf(it.mirror)).toBe(100);
  expect(run([...node, it.file, it.mirror])).toBe("mirrored 300\n");
  expect(await sizeOf(it.mirror)).toBe(300);
});
