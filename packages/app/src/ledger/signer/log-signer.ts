/**
 * Holds a log's key and what it signed for last. It signs a checkpoint only of its
 * own log and only one that is proved to be of the same history as the newest one
 * that it signed, so whoever takes over a server, or restores an old database,
 * gets no fork signed. It believes nothing else that it is told: it does not see
 * the entries, and does not know whether they should be there.
 */
import {
  formatNote,
  openLogCheckpoint,
  parseCheckpoint,
  TlogError,
  verifyConsistency,
  type Checkpoint,
} from "@countermand/tlog";
import { LedgerError, messageOf } from "../error.ts";
import type { LogSigner } from "../keys.ts";
import type { Mark } from "../mark.ts";
import type { SignerAnswer, SignerRequest } from "./protocol.ts";

export interface SigningOptions {
  /** The log's keys, the older first; one name. */
  readonly keys: readonly LogSigner[];
  readonly mark: Pick<Mark, "note" | "write">;
  /**
   * Takes the first checkpoint on trust where there is no mark: an operator's decision, for
   * a log that has entries already.
   */
  readonly adopt?: boolean;
}

export interface SigningProcess {
  readonly origin: string;
  /** How many entries were signed for at most. */
  marked(): number;
  answer(request: SignerRequest): Promise<SignerAnswer>;
}

/** Throws a `LedgerError` "mark" where the mark is not of these keys. */
export async function signingProcess(options: SigningOptions): Promise<SigningProcess> {
  const { keys, mark, adopt = false } = options;
  const origin = keys[0]?.name;
  if (origin === undefined) throw new TypeError("a signer holds a key");
  let newest = mark.note === undefined ? undefined : await ofMark(mark.note, origin, keys);
  // One after the other: what was signed is marked before anything else is looked at.
  let last: Promise<unknown> = Promise.resolve();

  async function sign(request: Extract<SignerRequest, { op: "sign" }>): Promise<SignerAnswer> {
    const key = keys.find((one) => one.vkey === request.vkey);
    if (key === undefined) return refused(`this signer does not hold the key ${request.vkey}`);
    let asked: Checkpoint;
    try {
      asked = parseCheckpoint(request.checkpoint);
    } catch (error) {
      return refused(`that is no checkpoint: ${messageOf(error)}`);
    }
    if (asked.origin !== origin) {
      return refused(`this signer signs for ${origin}, not for ${asked.origin}`);
    }
    if (newest === undefined && asked.size > 0 && !adopt) {
      return refused(
        `this signer never signed for ${origin}, and is asked for ${asked.size} entries; bring it the mark of the server (countermand signer take), or start it with --adopt`,
      );
    }
    if (newest !== undefined) {
      if (request.marked !== newest.size) return { answer: "prove", marked: newest.size };
      const [old, young] = asked.size < newest.size ? [asked, newest] : [newest, asked];
      try {
        verifyConsistency({
          oldSize: old.size,
          oldRoot: old.root,
          newSize: young.size,
          newRoot: young.root,
          proof: request.proof.map((hash) => new Uint8Array(Buffer.from(hash, "base64"))),
        });
      } catch (error) {
        if (!(error instanceof TlogError)) throw error;
        return refused(
          `${asked.size} entries with root ${hex(asked.root)} are not of the history of which ${newest.size} entries with root ${hex(newest.root)} were signed: ${error.message}`,
        );
      }
    }
    const signature = await key.sign(Buffer.from(request.checkpoint));
    if (newest === undefined || asked.size > newest.size) {
      const signatures = [{ name: key.name, keyId: key.keyId, signature }];
      const note = formatNote({ text: request.checkpoint, signatures });
      try {
        await mark.write(Buffer.from(note).toString("utf8"));
      } catch (error) {
        return { answer: "failed", says: messageOf(error).slice(0, 1_000) };
      }
      newest = asked;
    }
    return {
      answer: "signed",
      signature: Buffer.from(signature).toString("base64"),
      marked: newest.size,
    };
  }

  return {
    origin,
    marked: () => newest?.size ?? 0,
    async answer(request) {
      if (request.op === "hello") {
        return { answer: "hello", keys: keys.map(({ vkey }) => vkey), marked: newest?.size ?? 0 };
      }
      const turn = last.then(() => sign(request));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

async function ofMark(
  note: string,
  origin: string,
  keys: readonly LogSigner[],
): Promise<Checkpoint> {
  try {
    return await openLogCheckpoint(Buffer.from(note), {
      name: origin,
      // Whichever of them signed it: which may sign which size is the log's to say.
      keys: keys.map(({ verifier }) => ({ verifier, from: 0, until: undefined })),
    });
  } catch (error) {
    throw new LedgerError(
      "mark",
      `the signer's mark does not open with its keys: ${messageOf(error)}; it is of another log, or its key was exchanged without its mark`,
      { cause: error },
    );
  }
}

function refused(says: string): SignerAnswer {
  return { answer: "refused", says: says.slice(0, 1_000) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
