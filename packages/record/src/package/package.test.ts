import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readArchive, writeArchive, type ArchiveFile } from "../archive/archive.ts";
import { decodeUtf8, encodeUtf8 } from "../bytes/encoding.ts";
import { envelopeOf, TestLedger } from "../testing/actors.ts";
import { approvedRecord, packageOf, partsOf, started } from "../testing/packaged.ts";
import { formatEntry, parseEntry } from "../entry/entry.ts";
import { packageLimits } from "./layout.ts";
import { makePackage } from "./make.ts";
import { verifyPackage } from "./verify.ts";

let ledger: TestLedger;
let bytes: Uint8Array;
let files: readonly ArchiveFile[];

beforeAll(async () => {
  ledger = await approvedRecord(started);
  bytes = await packageOf(ledger);
  files = readArchive(bytes, packageLimits);
});

function without(path: string): Uint8Array {
  return writeArchive(
    files.filter((file) => file.path !== path),
    0,
  );
}
function replaced(path: string, make: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  return writeArchive(
    files.map((file) => (file.path === path ? { path, bytes: make(file.bytes) } : file)),
    0,
  );
}
function edited(path: string, from: string | RegExp, to: string): Uint8Array {
  return replaced(path, (old) => {
    const text = decodeUtf8(old);
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    return encodeUtf8(changed);
  });
}

describe("a good package", () => {
  test("is good, and says what was not checked", async () => {
    const report = await verifyPackage(bytes);
    expect(report.findings).toEqual([]);
    expect(report.verdict).toBe("good");
    expect(report.record?.status).toBe("executing");
    expect(report.openings).toEqual({ opened: 4, withheld: 0, deleted: 0 });
    expect(report.log?.pinned).toBe(false);
    expect(report.notChecked.join("\n")).toMatch(/--log-key/);
  });

  test("the same parts make the same bytes", async () => {
    expect(makePackage(await partsOf(ledger))).toEqual(bytes);
  });

  test("with the key that is known, the ledger is pinned; with another, it is a finding", async () => {
    const key = decodeUtf8(
      files.find((file) => file.path === "log.vkey")?.bytes ?? new Uint8Array(),
    ).trim();
    expect((await verifyPackage(bytes, { logKey: key })).log?.pinned).toBe(true);
    const other = await verifyPackage(bytes, { logKey: `${key.slice(0, -4)}AAA=` });
    expect(other.verdict).toBe("finding");
  });

  test("withheld openings and artefacts leave it good, and are counted", async () => {
    const parts = await partsOf(ledger);
    const report = await verifyPackage(
      makePackage({ ...parts, openings: [], evidence: new Map() }),
    );
    expect(report.verdict).toBe("good");
    expect(report.openings).toEqual({ opened: 0, withheld: 4, deleted: 0 });
    expect(report.notChecked.join("\n")).toMatch(/1 artefacts/);
  });

  test("deleted openings are told apart from withheld ones", async () => {
    const again = await approvedRecord(async (it) => {
      const commitments = [it.record().proposal.rationale];
      await it.says(it.administrator, "opening-deleted", {
        record: "RB-2026-1",
        commitments,
        ground: "erasure-request",
      });
      it.openings.splice(0, 1);
    });
    const report = await verifyPackage(await packageOf(again));
    expect(report.findings).toEqual([]);
    expect(report.openings).toEqual({ opened: 2, withheld: 0, deleted: 1 });
  });
});

