import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findServer, holdDataDirectory } from "./data-directory.ts";
import { openSqlite } from "./sqlite.ts";

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "countermand-data-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const server = {
  url: "http://127.0.0.1:8420",
  pid: process.pid,
  startedAt: "2026-11-23T09:00:00.000Z",
};

test("is made for its user alone, also where a folder was open to others", () => {
  const root = join(folder(), "deep", ".countermand");
  const held = holdDataDirectory(root);
  for (const path of [held.root, held.keys, held.marks, held.blobs]) {
    expect(statSync(path).mode & 0o777).toBe(0o700);
  }
  held.release();
  chmodSync(root, 0o755);
  holdDataDirectory(root).release();
  expect(statSync(root).mode & 0o777).toBe(0o700);
});

test("a second process is refused in one sentence, until the first lets go", () => {
  const root = folder();
  const held = holdDataDirectory(root);
  expect(() => holdDataDirectory(root)).toThrow(
    `another Countermand process (pid ${process.pid}) is using ${root}; stop it, talk to its server, or use another data directory`,
  );
  held.release();
  held.release();
  holdDataDirectory(root).release();
});

test("a process that was killed holds nothing", async () => {
  const root = folder();
  const script = `import { holdDataDirectory } from ${JSON.stringify(new URL("./data-directory.ts", import.meta.url).href)};
    const held = holdDataDirectory(${JSON.stringify(root)});
    await held.publishServer({ url: "http://127.0.0.1:1", pid: process.pid, startedAt: "" });
    console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["-C", "source", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  expect(() => holdDataDirectory(root)).toThrow(
    `another Countermand process (pid ${child.pid}) is using`,
  );
  expect(findServer(root)).toMatchObject({ url: "http://127.0.0.1:1", pid: child.pid });
  const dead = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await dead;
  expect(existsSync(join(root, "server.json"))).toBe(true);
  expect(findServer(root)).toBeUndefined();
  const held = holdDataDirectory(root);
  expect(existsSync(join(root, "server.json"))).toBe(false);
  held.release();
});

test("a running server is found, and not after its end", async () => {
  const root = folder();
  expect(findServer(root)).toBeUndefined();
  const held = holdDataDirectory(root);
  expect(findServer(root)).toBeUndefined();
  await held.publishServer(server);
  expect(findServer(root)).toEqual(server);
  await held.publishServer({ ...server, url: "http://127.0.0.1:9" });
  expect(findServer(root)?.url).toBe("http://127.0.0.1:9");
  for (const nonsense of [
    "",
    "[]",
    "null",
    "{}",
    '{"url":"file:///etc/passwd","pid":1,"startedAt":""}',
  ]) {
    writeFileSync(join(root, "server.json"), nonsense);
    expect(findServer(root)).toBeUndefined();
  }
  held.release();
  expect(findServer(root)).toBeUndefined();
});

test("a place that cannot be written is refused in one sentence", () => {
  const file = join(folder(), "file");
  writeFileSync(file, "");
  expect(() => holdDataDirectory(join(file, "below"))).toThrow(/^cannot make the folder .*ENOTDIR/);
  if (process.getuid?.() !== 0) {
    const closed = join(folder(), "closed");
    mkdirSync(closed, { mode: 0o500 });
    expect(() => holdDataDirectory(join(closed, "below"))).toThrow(
      `cannot write ${join(closed, "below")}: permission denied; use a directory that this user may write`,
    );
  }
});

/** A file system of a few pages, read-only on demand; only root can make one. */
function mounted(options: string): string | undefined {
  const at = join(folder(), "mount");
  mkdirSync(at);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", at], { stdio: "pipe" });
  } catch {
    return undefined;
  }
  onTestFinished(() => {
    execFileSync("umount", ["-l", at]);
  });
  return at;
}

test("a full disk and a read-only one are said in one sentence", async (context) => {
  const full = mounted("size=4k");
  if (full === undefined) {
    context.skip("a small file system cannot be mounted here (needs root)");
    return;
  }
  writeFileSync(join(full, "ballast"), new Uint8Array(4_096));
  expect(() => holdDataDirectory(full)).toThrow(
    /^the disk is full: cannot write .*; make room and try again$/,
  );
  await expect(openSqlite(join(full, "ledger.db"))).rejects.toMatchObject({ code: "full" });
  const readOnly = mounted("size=1m,ro") ?? "";
  expect(() => holdDataDirectory(join(readOnly, "data"))).toThrow(
    /^cannot (?:write|make the folder) .*use a directory that this user may write$/,
  );
  expect(() => holdDataDirectory(readOnly)).toThrow(/cannot write/);
});

test("a file that is no database is refused and left alone", async () => {
  const file = join(folder(), "ledger.db");
  writeFileSync(file, "this is not a database, and long enough to be looked at as one".repeat(20));
  await expect(openSqlite(file)).rejects.toMatchObject({
    code: "damaged",
    message: `${file} is not a SQLite database`,
  });
});
