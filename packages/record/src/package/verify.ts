/**
 * One exported package, checked with nothing but its bytes: inclusion of every
 * entry in a signed checkpoint, every signature, all rules replayed in order,
 * openings, artefacts, and that the files for stock tools say the same.
 *
 * What a package alone cannot show is said in `notChecked`, every time.
 */
import {
  leafHash,
  maySign,
  openCheckpoint,
  openLogCheckpoint,
  openNote,
  parseProofFile,
  parseVerifierKey,
  sha256,
  verifyProofFile,
  type LogKeys,
  type NoteVerifier,
} from "@countermand/tlog";
import { readArchive } from "../archive/archive.ts";
import { parseCanonical } from "../bytes/canonical-json.ts";
import { checkOpening, openingShape, type Opening } from "../bytes/commitment.ts";
import { decodeUtf8, encodeBase64, encodeHex, equalBytes } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import { array } from "../bytes/shape.ts";
import { beginEntry, emptyWorld, replayEntry } from "../lifecycle/replay.ts";
import type { Judging } from "../policy/judge.ts";
import { artefactsOf, type Artefact, type RecordState } from "../lifecycle/state.ts";
import { announcedKeys, logKeysOf } from "../registry/log-keys.ts";
import type { Registry } from "../registry/registry.ts";
import { commitmentsIn } from "../statements/commitments.ts";
import { judgingOf, registryArtefacts, type LoadJudge } from "./registry-artefacts.ts";
import { manifestShape, packageLimits, paths, type Manifest } from "./layout.ts";
import { checkTokens, type TokenCheck, type Vouched } from "./tokens.ts";
import { Tally, type VerifyReport } from "./report.ts";
import { signatureFiles } from "./signature-files.ts";
import { checkTimes, timePaths, timesNote, type AttestedEntry, type CheckTime } from "./times.ts";

export interface VerifyOptions {
  /** A C2SP verifier key that the caller trusts for this ledger. */
  readonly logKey?: string;
  /** The same with all the keys of the ledger, and the sizes that each may sign. */
  readonly trust?: LogKeys;
  /** A key that must have signed the checkpoint, too: of the log's second line, or a witness's. */
  readonly secondKey?: NoteVerifier;
  /** Brings, where a package has rules, what reads them; without it that part is not replayed, and the report says so. */
  readonly loadJudge?: () => Promise<LoadJudge>;
  /** Reads time-stamp tokens, with the roots that the caller believes; without it they are not judged. */
  readonly checkTime?: CheckTime;
}

type Files = ReadonlyMap<string, Uint8Array>;

export async function verifyPackage(
  bytes: Uint8Array,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  let files: Files;
  let manifest: Manifest;
  try {
    files = new Map(readArchive(bytes, packageLimits).map((file) => [file.path, file.bytes]));
    manifest = manifestShape(parseCanonical(need(files, paths.manifest), { maxDepth: 6 }));
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return unverifiable(error.message);
  }

  const tally = new Tally();
  const log = await checkLog(files, manifest, options, tally);
  if (log !== undefined) await checkInclusion(files, manifest, log, tally);
  const { rules, keySets } = registryArtefacts(
    manifest.entries.flatMap((i) => files.get(paths.entry(i)) ?? []),
  );
  const policy = await readRules(files, rules, options.loadJudge, tally);
  const replayed = await replay(files, manifest, tally, policy.judging);
  const times = await timesOf(files, manifest, log, replayed.registry, options, tally);
  const openings = await checkOpenings(files, replayed, tally);
  const tokens = await checkTokens(files, replayed, tally);
  const missing = await checkArtefacts(
    files,
    manifest,
    replayed.record,
    [...rules, ...keySets],
    tally,
  );
  await checkStockFiles(files, manifest, tally);
  await checkNothingElse(files, manifest, tally);
  if (log !== undefined && replayed.registry !== undefined) {
    await checkAnnounced(files, manifest, log, replayed.registry, tally);
  }

  return {
    verdict: tally.findings.length === 0 ? "good" : "finding",
    ...(replayed.record === undefined ? {} : { record: replayed.record }),
    ...(log === undefined ? {} : { log }),
    checks: tally.checks(),
    findings: tally.findings,
    notChecked: notChecked(
      manifest,
      log?.pinned === true,
      openings.withheld,
      missing,
      replayed.record,
      policy.why,
      tokens,
      times,
    ),
    times,
    openings,
  };
}

