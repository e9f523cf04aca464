/**
 * `Countermand` over an open store: what the server and the embedded command
 * line both run. What needs no lock is checked in `intake.ts`; what needs the
 * order of the log is decided in `batch.ts`.
 */
import { formatProofFile, formatVerifierKey } from "@countermand/tlog";
import type { Published } from "../ledger/log-reader.ts";
import { firstTokenOver } from "../ledger/timestamps/token-rows.ts";
import {
  currentLogKey,
  encodeHex,
  parseEntry,
  registryFollows,
  registryStream,
  type Artefact,
  type Registry,
} from "@countermand/record";
import { listAudits, listReversals } from "./audits.ts";
import type { Command } from "./batch.ts";
import type {
  Accepted,
  AuditedReversal,
  AuditSummary,
  Countermand,
  EntryTimes,
  ExportOptions,
  GateAnswer,
  GateEvent,
  GateQuery,
  GateRequest,
  Instance,
  OpeningRequest,
  Page,
  ProofLevel,
  RecordQuery,
  RecordSummary,
  RecordView,
  ReversalQuery,
  Signal,
  SignalAnswer,
  SignalEvent,
  SignalQuery,
  Submission,
} from "./countermand.ts";
import { RollbacksError } from "./error.ts";
import { exportPackage } from "./export.ts";
import { checkAlarm } from "./alarm.ts";
import { askGate } from "./gate.ts";
import { GateLog } from "./gate-log.ts";
import { takeIn } from "./intake.ts";
import { StorageError } from "../storage/error.ts";
import { knownRegistry } from "./known-registry.ts";
import { listRecords } from "./list.ts";
import { openingCommand } from "./opening.ts";
import type { LedgerHome, OpenStore, Store } from "./store.ts";
import { listSignals, takeSignal } from "./signals.ts";
import { readOpenings, readRecord, readRegistry } from "./views.ts";

export class RollbackService implements Countermand {
  readonly #store: Store;
  readonly #home: LedgerHome;
  /** The newest checkpoint that enough witnesses have signed; set where they are asked. */
  witnessed: (() => Published | undefined) | undefined;
  #open: OpenStore | undefined;
  #gates: GateLog | undefined;

  private constructor(store: Store, home: LedgerHome, open: OpenStore | undefined) {
    this.#store = store;
    this.#home = home;
    this.#open = open;
  }

  static async start(store: Store, home: LedgerHome): Promise<RollbackService> {
    return new RollbackService(store, home, await home.open());
  }

  /** The open ledger, for what reads the log itself. */
  get opened(): OpenStore | undefined {
    return this.#open;
  }

  /** The log that rows beside the ledger belong to; 0 before there is one. */
  get logId(): number {
    return this.#open?.logId ?? 0;
  }

