/** The transparency log in C2SP formats: bytes in, proofs out. */
export { formatCheckpoint, parseCheckpoint, type Checkpoint } from "./checkpoint-text.ts";
export { openCheckpoint, type OpenedCheckpoint } from "./checkpoint.ts";
export { cosigner, mlDsa44Cosigner } from "./cosignature.ts";
export {
  assertSafeEd25519PublicKey,
  ed25519PublicKey,
  signEd25519,
  verifyEd25519,
} from "./ed25519.ts";
export { TlogError, type TlogErrorCode } from "./error.ts";
export { decodeBase64, encodeBase64 } from "./bytes.ts";
export { EMPTY_ROOT, HASH_SIZE, leafHash, nodeHash, sha256, sha512 } from "./hash.ts";
export {
  formatTrust,
  keysOf,
  maySign,
  openLogCheckpoint,
  parseTrust,
  type LogKey,
  type LogKeys,
  type LogVerifier,
} from "./log-keys.ts";
export {
  formatNote,
  formatSignature,
  openNote,
  parseNote,
  parseSignatureLines,
  signNote,
  type Note,
  type NoteSignature,
  type OpenedNote,
} from "./note.ts";
export {
  formatMlDsa44SignerKey,
  formatSignerKey,
  formatVerifierKey,
  isKeyName,
  keyId,
  isCosignatureKey,
  keyTypes,
  parseMlDsa44SignerKey,
  parseSignerKey,
  parseVerifierKey,
  type KeyType,
  type NoteSigner,
  type NoteVerifier,
} from "./note-key.ts";
export {
  consistencyProof,
  consistencyProofNodes,
  inclusionProof,
  inclusionProofNodes,
  verifyConsistency,
  verifyInclusion,
  type HashReader,
} from "./proof.ts";
export { formatProofFile, parseProofFile, verifyProofFile, type ProofFile } from "./proof-file.ts";
export {
  decodeBundle,
  decodeTile,
  encodeBundle,
  encodeTile,
  entriesPath,
  MAX_ENTRY_SIZE,
  parseTilePath,
  partialWidth,
  TILE_WIDTH,
  tilePath,
  tileRoot,
  tilesForSize,
  type TileId,
  type TilePath,
} from "./tile.ts";
export { tileHashReader, verifiedTiles, type TileReader } from "./tile-reader.ts";
export {
  appendLeafHashes,
  decodeCompact,
  emptyTree,
  encodeCompact,
  peakNodes,
  rootFromHashes,
  rootOf,
  type CompactTree,
  type Node,
} from "./tree.ts";
export {
  isQuorum,
  parsePolicy,
  type Policy,
  type PolicyGroup,
  type PolicyWitness,
} from "./policy.ts";
export {
  cosign,
  decideAddCheckpoint,
  formatAddCheckpoint,
  originOf,
  parseAddCheckpoint,
  readWitnessAnswer,
  sameSeen,
  withCosignatures,
  type AddCheckpoint,
  type Cosignature,
  type Seen,
  type WitnessAnswer,
  type WitnessedLog,
  type WitnessVerdict,
} from "./witness.ts";