/** The entries say who signs the log, and from which size to which. */
async function checkAnnounced(
  files: Files,
  manifest: Manifest,
  log: Log,
  registry: Registry,
  tally: Tally,
): Promise<void> {
  await tally.try("the ledger's entries name its log key", paths.entry(0), async () => {
    const named = announcedKeys(registry).find((key) => key.vkey === log.key);
    if (named === undefined) {
      throw new RecordError(
        "package",
        `the checkpoint is signed by ${log.key}, but the ledger was opened with ${registry.logKey}${registry.logKeys === undefined ? "" : ", and none that followed is it"}`,
      );
    }
    if (!maySign({ from: named.from, until: named.until }, manifest.size)) {
      throw new RecordError(
        "package",
        `the checkpoint of ${manifest.size} entries is signed by ${log.key}, which may sign from ${named.from} entries on${named.until === undefined ? "" : ` and below ${named.until}`}`,
      );
    }
    await openLogCheckpoint(need(files, paths.checkpoint), logKeysOf(registry));
  });
}

/** Earlier checkpoints may be by an earlier key: whom the caller trusts says so, else the entries do. */
async function timesOf(
  files: Files,
  manifest: Manifest,
  log: Log | undefined,
  registry: Registry | undefined,
  { trust, checkTime }: VerifyOptions,
  tally: Tally,
): Promise<readonly AttestedEntry[]> {
  if (log === undefined) return [];
  const announced = registry?.logKeys === undefined ? undefined : logKeysOf(registry);
  const keys = trust ?? announced ?? parseVerifierKey(log.key);
  return await checkTimes(files, manifest, keys, checkTime, tally);
}

type Log = NonNullable<VerifyReport["log"]>;

async function checkLog(
  files: Files,
  manifest: Manifest,
  options: VerifyOptions,
  tally: Tally,
): Promise<Log | undefined> {
  let log: Log | undefined;
  await tally.try("the checkpoint is signed by the log's key", paths.checkpoint, async () => {
    const key = decodeUtf8(need(files, paths.logKey)).replace(/\n$/, "");
    const checkpoint = await openCheckpoint(
      need(files, paths.checkpoint),
      [parseVerifierKey(key)],
      manifest.origin,
    );
    if (checkpoint.size !== manifest.size) {
      throw new RecordError(
        "package",
        `the checkpoint is of size ${checkpoint.size}, the manifest says ${manifest.size}`,
      );
    }
    log = {
      origin: checkpoint.origin,
      key,
      pinned: options.logKey !== undefined || options.trust !== undefined,
      size: checkpoint.size,
      root: encodeBase64(checkpoint.root),
    };
  });
  const { logKey, trust, secondKey } = options;
  if (secondKey !== undefined) {
    await tally.try(
      "the checkpoint is signed by the second key, too",
      paths.checkpoint,
      async () => {
        await openNote(need(files, paths.checkpoint), [secondKey]);
      },
    );
  }
  if (logKey !== undefined || trust !== undefined) {
    await tally.try("the log's key is the one you trust", paths.logKey, async () => {
      if (trust === undefined && log?.key === logKey) return;
      const verifier = trust ?? parseVerifierKey(logKey ?? "");
      if (verifier.name === manifest.origin && log !== undefined) {
        // While one key follows another the checkpoint is signed by both.
        const opened = await openLogCheckpoint(need(files, paths.checkpoint), verifier).catch(
          (error: unknown) => error as Error,
        );
        if (!(opened instanceof Error)) return;
        if (trust !== undefined) throw new RecordError("package", opened.message);
      }
      throw new RecordError(
        "package",
        `this package is from a ledger with the key ${log?.key ?? "unknown"}, not from ${trust === undefined ? "the one you named" : trust.name}`,
      );
    });
  }
  return log;
}

async function checkInclusion(
  files: Files,
  manifest: Manifest,
  log: Log,
  tally: Tally,
): Promise<void> {
  const verifiers = [parseVerifierKey(log.key)];
  const checkpoint = need(files, paths.checkpoint);
  for (const index of manifest.entries) {
    await tally.try("entries are in the log", paths.entry(index), async () => {
      const file = need(files, paths.proof(index));
      const proof = parseProofFile(file);
      if (proof.index !== index) {
        throw new RecordError("package", `its proof is for entry ${proof.index}`);
      }
      if (!equalBytes(proof.checkpoint, checkpoint)) {
        throw new RecordError(
          "package",
          "its proof is against another checkpoint than the package's",
        );
      }
      await verifyProofFile({
        file,
        leafHash: leafHash(need(files, paths.entry(index))),
        origin: manifest.origin,
        verifiers,
      });
    });
  }
}

