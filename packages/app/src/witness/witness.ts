/**
 * The witness between its socket and its disk: one request of a log at a time, the
 * decision from what is on the disk, on the disk again before anything is
 * answered. What it decides by is C2SP tlog-witness, in `@countermand/tlog`.
 */
import { createHash } from "node:crypto";
import {
  cosign,
  decideAddCheckpoint,
  formatNote,
  maySign,
  openNote,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  TlogError,
  withCosignatures,
  type AddCheckpoint,
  type NoteSignature,
  type NoteVerifier,
} from "@countermand/tlog";
import type { WitnessKey } from "./key-file.ts";
import type { KnownLogs } from "./log-list.ts";
import type { SeenStore } from "./seen-store.ts";

export interface WitnessReply {
  readonly status: number;
  readonly mediaType: string;
  readonly body: string | Uint8Array;
}

/** Where a crash is staged in tests. */
export type WitnessStep = "received" | "decided" | "cosigned" | "stored" | "answered";

export interface WitnessOptions {
  /** All of them sign; several while one key follows another. */
  readonly keys: readonly WitnessKey[];
  readonly store: SeenStore;
  readonly logs: () => Promise<KnownLogs>;
  /** Told of what an operator should look at. */
  readonly report: (line: string) => void;
  readonly onStep?: (step: WitnessStep) => void;
}

const text = "text/plain; charset=utf-8";
/** Requests of one log that may wait for each other. */
const maxWaiting = 32;

export class Witness {
  readonly #options: WitnessOptions;
  /** The last request of each log that has any under way, and how many there are. */
  readonly #queues = new Map<string, { last: Promise<unknown>; waiting: number }>();

  constructor(options: WitnessOptions) {
    if (options.keys.length === 0) throw new TypeError("a witness has at least one key");
    this.#options = options;
  }

  /** `POST add-checkpoint` */
  async addCheckpoint(body: Uint8Array): Promise<WitnessReply> {
    let request: AddCheckpoint;
    let origin: string;
    let size: number;
    try {
      request = parseAddCheckpoint(body);
      ({ origin, size } = parseCheckpoint(parseNote(request.checkpoint).text));
    } catch (error) {
      if (error instanceof TlogError) return says(400, error.message);
      throw error;
    }
    const known = (await this.#options.logs()).get(origin);
    // Nobody makes us keep a queue for a log that we do not know.
    if (known === undefined) return says(404, "this witness does not know the log");
    const verifiers = known.keys.filter((key) => maySign(key, size)).map((key) => key.verifier);
    return await this.#inTurn(origin, () => this.#decide(request, origin, verifiers));
  }

  /** `GET <hex SHA-256 of the origin>/checkpoint` */
  checkpoint(hash: string): WitnessReply {
    const seen = this.#options.store.byHash(hash);
    return seen === undefined
      ? says(404, "no checkpoint of such a log was seen")
      : { status: 200, mediaType: text, body: seen.note };
  }

  async #inTurn(origin: string, work: () => Promise<WitnessReply>): Promise<WitnessReply> {
    const queue = this.#queues.get(origin) ?? { last: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= maxWaiting) return says(429, "too many requests of this log are waiting");
    this.#queues.set(origin, queue);
    queue.waiting += 1;
    const result = queue.last.then(work);
    queue.last = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      queue.waiting -= 1;
      if (queue.waiting === 0) this.#queues.delete(origin);
    }
  }

  async #decide(
    request: AddCheckpoint,
    origin: string,
    verifiers: readonly NoteVerifier[],
  ): Promise<WitnessReply> {
    const { store, keys, report, onStep = () => {} } = this.#options;
    onStep("received");
    const verdict = await decideAddCheckpoint(request, { verifiers, seen: store.get(origin) });
    onStep("decided");
    if (verdict.status === 409) {
      return { status: 409, mediaType: "text/x.tlog.size", body: `${verdict.size}\n` };
    }
    if (verdict.status !== 200) {
      if (verdict.status === 422) {
        report(`${origin} asked for what contradicts what was seen of it: ${verdict.problem}`);
      }
      return says(verdict.status, verdict.problem);
    }
    const lines = await cosign(request.checkpoint, keys);
    const { size, root } = verdict.checkpoint;
    const note = await keptNote(request.checkpoint, verifiers, lines, keys);
    onStep("cosigned");
    const hash = originHash(origin);
    if (!store.advance(origin, hash, verdict.from, { size, root, note })) {
      throw new TypeError("what was seen changed while its log had its turn");
    }
    onStep("stored");
    return { status: 200, mediaType: text, body: lines };
  }
}

export function originHash(origin: string): string {
  return createHash("sha256").update(origin).digest("hex");
}

/** The checkpoint with the log's own signatures and ours; lines by others are left out. */
async function keptNote(
  checkpoint: Uint8Array,
  verifiers: readonly NoteVerifier[],
  lines: string,
  keys: readonly WitnessKey[],
): Promise<Uint8Array> {
  const { text: signed, verified } = await openNote(checkpoint, verifiers);
  const signatures: NoteSignature[] = verified.map(({ name, keyId, signature }) => ({
    name,
    keyId,
    signature,
  }));
  const own = await openNote(
    Buffer.from(`${signed}\n${lines}`),
    keys.map(({ verifier }) => verifier),
  );
  return formatNote(withCosignatures(formatNote({ text: signed, signatures }), own.verified));
}

function says(status: number, problem: string): WitnessReply {
  return { status, mediaType: text, body: `${problem}\n` };
}
