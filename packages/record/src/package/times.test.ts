import { sha256 } from "@countermand/tlog";
import { beforeAll, describe, expect, test } from "vitest";
import { readArchive, writeArchive } from "../archive/archive.ts";
import { decodeUtf8, encodeHex, encodeUtf8 } from "../bytes/encoding.ts";
import { approvedRecord, partsOf, started } from "../testing/packaged.ts";
import { packageLimits } from "./layout.ts";
import { makePackage, type PackageParts } from "./make.ts";
import type { CheckTime, PackageTime } from "./times.ts";
import { verifyPackage } from "./verify.ts";

const at = (size: number) => `2026-11-23T02:0${size % 10}:00.000Z`;
const tokenOver = (checkpoint: string, time: string) =>
  encodeUtf8(`${encodeHex(sha256(encodeUtf8(checkpoint)))} ${time}`);

/** Believes exactly the tokens that are made here. */
const checkTime: CheckTime = async (token, digest) => {
  const [over, time = ""] = decodeUtf8(token).split(" ");
  return over === digest ? { time: new Date(time) } : { problem: "its token does not verify" };
};

let parts: PackageParts;
let times: readonly PackageTime[];

beforeAll(async () => {
  const ledger = await approvedRecord(started);
  parts = await partsOf(ledger);
  times = await Promise.all(
    [6, 8].map(async (size) => {
      const { checkpoint, entries } = await partsOf(ledger, ledger.entries.slice(0, size));
      return {
        size,
        authority: "http://time.example.org/tsa",
        attestedAt: at(size),
        checkpoint,
        token: tokenOver(checkpoint, at(size)),
        // 4 and 5, then 6 and 7.
        entries: entries.slice(size - 2).map(({ index, proof }) => ({ index, proof })),
      };
    }),
  );
});

const packed = (changed: readonly PackageTime[] = times) =>
  makePackage({ ...parts, times: changed });
const first = (changes: Partial<PackageTime>) =>
  times.map((time, i) => (i === 0 ? { ...time, ...changes } : time));

describe("time-stamp tokens in a package", () => {
  test("are judged by what the caller brings, and say which entries were there", async () => {
    const report = await verifyPackage(packed(), { checkTime });
    expect(report.findings).toEqual([]);
    expect(report.times.map(({ index, attestedAt }) => [index, attestedAt])).toEqual([
      [4, at(6)],
      [5, at(6)],
      [6, at(8)],
      [7, at(8)],
    ]);
    expect(report.times.every((entry) => entry.checked)).toBe(true);
    expect(report.notChecked.join("\n")).toContain("but that 4 entries were there when a time");
    expect(report.checks).toContainEqual({
      what: "time-stamp tokens are true",
      passed: 2,
      failed: 0,
    });
  });

  test("without it they are there, not judged, and the report says so", async () => {
    const report = await verifyPackage(packed());
    expect(report.verdict).toBe("good");
    expect(report.times.map((entry) => entry.checked)).toEqual([false, false, false, false]);
    expect(report.notChecked.join("\n")).toContain("--time-roots");
    const none = await verifyPackage(makePackage(parts), { checkTime });
    expect([none.verdict, none.times]).toEqual(["good", []]);
    expect(none.notChecked.join("\n")).toContain("The times: they are the signers'");
  });

  test("every file of theirs, changed in any byte or left out, is a finding", async () => {
    const files = readArchive(packed(), packageLimits);
    const theirs = files.filter(({ path }) => path.startsWith("times/"));
    expect(theirs.length).toBe(8);
    for (const { path, bytes } of theirs) {
      for (const place of [0, bytes.length >> 1, bytes.length - 1]) {
        const copy = bytes.slice();
        copy[place] = (copy[place] ?? 0) ^ 1;
        const changed = files.map((file) => (file.path === path ? { path, bytes: copy } : file));
        const report = await verifyPackage(writeArchive(changed, 0), { checkTime });
        expect(report.verdict, `${path} byte ${place}`).toBe("finding");
      }
      const rest = files.filter((file) => file.path !== path);
      expect((await verifyPackage(writeArchive(rest, 0), { checkTime })).verdict).toBe("finding");
    }
  });

  test.each<[string, () => readonly PackageTime[], RegExp]>([
    ["another time than the token's", () => first({ attestedAt: at(5) }), /the manifest says/],
    ["a token over another checkpoint", () => first({ token: times[1]?.token as never }), /verify/],
    ["sizes out of order", () => times.toReversed(), /out of order/],
    ["no bytes", () => first({ token: new Uint8Array() }), /1 to 65536 bytes/],
    [
      "an entry that is not in the package",
      () => first({ entries: [{ index: 99, proof: times[0]?.entries[0]?.proof ?? "" }] }),
      /entry 99 is not in the package/,
    ],
    ["another size", () => first({ size: 7 }), /is of size 6/],
    [
      "the proof of another entry",
      () => first({ entries: [{ index: 5, proof: times[0]?.entries[0]?.proof ?? "" }] }),
      /is of another entry or checkpoint/,
    ],
  ])("%s is a finding", async (_what, changed, problem) => {
    const report = await verifyPackage(packed(changed()), { checkTime });
    expect(report.verdict).toBe("finding");
    expect(report.findings.map((finding) => finding.problem).join("\n")).toMatch(problem);
    expect(report.times.length).toBeLessThan(4);
  });

  test("an entry has one time", async () => {
    const files = readArchive(packed(), packageLimits).map(({ path, bytes }) => ({
      path,
      bytes:
        path === "manifest.json"
          ? encodeUtf8(decodeUtf8(bytes).replace('"entries":[6,7]', '"entries":[5,6,7]'))
          : bytes,
    }));
    const report = await verifyPackage(writeArchive(files, 0), { checkTime });
    expect(report.findings[0]?.problem).toMatch(/entry 5 is not in the package, or has a time/);
  });

  test("what keeps the caller from looking is not a finding", async () => {
    const failed = verifyPackage(packed(), {
      checkTime: async () => {
        throw new Error("openssl is not installed");
      },
    });
    await expect(failed).rejects.toThrow("not installed");
  });
});