/** The rules are checked against their digest before they judge anything. */
async function readRules(
  files: Files,
  named: readonly Artefact[],
  loader: VerifyOptions["loadJudge"],
  tally: Tally,
): Promise<ReturnType<typeof judgingOf>> {
  if (named.length === 0) return judgingOf(named, () => undefined, undefined);
  const load = await loader?.();
  let found: ReturnType<typeof judgingOf> = {
    judging: "unchecked",
    why: "the rules in this package are not what was decided on",
  };
  await tally.try("policy rules are what was decided on", paths.manifest, () => {
    found = judgingOf(
      named,
      (digest) => {
        const bytes = files.get(paths.evidence(digest));
        if (bytes !== undefined && encodeHex(sha256(bytes)) !== digest) {
          throw new RecordError("package", `the rules sha256:${digest} have other bytes`);
        }
        return bytes;
      },
      load,
    );
  });
  return found;
}

interface Replayed {
  readonly record: RecordState | undefined;
  readonly registry: Registry | undefined;
  /** Commitment to where it was made, `entries/3.json rationale`. */
  readonly commitments: ReadonlyMap<string, string>;
  /** Keys that identity tokens vouch for. */
  readonly vouched: readonly Vouched[];
}

async function replay(
  files: Files,
  manifest: Manifest,
  tally: Tally,
  judging: Judging,
): Promise<Replayed> {
  const world = emptyWorld(judging);
  const commitments = new Map<string, string>();
  const vouched: Vouched[] = [];
  let last = -1;
  for (const index of manifest.entries) {
    const where = paths.entry(index);
    const followed = await tally.try("signatures are good and the rules hold", where, async () => {
      if (index <= last)
        throw new RecordError("package", "the manifest lists entries out of order");
      last = index;
      const { entry, statement } = await replayEntry(
        world,
        beginEntry(world, index, need(files, where)),
      );
      if (entry.stream !== "registry" && entry.stream !== manifest.record) {
        throw new RecordError(
          "package",
          `it belongs to ${entry.stream}, not to ${manifest.record}`,
        );
      }
      if (statement.type.selfSigned === true) {
        const { recordedAt } = entry;
        vouched.push({ where, statement, recordedAt, registry: world.registry });
      }
      for (const [commitment, path] of commitmentsIn(statement.type.name, statement.body)) {
        commitments.set(commitment, `${where} ${path}`);
      }
    });
    // What came after a broken entry cannot be judged: it stands on it.
    if (!followed) break;
  }
  const record = world.records.get(manifest.record);
  await tally.try("the record is whole", paths.manifest, () => {
    if (record === undefined) throw new RecordError("package", `no entry opens ${manifest.record}`);
  });
  return { record, registry: world.registry, commitments, vouched };
}

async function checkOpenings(
  files: Files,
  { commitments, record }: Replayed,
  tally: Tally,
): Promise<VerifyReport["openings"]> {
  let openings: readonly Opening[] = [];
  await tally.try("openings open their commitments", paths.openings, () => {
    openings = array(openingShape, { max: 100_000 })(parseCanonical(need(files, paths.openings)));
  });
  const opened = new Set<string>();
  for (const opening of openings) {
    const where = `${paths.openings} ${opening.commitment.slice(0, 24)}`;
    await tally.try("openings open their commitments", where, () => {
      checkOpening(opening);
      if (!commitments.has(opening.commitment)) {
        throw new RecordError("package", "no statement in this package made this commitment");
      }
      opened.add(opening.commitment);
    });
  }
  const deleted = new Set(record?.deletedOpenings);
  const closed = [...commitments.keys()].filter((commitment) => !opened.has(commitment));
  const gone = closed.filter((commitment) => deleted.has(commitment)).length;
  return { opened: opened.size, withheld: closed.length - gone, deleted: gone };
}

/** Answers how many artefacts are named and not here. */
async function checkArtefacts(
  files: Files,
  manifest: Manifest,
  record: RecordState | undefined,
  registry: readonly Artefact[],
  tally: Tally,
): Promise<number> {
  if (record === undefined) return 0;
  const named = new Map(
    [...artefactsOf(record), ...registry].map((item) => [item.digest, item.size]),
  );
  for (const item of manifest.artefacts) {
    const where = paths.evidence(item.digest);
    const size = named.get(item.digest);
    const bytes = files.get(where);
    if (!item.included && bytes === undefined && size === item.size) continue;
    await tally.try("artefacts are what statements name", where, () => {
      if (size === undefined) throw new RecordError("package", "no statement names this artefact");
      if (!item.included || bytes === undefined) {
        throw new RecordError(
          "package",
          "the manifest and the archive disagree on whether it is included",
        );
      }
      if (bytes.length !== size || encodeHex(sha256(bytes)) !== item.digest) {
        throw new RecordError(
          "package",
          `its bytes are not those that were named: ${bytes.length} bytes, SHA-256 ${encodeHex(sha256(bytes))}`,
        );
      }
    });
  }
  const listed = new Set(manifest.artefacts.map((item) => item.digest));
  await tally.try("artefacts are what statements name", paths.manifest, () => {
    const forgotten = [...named.keys()].find((digest) => !listed.has(digest));
    if (forgotten !== undefined) {
      throw new RecordError(
        "package",
        `the artefact sha256:${forgotten} is named by a statement and not listed`,
      );
    }
  });
  return manifest.artefacts.filter((item) => !item.included).length;
}

