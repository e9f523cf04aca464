/**
 * What strangers hand to the command line and the server, damaged: evidence packages,
 * witness policies, lists of logs, proofs of misbehaviour. The log's own parsers are in
 * packages/tlog/src/fuzz.test.ts. A longer run: COUNTERMAND_FUZZ_RUNS=100000.
 */
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  cosigner,
  formatCheckpoint,
  formatSignerKey,
  formatVerifierKey,
  parseSignerKey,
  sha256,
  signNote,
} from "@countermand/tlog";
import { verifyPackage, type VerifyReport } from "@countermand/record";
import { LedgerError } from "../packages/app/src/ledger/error.ts";
import { parseTime } from "../packages/app/src/ledger/timestamps/openssl.ts";
import { TimestampError } from "../packages/app/src/ledger/timestamps/error.ts";
import { parseWitnessPolicy } from "../packages/app/src/ledger/witnesses/policy-file.ts";
import { WitnessError } from "../packages/app/src/witness/error.ts";
import { parseLogList } from "../packages/app/src/witness/log-list.ts";
import {
  formatMisbehaviour,
  misbehaviour,
  parseMisbehaviour,
  verifyMisbehaviour,
} from "../packages/app/src/witness/misbehaviour.ts";
import { readArchive, writeArchive } from "../packages/record/src/archive/archive.ts";
import { packageLimits } from "../packages/record/src/package/layout.ts";
import { approvedRecord, packageOf, started } from "../packages/record/src/testing/packaged.ts";
import { fuzzRuns, mutated } from "../packages/tlog/src/testing/mutate.ts";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));

/** Hundreds of milliseconds each: signatures and a whole lifecycle. */
const packageRuns = Math.max(30, Math.floor(fuzzRuns / 40));

describe("a damaged evidence package", () => {
  let good: VerifyReport;
  let bytes: Uint8Array;
  beforeAll(async () => {
    bytes = await packageOf(await approvedRecord(started));
    good = await verifyPackage(bytes);
    expect(good.verdict).toBe("good");
  });

  /** Whatever it is, there is a report; a good one says what the undamaged one said. */
  async function check(damaged: Uint8Array): Promise<void> {
    const report = await verifyPackage(damaged);
    if (report.verdict !== "good") return;
    expect(report.record).toEqual(good.record);
    expect(report.log).toEqual(good.log);
  }

  test("as an archive", () =>
    fc.assert(fc.asyncProperty(mutated([bytes]), check), { numRuns: packageRuns }));

  test("in one of its files", () => {
    const files = readArchive(bytes, packageLimits);
    const damaged = fc.nat(files.length - 1).chain((at) =>
      mutated([files[at]?.bytes ?? new Uint8Array()]).map((changed) =>
        writeArchive(
          files.map((file, i) => (i === at ? { ...file, bytes: changed } : file)),
          0,
        ),
      ),
    );
    return fc.assert(fc.asyncProperty(damaged, check), { numRuns: packageRuns });
  });
});

const log = await parseSignerKey(
  await formatSignerKey("log.example.com/a", new Uint8Array(32).fill(1)),
);
const witness = await cosigner("w1.example", new Uint8Array(32).fill(2), () => 1_700_000_000);
const logVkey = formatVerifierKey(log.verifier);
const policies = [
  `log ${logVkey}\nwitness w1 ${formatVerifierKey(witness.verifier)} https://w1.example/\nquorum w1\n`,
  `# none\nlog ${logVkey} https://log.example/\nquorum none\n`,
].map(bytesOf);

/** Runs it; the errors that it may throw are an answer. */
async function refusedOr<T>(
  type: abstract new (...args: never) => Error,
  work: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof type) return undefined;
    throw error;
  }
}

test("a damaged witness policy is refused, or asks addresses that are addresses", () =>
  fc.assert(
    fc.asyncProperty(mutated(policies), async (bytes) => {
      const policy = await refusedOr(LedgerError, () => parseWitnessPolicy(bytes, log.verifier));
      for (const { url } of policy?.witnesses ?? []) {
        expect(new URL(url).protocol).toMatch(/^https?:$/);
      }
    }),
    { numRuns: fuzzRuns },
  ));

const logLists = [`log ${logVkey}\n`, `key ${logVkey} from 0 until 9\n`].map(bytesOf);

test("a damaged list of logs is refused, or names keys of logs", () =>
  fc.assert(
    fc.asyncProperty(mutated([...policies, ...logLists]), async (bytes) => {
      const logs = await refusedOr(WitnessError, () => parseLogList(bytes));
      for (const [origin, { keys }] of logs ?? []) {
        const own = keys.map(({ verifier }) => verifier);
        expect(own.every(({ name, type }) => name === origin && type === 1)).toBe(true);
      }
    }),
    { numRuns: fuzzRuns },
  ));

test("a damaged proof of misbehaviour is refused, or proves the same of the same log", async () => {
  const note = async (size: number, fill: number) => {
    const text = formatCheckpoint({
      origin: log.name,
      size,
      root: sha256(Uint8Array.of(fill)),
    });
    return Buffer.from(await signNote(text, [log])).toString("utf8");
  };
  const at = "2026-11-23T10:00:00.000Z";
  const [one, two] = [await note(3, 1), await note(3, 2)];
  const exhibits = {
    smaller: { note: one, from: "here", at },
    larger: { note: two, from: "there", at },
  };
  const seed = formatMisbehaviour(
    misbehaviour(log.verifier, exhibits, sha256(Uint8Array.of(2)), []),
  );
  const proven = await verifyMisbehaviour(parseMisbehaviour(bytesOf(seed)));
  await fc.assert(
    fc.asyncProperty(mutated([bytesOf(seed)]), async (bytes) => {
      const found = await refusedOr(WitnessError, async () =>
        verifyMisbehaviour(parseMisbehaviour(bytes)),
      );
      if (found !== undefined) expect(found.log).toBe(proven.log);
    }),
    { numRuns: fuzzRuns },
  );
});

test("what OpenSSL prints of a token is a time, or refused", () =>
  fc.assert(
    fc.asyncProperty(
      mutated([bytesOf("Version: 1\nTime stamp: Nov 23 16:19:05.25 2026 GMT\nOrdering: yes\n")]),
      async (bytes) => {
        const text = Buffer.from(bytes).toString("latin1");
        const time = await refusedOr(TimestampError, () => parseTime(text));
        if (time !== undefined) expect(time.toISOString()).toMatch(/^\d{4}-/);
      },
    ),
    { numRuns: fuzzRuns },
  ));
