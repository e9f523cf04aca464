/** For tests: a whole record in a signed log, as an exported package. */
import {
  appendLeafHashes,
  emptyTree,
  formatCheckpoint,
  formatProofFile,
  formatSignerKey,
  formatVerifierKey,
  inclusionProof,
  leafHash,
  parseSignerKey,
  rootOf,
  sha256,
  signNote,
} from "@countermand/tlog";
import { encodeHex, encodeUtf8 } from "../bytes/encoding.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import { makePackage, type PackageParts } from "../package/make.ts";
import {
  actor,
  assessmentBody,
  decisionBody,
  instance,
  proposal,
  TestLedger,
  type Actor,
} from "./actors.ts";

export const report = encodeUtf8('{"authors":[]}');
const id = "RB-2026-1";

/** A record from proposal to approval, with its report as artefact; `more` may go on. */
export async function approvedRecord(
  more: (
    ledger: TestLedger,
    people: { ines: Actor; bo: Actor; cleo: Actor },
  ) => Promise<void> = async () => {},
): Promise<TestLedger> {
  const key = await parseSignerKey(await formatSignerKey(instance, new Uint8Array(32).fill(5)));
  const ledger = await TestLedger.open({}, formatVerifierKey(key.verifier));
  const people = { ines: actor("ines"), bo: actor("bo"), cleo: actor("cleo") };
  for (const who of Object.values(people)) await ledger.enrol(who);
  await ledger.says(people.ines, "proposed", proposal(ledger));
  const artefact = { digest: encodeHex(sha256(report)), size: report.length };
  await ledger.says(people.ines, "assessed", assessmentBody({ report: artefact }));
  await ledger.says(people.bo, "decision", decisionBody(ledger.record()));
  await more(ledger, people);
  return ledger;
}

/** Starts the execution, to have an entry after the authorisation. */
export async function started(ledger: TestLedger, { ines }: { ines: Actor }): Promise<void> {
  const target = digestOf(ledger.record().proposal.target);
  const command = ledger.commit("helm rollback api 41");
  await ledger.says(ines, "execution-started", { record: id, target, command });
}

/** The package of `ledger`'s record; the log holds `entries`, by default the ledger's. */
export async function partsOf(
  ledger: TestLedger,
  entries: readonly Uint8Array[] = ledger.entries,
): Promise<PackageParts> {
  const key = await parseSignerKey(await formatSignerKey(instance, new Uint8Array(32).fill(5)));
  const nodes = new Map<string, Uint8Array>();
  const tree = appendLeafHashes(emptyTree, entries.map(leafHash), (level, index, hash) =>
    nodes.set(`${level}/${index}`, hash),
  );
  const reader = {
    readHashes: async (wanted: readonly { level: number; index: number }[]) =>
      wanted.map(({ level, index }) => nodes.get(`${level}/${index}`) ?? new Uint8Array()),
  };
  const checkpoint = await signNote(
    formatCheckpoint({ origin: instance, size: tree.size, root: rootOf(tree) }),
    [key],
  );
  const packed = await Promise.all(
    entries.map(async (bytes, index) => ({
      index,
      bytes,
      proof: new TextDecoder().decode(
        formatProofFile({
          index,
          hashes: await inclusionProof(reader, index, tree.size),
          checkpoint,
        }),
      ),
    })),
  );
  return {
    state: ledger.record(),
    origin: instance,
    logKey: formatVerifierKey(key.verifier),
    checkpoint: new TextDecoder().decode(checkpoint),
    size: tree.size,
    exportedAt: ledger.time(),
    entries: packed,
    openings: ledger.openings,
    evidence: new Map([[encodeHex(sha256(report)), report]]),
  };
}

export async function packageOf(ledger: TestLedger): Promise<Uint8Array> {
  return makePackage(await partsOf(ledger));
}