/** The files for `ssh-keygen` are derived again: a stranger's tool must see what ours saw. */
async function checkStockFiles(files: Files, manifest: Manifest, tally: Tally): Promise<void> {
  const what = "files for stock tools say the same";
  await tally.try(what, "signatures", async () => {
    const entries = manifest.entries.map((index) => ({
      index,
      bytes: need(files, paths.entry(index)),
    }));
    for (const expected of signatureFiles(entries)) {
      await tally.try(what, expected.path, () => {
        if (!equalBytes(need(files, expected.path), expected.bytes)) {
          throw new RecordError("package", "it is not what the entries give");
        }
      });
    }
  });
}

async function checkNothingElse(files: Files, manifest: Manifest, tally: Tally): Promise<void> {
  const known = new Set<string>([
    paths.readme,
    paths.manifest,
    paths.checkpoint,
    paths.logKey,
    paths.openings,
    paths.allowedSigners,
    ...manifest.entries.flatMap((index) => [
      paths.entry(index),
      paths.proof(index),
      paths.pae(index),
      paths.signature(index),
    ]),
    ...manifest.artefacts.map((item) => paths.evidence(item.digest)),
    ...timePaths(manifest),
  ]);
  for (const path of files.keys()) {
    if (known.has(path)) continue;
    await tally.try("nothing else is in the archive", path, () => {
      throw new RecordError("package", "the manifest does not know this file");
    });
  }
}

function notChecked(
  manifest: Manifest,
  pinned: boolean,
  withheld: number,
  missing: number,
  record: RecordState | undefined,
  policy: string | undefined,
  tokens: TokenCheck,
  times: readonly AttestedEntry[],
): readonly string[] {
  const notes: string[] = [];
  if (policy !== undefined) {
    notes.push(
      `What the policy's rules allow and ask for: ${policy}. That no one was refused, and each class, is the ledger's word.`,
    );
  }
  if (!pinned) {
    notes.push(
      "Whose ledger this is: the log's key was taken from the package itself. Give the key that you know with --log-key.",
    );
  }
  notes.push(`What came later: this is the record as of ${manifest.size} entries in the ledger.`);
  notes.push(
    "Whether the ledger shows others the same history: no witness has cosigned this checkpoint.",
  );
  notes.push(timesNote(times));
  notes.push(
    tokens.checked === 0
      ? "That each key belongs to the person named: an administrator of the ledger said so."
      : `That each key belongs to the person or job named: for ${tokens.checked} of them an identity provider said so, whose key set is in this package; that it was the provider's, and the other keys, are the ledger's word.`,
  );
  if (tokens.missing > 0) {
    notes.push(
      `${tokens.missing} identity tokens that vouch for keys: token or key set was withheld or deleted.`,
    );
  }
  if (withheld > 0) notes.push(`${withheld} texts: their openings were withheld.`);
  if (missing > 0) notes.push(`${missing} artefacts: they are named by digest and not included.`);
  if (record?.assessment?.report !== undefined) {
    notes.push(
      "That the undo report is right: repeat it from the repository with `countermand undo`.",
    );
  }
  if ((record?.assessment?.unknownAuthors ?? 0) > 0) {
    notes.push(
      `Whether an approver wrote what is undone, for ${record?.assessment?.unknownAuthors} authors who are not enrolled.`,
    );
  }
  return notes;
}

function unverifiable(problem: string): VerifyReport {
  return {
    verdict: "unverifiable",
    checks: [],
    findings: [{ where: "package", problem }],
    notChecked: [],
    openings: { opened: 0, withheld: 0, deleted: 0 },
    times: [],
  };
}

function need(files: Files, path: string): Uint8Array {
  const bytes = files.get(path);
  if (bytes === undefined) throw new RecordError("package", `${path} is missing from the archive`);
  return bytes;
}
