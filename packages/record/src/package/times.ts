/**
 * Time-stamp tokens (RFC 3161) in a package: for each, the log's checkpoint that it is
 * over, and proofs of the entries under it. Here it is checked that they are of this log.
 * The token itself is CMS with certificates: whoever calls brings what reads that, and
 * the roots that he believes.
 */
import {
  leafHash,
  openLogCheckpoint,
  parseProofFile,
  sha256,
  verifyProofFile,
  type LogVerifier,
} from "@countermand/tlog";
import { encodeHex, encodeUtf8, equalBytes } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import { maxTokenBytes, paths, type Manifest } from "./layout.ts";
import type { Tally } from "./report.ts";
import type { ArchiveFile } from "../archive/archive.ts";

/** A token, and which of the package's entries it is the first over. */
export interface PackageTime {
  /** Of the checkpoint's tree. */
  readonly size: number;
  /** The address that was asked. */
  readonly authority: string;
  /** RFC 3339, milliseconds, UTC: the authority's clock. */
  readonly attestedAt: string;
  /** The signed note that the token is over. */
  readonly checkpoint: string;
  /** DER. */
  readonly token: Uint8Array;
  /** With `.tlog-proof` files against that checkpoint. */
  readonly entries: readonly { readonly index: number; readonly proof: string }[];
}

/**
 * The time that `token` names, if it is over `sha256` (hex) and somebody believed vouches
 * for it as of `at`; or why it is not believed. Throws what kept it from looking.
 */
export type CheckTime = (
  token: Uint8Array,
  sha256: string,
  at: Date,
) => Promise<{ readonly time: Date } | { readonly problem: string }>;

/** Until when an entry was there, by somebody else's clock. */
export interface AttestedEntry {
  readonly index: number;
  readonly attestedAt: string;
  readonly authority: string;
  /** False: nobody brought roots; the time is the package's word. */
  readonly checked: boolean;
}

export function timeFiles(times: readonly PackageTime[]): ArchiveFile[] {
  return times.flatMap(({ size, checkpoint, token, entries }) => [
    { path: paths.timedCheckpoint(size), bytes: encodeUtf8(checkpoint) },
    { path: paths.time(size), bytes: token },
    ...entries.map(({ index, proof }) => ({
      path: paths.timedProof(index),
      bytes: encodeUtf8(proof),
    })),
  ]);
}

export function timePaths(manifest: Manifest): string[] {
  return (manifest.times ?? []).flatMap(({ size, entries }) => [
    paths.timedCheckpoint(size),
    paths.time(size),
    ...entries.map((index) => paths.timedProof(index)),
  ]);
}

export async function checkTimes(
  files: ReadonlyMap<string, Uint8Array>,
  manifest: Manifest,
  log: LogVerifier,
  checkTime: CheckTime | undefined,
  tally: Tally,
): Promise<readonly AttestedEntry[]> {
  const attested: AttestedEntry[] = [];
  const listed = new Set(manifest.entries);
  let last = 0;
  for (const { size, authority, attestedAt, entries } of manifest.times ?? []) {
    const where = paths.time(size);
    const isOurs = await tally.try("time-stamped checkpoints are of this log", where, async () => {
      if (size <= last) throw new RecordError("package", "the manifest lists times out of order");
      last = size;
      const note = need(files, paths.timedCheckpoint(size));
      const checkpoint = await openLogCheckpoint(note, log);
      if (checkpoint.size !== size) {
        throw new RecordError("package", `its checkpoint is of size ${checkpoint.size}`);
      }
      for (const index of entries) {
        if (!listed.delete(index)) {
          throw new RecordError(
            "package",
            `entry ${index} is not in the package, or has a time already`,
          );
        }
        const file = need(files, paths.timedProof(index));
        const proof = parseProofFile(file);
        if (proof.index !== index || !equalBytes(proof.checkpoint, note)) {
          throw new RecordError(
            "package",
            `${paths.timedProof(index)} is of another entry or checkpoint`,
          );
        }
        const hash = leafHash(need(files, paths.entry(index)));
        const { origin } = manifest;
        const verifiers = checkpoint.note.verified.map((one) => one.verifier);
        await verifyProofFile({ file, leafHash: hash, origin, verifiers });
      }
      const { length } = need(files, where);
      if (length === 0 || length > maxTokenBytes) {
        throw new RecordError("package", `a token has 1 to ${maxTokenBytes} bytes, not ${length}`);
      }
    });
    if (!isOurs) continue;
    if (checkTime !== undefined) {
      const digest = encodeHex(sha256(need(files, paths.timedCheckpoint(size))));
      const found = await checkTime(need(files, where), digest, new Date(attestedAt));
      const isTrue = await tally.try("time-stamp tokens are true", where, () => {
        if ("problem" in found) throw new RecordError("package", found.problem);
        if (found.time.toISOString() !== attestedAt) {
          throw new RecordError(
            "package",
            `the token names ${found.time.toISOString()}, the manifest says ${attestedAt}`,
          );
        }
      });
      if (!isTrue) continue;
    }
    const checked = checkTime !== undefined;
    attested.push(...entries.map((index) => ({ index, attestedAt, authority, checked })));
  }
  return attested.toSorted((a, b) => a.index - b.index);
}

/** What a report says of times that it could not judge. */
export function timesNote(attested: readonly AttestedEntry[]): string {
  const clocks = "the signers' and the ledger's own clocks";
  if (attested.length === 0) return `The times: they are ${clocks}.`;
  const some = `${attested.length} entries`;
  return attested.some((entry) => entry.checked)
    ? `The times, but that ${some} were there when a time authority's clock said so: they are ${clocks}. That the authority's is right is its word.`
    : `The times: they are ${clocks}. For ${some} there are tokens of a time authority: give the certificates that you believe with --time-roots.`;
}

function need(files: ReadonlyMap<string, Uint8Array>, path: string): Uint8Array {
  const bytes = files.get(path);
  if (bytes === undefined) throw new RecordError("package", `${path} is missing from the archive`);
  return bytes;
}
