/** A checkpoint in a signed note: whose log it is of, and that the log signed it. */
import { quote } from "./bytes.ts";
import { parseCheckpoint, type Checkpoint } from "./checkpoint-text.ts";
import { TlogError } from "./error.ts";
import { openNote, type OpenedNote } from "./note.ts";
import { keyTypes, type NoteVerifier } from "./note-key.ts";

/** A checkpoint and who signed it. */
export interface OpenedCheckpoint extends Checkpoint {
  readonly note: OpenedNote;
}

/**
 * The checkpoint of the log `origin` in a signed note. The log itself must have
 * signed: an Ed25519 key (type 0x01) named like the origin, out of `verifiers`.
 * Cosignatures by others of them are checked and come along, but do not stand in
 * for the log's; who needs no more than those uses `openNote`.
 */
export async function openCheckpoint(
  note: Uint8Array,
  verifiers: readonly NoteVerifier[],
  origin: string,
): Promise<OpenedCheckpoint> {
  const opened = await openNote(note, verifiers);
  const checkpoint = parseCheckpoint(opened.text);
  if (checkpoint.origin !== origin) {
    throw new TlogError(
      "checkpoint",
      `this is a checkpoint of ${quote(checkpoint.origin, 255)}, not of ${quote(origin, 255)}`,
      "line 1",
    );
  }
  const byLog = opened.verified.some(
    ({ verifier }) => verifier.type === keyTypes.ed25519 && verifier.name === origin,
  );
  if (!byLog) {
    throw new TlogError(
      "signature",
      `no signature is by a known key of the log ${quote(origin, 255)} itself`,
    );
  }
  return { ...checkpoint, note: opened };
}
