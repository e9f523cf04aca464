import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeZip } from "./testing/make-zip.ts";
import { ZipError, ZipFile, zipLimits } from "./zip.ts";

const folder = mkdtempSync(join(tmpdir(), "countermand-zip-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

/** Name and content of each entry. */
function read(bytes: Buffer): [string, string][] {
  const path = join(folder, `${files++}.zip`);
  writeFileSync(path, bytes);
  const zip = ZipFile.open(path);
  try {
    return zip.entries.map((entry) => [entry.name, zip.read(entry).toString()]);
  } finally {
    zip.close();
  }
}

const two = [
  { name: "a.json", content: "{}" },
  { name: "b/c.json", content: "x".repeat(5000), stored: true },
];
const twoRead = [
  ["a.json", "{}"],
  ["b/c.json", "x".repeat(5000)],
];

describe("good archives", () => {
  it("reads stored and deflated entries, with a comment, in zip64, and none at all", () => {
    expect(read(makeZip(two))).toEqual(twoRead);
    expect(read(makeZip(two, { comment: "PK\u0005\u0006 not the end" }))).toEqual(twoRead);
    expect(read(makeZip(two, { zip64: true }))).toEqual(twoRead);
    expect(read(makeZip([]))).toEqual([]);
    expect(read(makeZip([{ name: "folder/", content: "", stored: true }, ...two]))).toEqual(
      twoRead,
    );
    expect(read(makeZip([{ name: "empty.json", content: "" }]))).toEqual([["empty.json", ""]]);
  });

  it("reads an archive whose local headers leave the sizes to what follows the data", () => {
    const flags = 0x808;
    const archive = makeZip(two, {
      local: () => ({ size: 0, packed: 0, crc: 0, flags }),
      directory: () => ({ flags }),
    });
    expect(read(archive)).toEqual(twoRead);
  });
});

describe("bad archives", () => {
  const refused = (bytes: Buffer) => {
    let said = "";
    try {
      read(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(ZipError);
      said = (error as Error).message;
    }
    return said;
  };

  it("refuses what is no archive, or is cut anywhere", () => {
    const whole = makeZip(two);
    expect(refused(Buffer.from("hello"))).toMatch(/no zip/);
    expect(refused(Buffer.alloc(100_000, "PK\u0005\u0006"))).toMatch(/no zip|split|fit/);
    for (let length = 0; length < whole.length; length += 7) {
      expect(refused(whole.subarray(0, length)), String(length)).not.toBe("");
    }
  });

  it("never takes damaged bytes for content", () => {
    const whole = makeZip(two);
    for (let at = 0; at < whole.length; at += 3) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      let got: [string, string][] = [];
      try {
        got = read(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(ZipError);
      }
      for (const [, content] of got) expect(["{}", "x".repeat(5000)]).toContain(content);
    }
  });

  it("refuses names that leave the folder", () => {
    for (const name of [
      "../a",
      "a/../../b",
      "/etc/passwd",
      "C:\\x",
      "a\\..\\b",
      "c:x",
      "a\0b",
      "",
    ]) {
      expect(refused(makeZip([{ name, content: "x" }])), name).toMatch(/leaves its folder/);
    }
  });

  it("refuses encryption, other methods and several disks", () => {
    expect(refused(makeZip(two, { directory: () => ({ flags: 1 }) }))).toMatch(/encrypted/);
    expect(refused(makeZip(two, { directory: () => ({ method: 12 }) }))).toMatch(/method 12/);
    expect(refused(makeZip(two, { directory: () => ({ disk: 1 }) }))).toMatch(/several files/);
  });

  it("refuses an entry that unpacks to more or less than it says", () => {
    const bomb = [{ name: "a.json", content: Buffer.alloc(1_000_000) }];
    expect(refused(makeZip(bomb, { directory: () => ({ size: 100 }) }))).toMatch(/unpacked/);
    expect(refused(makeZip(bomb, { directory: () => ({ size: 1_000_001 }) }))).toMatch(
      /believable|not what/,
    );
    expect(refused(makeZip(two, { directory: () => ({ crc: 1 }) }))).toMatch(/not what/);
  });

  it("refuses an archive that unpacks to far more than it is", () => {
    expect(refused(makeZip([{ name: "a.json", content: Buffer.alloc(4_000_000) }]))).toMatch(
      /believable/,
    );
    expect(refused(makeZip(two, { zip64: true, directory: () => ({ size: 2 ** 50 }) }))).toMatch(
      /believable|two sizes/,
    );
    const large = zipLimits.entry + 1;
    const noise = Buffer.from(
      Array.from({ length: large / 64 + 2 }, (_, i) => `${Math.sin(i)}`)
        .join("")
        .repeat(4)
        .slice(0, large),
    );
    expect(refused(makeZip([{ name: "a", content: noise, stored: true }]))).toMatch(
      /more than 16777216/,
    );
  });

  it("refuses entries that share bytes", () => {
    expect(refused(makeZip(two, { directory: (i) => (i === 1 ? { offset: 0 } : {}) }))).toMatch(
      /overlap/,
    );
    expect(refused(makeZip(two, { directory: (i) => (i === 1 ? { offset: 10 } : {}) }))).toMatch(
      /overlap/,
    );
    expect(
      refused(makeZip(two, { directory: (i) => (i === 1 ? { offset: 9_000_000 } : {}) })),
    ).toMatch(/reaches/);
  });

  it("refuses a local header that tells another story than the directory", () => {
    expect(refused(makeZip(two, { local: (i) => (i === 0 ? { name: "z.json" } : {}) }))).toMatch(
      /differ/,
    );
    expect(refused(makeZip(two, { local: () => ({ method: 0 }) }))).toMatch(/differ/);
  });

  it("refuses a directory that claims more entries than there are", () => {
    expect(refused(makeZip(two, { count: 3 }))).toMatch(/damaged/);
    expect(refused(makeZip(two, { count: 2_000_000, zip64: true }))).toMatch(/more than 1000000/);
  });
});
