/**
 * What lies where in an exported package. An archive (ustar) with these files
 * and no others; formats in docs/spec/package.md.
 */
import { array, bool, int, literal, object, sha256Hex, string, timestamp } from "../bytes/shape.ts";
import type { Infer } from "../bytes/shape.ts";
import { origin, recordId } from "../statements/words.ts";

export const packageType = "urn:countermand:package:v1";

export const paths = {
  readme: "README.md",
  manifest: "manifest.json",
  checkpoint: "checkpoint",
  logKey: "log.vkey",
  openings: "openings.json",
  allowedSigners: "allowed_signers",
  entry: (index: number) => `entries/${index}.json`,
  proof: (index: number) => `proofs/${index}.tlog-proof`,
  pae: (index: number) => `signatures/${index}.pae`,
  signature: (index: number) => `signatures/${index}.sig`,
  evidence: (digest: string) => `evidence/${digest}`,
  timedCheckpoint: (size: number) => `times/${size}.checkpoint`,
  time: (size: number) => `times/${size}.tst`,
  timedProof: (index: number) => `times/${index}.tlog-proof`,
};

const index = int(0, Number.MAX_SAFE_INTEGER);

/** Tokens of time authorities, and which entries each is the first over. */
const timesShape = array(
  object({
    size: int(1, Number.MAX_SAFE_INTEGER),
    authority: string({ max: 2_000, pattern: /^[!-~]+$/, what: "an address" }),
    attestedAt: timestamp,
    entries: array(index, { min: 1, max: 100_000 }),
  }),
  { min: 1, max: 10_000 },
);
/** A token with a chain of certificates has some kilobytes. */
export const maxTokenBytes = 65_536;

export const manifestShape = object(
  {
    _type: literal(packageType),
    record: recordId,
    origin,
    /** Size of the tree that the package's checkpoint signs. */
    size: int(1, Number.MAX_SAFE_INTEGER),
    exportedAt: timestamp,
    /** Indexes of the entries: the record's, and the registry's up to its newest. */
    entries: array(index, { min: 2, max: 100_000 }),
    /** Artefacts that statements name; `included` says whether the bytes are here. */
    artefacts: array(
      object({ digest: sha256Hex, size: int(0, Number.MAX_SAFE_INTEGER), included: bool }),
      { max: 10_000 },
    ),
  },
  { times: timesShape },
);
export type Manifest = Infer<typeof manifestShape>;

/** Limits for reading a package: far above any honest one, low enough to hold in memory. */
export const packageLimits = { maxFiles: 400_000, maxBytes: 1_073_741_824 };