describe("tampering is named", () => {
  test("every file but the README, changed in any byte, is a finding", async () => {
    for (const { path, bytes: content } of files.filter((file) => file.path !== "README.md")) {
      // A byte at the start, in the middle and at the end.
      for (const at of [0, content.length >> 1, content.length - 1]) {
        const changed = replaced(path, (old) => {
          const copy = old.slice();
          copy[at] = (copy[at] ?? 0) ^ 1;
          return copy;
        });
        const report = await verifyPackage(changed);
        expect(report.verdict, `${path} byte ${at}`).not.toBe("good");
      }
    }
  }, 120_000);

  test("every file but the README, left out, is a finding", async () => {
    for (const { path } of files.filter((file) => file.path !== "README.md")) {
      const report = await verifyPackage(without(path));
      expect(report.verdict, path).not.toBe("good");
    }
  }, 120_000);

  test("a file that nothing knows is a finding", async () => {
    const more = writeArchive([...files, { path: "notes.txt", bytes: encodeUtf8("trust me") }], 0);
    const report = await verifyPackage(more);
    expect(report.findings).toMatchObject([{ where: "notes.txt" }]);
  });

  test("an entry left out of the middle breaks the chain, by name", async () => {
    const report = await verifyPackage(edited("manifest.json", /,6,/, ","));
    expect(report.verdict).toBe("finding");
    expect(report.findings.some((finding) => finding.rule === "chain")).toBe(true);
  });

  test("an approval forged with a key of the operator's is named", async () => {
    const forged = await TestLedger.open();
    expect(forged.entries.length).toBe(1);
    const index = 6;
    const entry = parseEntry(ledger.entries[index] ?? new Uint8Array());
    const body = JSON.parse(atob(entry.envelope.payload)) as {
      predicate: Record<string, unknown>;
      subject: never;
    };
    const { id: _id, actor, key: _key, instance: _in, occurredAt: _at, ...rest } = body.predicate;
    const operator = { ...ledger.system, id: String(actor) };
    const envelope = envelopeOf(operator, "decision", body.subject, rest as never, ledger.time());
    const entries = ledger.entries.with(index, formatEntry({ ...entry, envelope }));
    const report = await verifyPackage(makePackage(await partsOf(ledger, entries)));
    expect(report.verdict).toBe("finding");
    expect(report.findings[0]).toMatchObject({ where: `entries/${index}.json`, rule: "key-bound" });
  });

  test("the operator's log without the approval, re-signed, is named", async () => {
    // Entry 6 is the approval, 7 the authorisation that needs it.
    const entries = [...ledger.entries.slice(0, 6), ...ledger.entries.slice(7)];
    const report = await verifyPackage(makePackage(await partsOf(ledger, entries)));
    expect(report.findings[0]?.rule).toBe("chain");
  });

  test("an opening of another text is named", async () => {
    const report = await verifyPackage(
      edited("openings.json", "Customers can pay", "Customers can't pay"),
    );
    expect(report.findings.map((finding) => finding.where).join()).toContain("openings.json");
  });
});

describe("what is no package", () => {
  test.each([
    ["nothing", new Uint8Array()],
    ["noise", new Uint8Array(5000).fill(65)],
    ["a truncated one", undefined],
    ["an archive of something else", writeArchive([{ path: "a", bytes: encodeUtf8("b") }], 0)],
  ])("%s cannot be verified", async (_name, input) => {
    const report = await verifyPackage(input ?? bytes.slice(0, bytes.length / 2));
    expect(report.verdict).toBe("unverifiable");
    expect(report.findings).toHaveLength(1);
  });
});

describe("with tools that are not ours", () => {
  const folder = mkdtempSync(join(tmpdir(), "countermand-package-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("the commands in its README, as printed: tar unpacks it, ssh-keygen says Good to each", () => {
    writeFileSync(join(folder, "p.tar"), bytes);
    execFileSync("tar", ["-xf", "p.tar"], { cwd: folder });
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    const commands = readme.match(/^ {4}ssh-keygen .*$/gm) ?? [];
    expect(commands).toHaveLength(ledger.entries.length);
    for (const command of commands) {
      const run = spawnSync("sh", ["-c", command.trim()], { cwd: folder, encoding: "utf8" });
      expect(run.stdout + run.stderr).toMatch(/^Good "/);
      expect(run.status).toBe(0);
    }
  });

  test("ssh-keygen refuses the same signature for somebody else", () => {
    const pae = readFileSync(join(folder, "signatures/4.pae"));
    const args = [
      "-Y",
      "verify",
      "-f",
      "allowed_signers",
      "-I",
      "bo",
      "-n",
      "proposed.v1@countermand",
      "-s",
      "signatures/4.sig",
    ];
    expect(spawnSync("ssh-keygen", args, { cwd: folder, input: pae }).status).not.toBe(0);
  });
});
