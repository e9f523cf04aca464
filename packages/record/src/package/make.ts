/**
 * A record as one file that a stranger can check: entries, proofs, checkpoint,
 * what stock `ssh-keygen` needs, openings and artefacts. The same input gives
 * the same bytes.
 */
import { writeArchive, type ArchiveFile } from "../archive/archive.ts";
import { canonicalBytes } from "../bytes/canonical-json.ts";
import type { Opening } from "../bytes/commitment.ts";
import { encodeUtf8 } from "../bytes/encoding.ts";
import { artefactsOf, type RecordState } from "../lifecycle/state.ts";
import { packageType, paths, type Manifest } from "./layout.ts";
import { registryArtefacts } from "./registry-artefacts.ts";
import { packageReadme } from "./readme.ts";
import { signatureFiles, type SignedEntry } from "./signature-files.ts";
import { timeFiles, type PackageTime } from "./times.ts";

export interface PackageEntry extends SignedEntry {
  /** The `.tlog-proof` file of this entry, against the package's checkpoint. */
  readonly proof: string;
}

export interface PackageParts {
  readonly state: RecordState;
  readonly origin: string;
  /** C2SP verifier key of the log. */
  readonly logKey: string;
  /** Signed note. */
  readonly checkpoint: string;
  readonly size: number;
  /** RFC 3339, milliseconds, UTC. */
  readonly exportedAt: string;
  /** In order of index: the registry's entries up to its newest, and the record's. */
  readonly entries: readonly PackageEntry[];
  readonly openings: readonly Opening[];
  readonly evidence: ReadonlyMap<string, Uint8Array>;
  /** In order of size; each entry under one of them at most. */
  readonly times?: readonly PackageTime[];
}

export function makePackage(parts: PackageParts): Uint8Array {
  const { state, times = [] } = parts;
  const { rules, keySets } = registryArtefacts(parts.entries.map(({ bytes }) => bytes));
  const named = new Map(
    [...artefactsOf(state), ...rules, ...keySets].map((item) => [item.digest, item]),
  );
  const artefacts = [...named.values()].map((item) => ({
    digest: item.digest,
    size: item.size,
    included: parts.evidence.has(item.digest),
  }));
  const manifest: Manifest = {
    _type: packageType,
    record: state.id,
    origin: parts.origin,
    size: parts.size,
    exportedAt: parts.exportedAt,
    entries: parts.entries.map((entry) => entry.index),
    artefacts,
    ...(times.length === 0
      ? {}
      : {
          times: times.map(({ size, authority, attestedAt, entries }) => ({
            size,
            authority,
            attestedAt,
            entries: entries.map(({ index }) => index),
          })),
        }),
  };
  const openings = parts.openings.toSorted((a, b) => (a.commitment < b.commitment ? -1 : 1));
  const signed = signatureFiles(parts.entries);
  const files: ArchiveFile[] = [
    {
      path: paths.readme,
      bytes: encodeUtf8(packageReadme(state, parts.origin, parts.entries, times)),
    },
    { path: paths.manifest, bytes: canonicalBytes(manifest) },
    { path: paths.checkpoint, bytes: encodeUtf8(parts.checkpoint) },
    { path: paths.logKey, bytes: encodeUtf8(`${parts.logKey}\n`) },
    { path: paths.openings, bytes: canonicalBytes(openings) },
    ...parts.entries.flatMap((entry) => [
      { path: paths.entry(entry.index), bytes: entry.bytes },
      { path: paths.proof(entry.index), bytes: encodeUtf8(entry.proof) },
    ]),
    ...signed,
    ...timeFiles(times),
    ...artefacts
      .filter((item) => item.included)
      .map((item) => ({
        path: paths.evidence(item.digest),
        bytes: parts.evidence.get(item.digest) ?? new Uint8Array(),
      })),
  ];
  return writeArchive(files, Math.floor(Date.parse(parts.exportedAt) / 1000));
}
