import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { directoryBlobs, type Blobs } from "./blobs.ts";

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "countermand-blobs-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function listOf(blobs: Blobs): Promise<string[]> {
  const names: string[] = [];
  for await (const name of blobs.list()) names.push(name);
  return names;
}

function tamper(root: string, digest: string, content: string): void {
  const file = join(root, digest.slice(0, 2), digest.slice(2));
  chmodSync(file, 0o600);
  writeFileSync(file, content);
}

async function* stream(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("what was put is got, from bytes and from a stream, once", async () => {
  const root = folder();
  const blobs = directoryBlobs(root, { maxBytes: 10_000 });
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 3_000 }),
      fc.integer({ min: 1, max: 700 }),
      async (bytes, size) => {
        const expected = { sha256: sha256(bytes), size: bytes.length };
        expect(await blobs.put(bytes)).toEqual(expected);
        expect(await blobs.put(stream(bytes, size))).toEqual(expected);
        expect(await blobs.get(expected.sha256)).toEqual(new Uint8Array(bytes));
        expect(await blobs.has(expected.sha256)).toBe(true);
        expect(await blobs.verify(expected.sha256)).toBe("good");
      },
    ),
    { numRuns: 50 },
  );
  const listed = await listOf(blobs);
  expect(listed).toEqual([...new Set(listed)].toSorted((a, b) => (a < b ? -1 : 1)));
  expect(readdirSync(join(root, "incoming"))).toEqual([]);
});

test("what is too large, or breaks off, leaves nothing", async () => {
  const root = folder();
  const blobs = directoryBlobs(root, { maxBytes: 100 });
  await blobs.put(new Uint8Array(100));
  await expect(blobs.put(new Uint8Array(101))).rejects.toMatchObject({ code: "too-large" });
  await expect(blobs.put(stream(new Uint8Array(1_000), 50))).rejects.toThrow(
    "the artefact is larger than 100 bytes",
  );
  const broken = (async function* () {
    yield new Uint8Array(10);
    throw new Error("connection lost");
  })();
  await expect(blobs.put(broken)).rejects.toThrow("connection lost");
  expect(await listOf(blobs)).toEqual([sha256(new Uint8Array(100))]);
  expect(readdirSync(join(root, "incoming"))).toEqual([]);
});

test("deleted, truncated and swapped content is told, never given out; putting it again repairs it", async () => {
  const root = folder();
  const blobs = directoryBlobs(root, { maxBytes: 100 });
  const bytes = new Uint8Array(Buffer.from("evidence"));
  const { sha256: digest } = await blobs.put(bytes);
  for (const content of ["", "evidenc", "evidencE"]) {
    tamper(root, digest, content);
    expect(await blobs.verify(digest)).toBe("mismatch");
    await expect(blobs.get(digest)).rejects.toMatchObject({ code: "content" });
    await blobs.put(bytes);
    expect(await blobs.get(digest)).toEqual(bytes);
  }
  rmSync(join(root, digest.slice(0, 2)), { recursive: true });
  expect([await blobs.verify(digest), await blobs.get(digest), await blobs.has(digest)]).toEqual([
    "missing",
    undefined,
    false,
  ]);
});

test("a name that is no digest cannot leave the folder", async () => {
  const blobs = directoryBlobs(folder(), { maxBytes: 100 });
  for (const name of [
    "",
    "../../etc/passwd",
    "AA".repeat(32),
    "a".repeat(63),
    `${"a".repeat(63)}/`,
  ]) {
    await expect(blobs.get(name)).rejects.toThrow("a SHA-256 is 64 lower-case hex digits");
    await expect(blobs.has(name)).rejects.toThrow("a SHA-256 is 64 lower-case hex digits");
  }
});

test("others may not read it, and nobody changes it by mistake", async () => {
  const root = join(folder(), "new");
  const blobs = directoryBlobs(root, { maxBytes: 100 });
  const { sha256: digest } = await blobs.put(new Uint8Array(1));
  expect(existsSync(root)).toBe(true);
  expect(statSync(root).mode & 0o777).toBe(0o700);
  expect(statSync(join(root, digest.slice(0, 2), digest.slice(2))).mode & 0o777).toBe(0o400);
});
