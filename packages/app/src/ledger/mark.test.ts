import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { markFile, openMark } from "./mark.ts";
import { temporaryFolder } from "./testing/ledger-under-test.ts";

const note = (n: number) => `log.example.com/test\n${n}\n\n— signed\n`;

test("keeps the newest note, across restarts, in a file of one size for its user alone", async () => {
  const folder = join(temporaryFolder(), "marks");
  const file = markFile(folder, "log.example.com/a/b");
  for (let n = 0; n < 7; n++) {
    const mark = await openMark(folder, "log.example.com/a/b");
    expect(mark.file).toBe(file);
    expect(mark.note).toBe(n === 0 ? undefined : note(n - 1));
    await mark.write(note(n - 0.5));
    await mark.write(note(n));
    expect(mark.note).toBe(note(n));
    await mark.close();
    expect(statSync(file).size).toBe(16_384);
  }
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).toContain(note(6));
  expect((await openMark(folder, "log.example.com/other")).note).toBeUndefined();
  expect(existsSync(markFile(folder, "log.example.com/other"))).toBe(false);
});

test("a write that was cut short anywhere leaves the note before, or is whole", async () => {
  const folder = temporaryFolder();
  const mark = await openMark(folder, "o");
  for (let n = 1; n <= 4; n++) await mark.write(note(n));
  const before = readFileSync(mark.file);
  await mark.write(note(5));
  const after = readFileSync(mark.file);
  await mark.close();
  await fc.assert(
    fc.asyncProperty(
      fc.nat(16_384),
      fc.nat(300),
      fc.uint8Array({ maxLength: 64 }),
      async (cut, near, noise) => {
        // Some bytes of the new state, then noise, then the old state; near the headers most of all.
        for (const at of [cut, near, 8_192 + near]) {
          const torn = Buffer.concat([
            after.subarray(0, at),
            noise,
            before.subarray(at + noise.length),
          ]).subarray(0, 16_384);
          // A device writes one slot; what is in the other stays.
          const slot = 5 % 2;
          const image = Buffer.from(before);
          torn.copy(image, slot * 8_192, slot * 8_192, (slot + 1) * 8_192);
          writeFileSync(mark.file, image);
          const opened = await openMark(folder, "o");
          expect([note(4), note(5)]).toContain(opened.note);
          await opened.close();
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("one damaged slot is survived, two are refused; so is an empty file", async () => {
  const folder = temporaryFolder();
  const mark = await openMark(folder, "o");
  await mark.write(note(1));
  await mark.write(note(2));
  await mark.close();
  const good = readFileSync(mark.file);
  for (const [slot, left] of [
    [0, note(1)],
    [1, note(2)],
  ] as const) {
    const image = Buffer.from(good);
    image.fill(0, slot * 8_192, (slot + 1) * 8_192);
    writeFileSync(mark.file, image);
    const opened = await openMark(folder, "o");
    expect(opened.note).toBe(left);
    await opened.write(note(9));
    await opened.close();
    const again = await openMark(folder, "o");
    expect(again.note).toBe(note(9));
    await again.close();
  }
  for (const size of [0, 100, 8_000]) {
    writeFileSync(mark.file, Buffer.alloc(size));
    await expect(openMark(folder, "o")).rejects.toMatchObject({
      code: "mark",
      message: expect.stringContaining("neither of its two slots is whole"),
    });
  }
});

test("a note that does not fit is a mistake, and a mark that cannot be opened says why", async () => {
  const folder = temporaryFolder();
  const mark = await openMark(folder, "o");
  await expect(mark.write("x".repeat(8_192))).rejects.toThrow(TypeError);
  await mark.write("x".repeat(8_000));
  await mark.close();
  if (process.getuid?.() === 0) return;
  chmodSync(mark.file, 0o400);
  await expect(openMark(folder, "o")).rejects.toThrow(
    `cannot write ${mark.file}: permission denied`,
  );
});