  async openLedger(request: OpeningRequest): Promise<Instance> {
    if (this.#open !== undefined && (await this.#registry(this.#open)) !== undefined) {
      throw new RollbacksError(
        "conflict",
        `the ledger ${this.#open.origin} is open already; it is opened once`,
      );
    }
    this.#open ??= await this.#home.create(request.origin);
    const store = this.#open;
    if (store.origin !== request.origin) {
      throw new RollbacksError(
        "conflict",
        `a ledger ${store.origin} was begun here; open it under that name`,
      );
    }
    await this.#submit(
      store,
      openingCommand(request, openingKey(store), store.signer, store.now()),
    );
    return this.instance();
  }

  async instance(): Promise<Instance> {
    const store = this.#need();
    const registry = await this.#needRegistry(store);
    const openings = await readOpenings(store.database.read, store.logId, registryStream);
    return { origin: store.origin, logKey: currentLogKey(registry), registry, openings };
  }

  async submit(submission: Submission): Promise<Accepted> {
    const store = this.#need();
    const { database, logId, blobs } = store;
    const registry = await this.#needRegistry(store);
    const { command, hints } = await takeIn(submission, {
      registry,
      registryOpenings: () => readOpenings(database.read, logId, registryStream),
      record: (id) => readRecord(database.read, logId, id),
      artefact: (digest) => blobs.get(digest),
      now: store.now,
      isPublished: store.isPublished,
      hasArtefact: async (digest) => (await blobs.has(digest)) !== undefined,
    });
    return { ...(await this.#submit(store, command)), hints };
  }

  async records(query: RecordQuery): Promise<Page<RecordSummary>> {
    const store = this.#open;
    return store === undefined ? { items: [] } : listRecords(store.database, store.logId, query);
  }

  async record(id: string): Promise<RecordView> {
    const { database, logId } = this.#need();
    return database.snapshot(async (snapshot) => {
      const state = await readRecord(snapshot, logId, id);
      if (state === undefined) {
        throw new RollbacksError("not-found", `there is no record ${id} in this ledger`);
      }
      return { state, openings: await readOpenings(snapshot, logId, id) };
    });
  }

  async exportRecord(id: string, options: ExportOptions): Promise<Uint8Array> {
    return exportPackage(this.#need(), id, options);
  }

  async entryProof(index: number, min: ProofLevel): Promise<Uint8Array> {
    const log = this.#need().ledger.log();
    const newest = log.published();
    if (!Number.isSafeInteger(index) || index < 0 || index >= newest.size) {
      throw new RollbacksError("not-found", `the log has no entry ${index}`);
    }
    const checkpoint = min === "logged" ? newest : this.witnessed?.();
    if (checkpoint === undefined || checkpoint.size <= index) {
      throw new RollbacksError(
        "not-witnessed",
        this.witnessed === undefined
          ? "no witnesses are asked here: the server has no witness policy"
          : `entry ${index} is in the log, and enough witnesses have not signed for it yet; ask again`,
      );
    }
    const { size, note } = checkpoint;
    const hashes = await log.inclusionProof(index, size);
    return formatProofFile({ index, hashes, checkpoint: Buffer.from(note) });
  }

  async entryTimes(index: number): Promise<EntryTimes> {
    const { database, logId, ledger } = this.#need();
    const log = ledger.log();
    const entry =
      Number.isSafeInteger(index) && index >= 0 && index < log.published().size
        ? await log.entry(index)
        : undefined;
    if (entry === undefined) {
      throw new RollbacksError("not-found", `the log has no entry ${index}`);
    }
    const { recordedAt } = parseEntry(entry);
    const found = await firstTokenOver(database, logId, index);
    if (found === undefined) return { index, recordedAt };
    const { attestedAt: at, authority, size, note: checkpoint } = found;
    const token = Buffer.from(found.token).toString("base64");
    return { index, recordedAt, attested: { at, authority, size, checkpoint, token } };
  }

  async putArtefact(bytes: Uint8Array): Promise<Artefact> {
    try {
      const { sha256, size } = await this.#store.blobs.put(bytes);
      return { digest: sha256, size };
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      throw new RollbacksError(
        error.code === "too-large" ? "invalid" : "unavailable",
        error.message,
        {
          cause: error,
        },
      );
    }
  }

  async getArtefact(digest: string): Promise<Uint8Array | undefined> {
    return this.#store.blobs.get(digest);
  }

  async gate(request: GateRequest): Promise<GateAnswer> {
    const store = this.#need();
    return askGate(store, this.#gateLog(store), request);
  }

  async gateEvents(query: GateQuery): Promise<Page<GateEvent>> {
    return this.#gateLog(this.#need()).events(query);
  }

  /** One for the open ledger: what arrives together is written together. */
  #gateLog(store: OpenStore): GateLog {
    this.#gates ??= new GateLog(store.database, store.logId, store.now);
    return this.#gates;
  }

  async signal(event: SignalEvent): Promise<SignalAnswer> {
    return takeSignal(this.#need(), event);
  }

  async signals(query: SignalQuery): Promise<Page<Signal>> {
    return listSignals(this.#need(), query);
  }

  async audits(): Promise<readonly AuditSummary[]> {
    return listAudits(this.#store.database, this.logId);
  }

  async reversals(query: ReversalQuery): Promise<Page<AuditedReversal>> {
    return listReversals(this.#store.database, this.logId, query);
  }

  /**
   * Appends what time has brought: expiries, lapses, stabilisations. Answers how
   * many records it looked at. Safe to run anywhere, any time.
   */
  async tick(limit = 100): Promise<number> {
    const store = this.#open;
    // Nothing follows in a log that was closed.
    if (store === undefined || store.ledger.state().kind === "ended") return 0;
    const due = await store.database.read
      .selectFrom("record")
      .select("record.id")
      .where("record.log_id", "=", store.logId)
      .where("record.due_at", "<=", store.now().toISOString())
      .orderBy("record.due_at")
      .limit(limit)
      .execute();
    const registry = await knownRegistry(store);
    const owed = registry && registryFollows(registry, store.now().toISOString());
    const streams = [...due.map(({ id }) => id), ...(owed === undefined ? [] : [registryStream])];
    await Promise.all(streams.map((record) => this.#submit(store, { kind: "clock", record })));
    return streams.length;
  }

  async #submit(store: OpenStore, command: Command): Promise<Omit<Accepted, "hints">> {
    checkAlarm(store.ledger.thaws(), command);
    const { result, receipts } = await store.ledger.submit(command);
    if (result.refused !== undefined) throw result.refused;
    const told = receipts.map((receipt, i) => ({
      index: receipt.index,
      leafHash: encodeHex(receipt.leafHash),
      type: result.types[i] ?? "",
      proof: receipt.proof,
    }));
    return {
      stream: result.stream,
      ...(result.state === undefined ? {} : { status: result.state.status }),
      receipts: told,
      repeated: result.repeated,
    };
  }

  #need(): OpenStore {
    if (this.#open === undefined) {
      throw new RollbacksError(
        "no-ledger",
        "there is no ledger here yet; `countermand init` opens one",
      );
    }
    return this.#open;
  }

  #registry(store: OpenStore): Promise<Registry | undefined> {
    return readRegistry(store.database.read, store.logId);
  }

  async #needRegistry(store: OpenStore): Promise<Registry> {
    const registry = await this.#registry(store);
    if (registry === undefined) {
      throw new RollbacksError(
        "no-ledger",
        "the ledger here was begun and not opened; run `countermand init` again",
      );
    }
    return registry;
  }
}

/** A log is opened with the one key that it was made with. */
function openingKey({ logKeys: { keys } }: OpenStore): string {
  const [key] = keys;
  if (key === undefined) throw new TypeError("a log has a key");
  return formatVerifierKey(key.verifier);
}
