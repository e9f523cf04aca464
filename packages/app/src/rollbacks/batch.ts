/**
 * One batch of commands in memory: the states as they were read, moved forward
 * command by command. Nothing is written here; `change()` is what to write.
 */
import {
  advance,
  advanceRegistry,
  digestOf,
  encodeHex,
  follows,
  formatEntry,
  judgeOf,
  obligationOf,
  obligationUnmet,
  signalReason,
  signalRequest,
  identityOf,
  personById,
  parsePayload,
  prefixOf,
  RecordError,
  Refusal,
  registryFollows,
  registryStream,
  textField,
  type Entry,
  type Envelope,
  type Following,
  type JsonObject,
  type SecuritySignal,
  type SignalPlace,
  type Judging,
  type Mode,
  type Opening,
  type RecordState,
  type Registry,
  type SignedStatement,
} from "@countermand/record";
import { leafHash } from "@countermand/tlog";
import { factsWanted, seenBy, type LedgerFactsBook, type Seen } from "./ledger-facts.ts";
import type { LeafDraft, Outcome } from "../ledger/ledger.ts";
import { noticesOf, type Notice } from "../notify/notice.ts";
import { RollbacksError } from "./error.ts";
import { closingOf } from "./log-keys.ts";
import { payloadOf, type SystemSigner } from "./system-signer.ts";

/** A statement whose signature and openings were checked, or a look at what time has brought. */
export type Command =
  | {
      readonly kind: "statement";
      readonly envelope: Envelope;
      readonly statement: SignedStatement;
      readonly openings: readonly Opening[];
    }
  | { readonly kind: "clock"; readonly record: string }
  /** The gate wants to use a record's grant. */
  | { readonly kind: "gate"; readonly record: string; readonly use: GrantUse }
  | SignalCommand;

/** A signal that the rules made mandatory when it arrived; they are asked again here. */
export interface SignalCommand {
  readonly kind: "signal";
  /** Ids that are the same whenever it is sent. */
  readonly statement: string;
  readonly uid: string;
  readonly signal: SecuritySignal;
  readonly place: SignalPlace;
  readonly texts: Readonly<Record<"rationale" | "impact" | "security", Opening>>;
  readonly row: Omit<WrittenSignal, "outcome" | "record">;
}

/** A signal as it is kept beside the ledger. */
export interface WrittenSignal {
  readonly source: string;
  readonly id: string;
  readonly recordedAt: string;
  readonly occurredAt: string;
  readonly service: string;
  readonly environment: string;
  readonly type: string;
  readonly severity: string;
  /** Empty where the signal does not say what runs. */
  readonly currentDigest: string;
  readonly outcome: "mandatory" | "joined" | "no-rule";
  readonly record?: string;
  readonly event: string;
  readonly digest: string;
}

export interface GrantUse {
  /** A repeated request is the same use. */
  readonly id: string;
  /** SHA-256 of the identity. */
  readonly target: string;
  readonly service: string;
  readonly environment: string;
  readonly caller: string;
}

export interface Decided {
  readonly stream: string;
  readonly state?: RecordState;
  /** Kinds of the entries, in the order of the receipts. */
  readonly types: readonly string[];
  /** Which of them is the command's own; the ones before it fell due earlier. */
  readonly own: number;
  /** Why the command was not accepted; what fell due before it was appended all the same. */
  readonly refused?: Error;
  readonly repeated: boolean;
  /** Of a signal: another one about the same state opened this record. */
  readonly joined?: true;
}

/** A statement that is in the ledger already. */
export interface Logged {
  readonly index: number;
  readonly stream: string;
  readonly type: string;
  readonly payloadDigest: string;
}

/** What was read for a batch, all at once. */
export interface Loaded {
  readonly registry: Registry | undefined;
  readonly records: ReadonlyMap<string, RecordState>;
  /** A record's id by the UUID of its proposal. */
  readonly ids: ReadonlyMap<string, string>;
  readonly logged: ReadonlyMap<string, Logged>;
  /** The highest record number given in the batch's year. */
  readonly lastNumber: number;
  readonly facts: LedgerFactsBook;
}

/** One entry to be written beside its leaf. */
export interface WrittenEntry {
  readonly index: number;
  readonly stream: string;
  readonly type: string;
  readonly statement: string;
  readonly payloadDigest: string;
  readonly actor: string;
  readonly occurredAt: string;
  readonly openings: readonly Opening[];
  readonly deletes: readonly string[];
  readonly seen?: Seen;
}

export interface Change {
  readonly registry?: Registry;
  readonly records: readonly RecordState[];
  readonly entries: readonly WrittenEntry[];
  /** What is to be told of them; a rebuild tells nothing. */
  readonly notices?: readonly Notice[];
  /** Signals that opened records. */
  readonly signals?: readonly WrittenSignal[];
}

export class Batch {
  readonly #signer: SystemSigner;
  readonly #judging: Judging;
  readonly #facts: LedgerFactsBook;
  readonly #recordedAt: string;
  #registry: Registry | undefined;
  #registryChanged = false;
  readonly #records: Map<string, RecordState>;
  readonly #ids: Map<string, string>;
  readonly #logged: Map<string, Logged>;
  readonly #changed = new Set<string>();
  readonly #entries: WrittenEntry[] = [];
  readonly #notices: Notice[] = [];
  readonly #signals: WrittenSignal[] = [];
  #nextIndex: number;
  #lastNumber: number;

  constructor(
    loaded: Loaded,
    signer: SystemSigner,
    judging: Judging,
    nextIndex: number,
    recordedAt: string,
  ) {
    this.#signer = signer;
    this.#judging = judging;
    this.#facts = loaded.facts;
    this.#recordedAt = recordedAt;
    this.#registry = loaded.registry;
    this.#records = new Map(loaded.records);
    this.#ids = new Map(loaded.ids);
    this.#logged = new Map(loaded.logged);
    this.#nextIndex = nextIndex;
    this.#lastNumber = loaded.lastNumber;
  }

  decide(command: Command): Outcome<Decided> {
    const repeats = command.kind === "statement" && this.#logged.has(command.statement.head.id);
    if (this.#registry?.closed !== undefined && !repeats) {
      const problem = `the ledger was closed: ${closingOf(this.#registry.closed)}`;
      return { kind: "refuse", error: new RollbacksError("conflict", problem) };
    }
    if (command.kind === "clock") {
      try {
        const leaves = this.#appendWhatFollows(command.record);
        return this.#appended(command.record, leaves);
      } catch (error) {
        return { kind: "refuse", error: asRefusal(error) };
      }
    }
    if (command.kind === "gate") return this.#useGrant(command.record, command.use);
    if (command.kind === "signal") return this.#oblige(command);
    const { statement, envelope } = command;
    const logged = this.#logged.get(statement.head.id);
    if (logged !== undefined) return this.#repeat(logged, statement);
    let stream: string;
    try {
      stream = this.#streamOf(statement);
    } catch (error) {
      return { kind: "refuse", error: asRefusal(error) };
    }
    const before = this.#appendWhatFollows(stream);
    try {
      const own = this.#append(stream, envelope, statement, command.openings);
      const after = this.#appendWhatFollows(stream);
      return this.#appended(stream, [...before, own, ...after], before.length);
    } catch (error) {
      const refused = asRefusal(error);
      if (before.length === 0) return { kind: "refuse", error: refused };
      return this.#appended(stream, before, 0, refused);
    }
  }

  #useGrant(id: string, { service, ...use }: GrantUse): Outcome<Decided> {
    const logged = this.#logged.get(use.id);
    const known = this.#records.get(id);
    if (logged !== undefined) {
      if (logged.stream !== id || logged.type !== "grant-used") {
        return {
          kind: "refuse",
          error: new RollbacksError(
            "conflict",
            `the request ${use.id} was made for something else`,
          ),
        };
      }
      const result = { stream: id, types: [logged.type], own: 0, repeated: true };
      return {
        kind: "repeat",
        indexes: [logged.index],
        result: known === undefined ? result : { ...result, state: known },
      };
    }
    if (known === undefined || this.#registry === undefined) {
      return {
        kind: "refuse",
        error: new RollbacksError("not-found", `there is no record ${id} in this ledger`),
      };
    }
    const before: LeafDraft[] = [];
    try {
      before.push(...this.#appendWhatFollows(id));
      const state = this.#record(id);
      if (state.proposal.service !== service) {
        throw new Refusal(
          "target-pinned",
          `${id} is for ${state.proposal.service}, not for ${service}`,
        );
      }
      const { id: request, target, environment, caller } = use;
      const body = { record: id, target, environment, caller };
      const owed: Following = { type: "grant-used", body };
      const own = this.#appendSystem(state, this.#registry, owed, request);
      return this.#appended(id, [...before, own, ...this.#appendWhatFollows(id)], before.length);
    } catch (error) {
      const refused = asRefusal(error);
      if (before.length === 0) return { kind: "refuse", error: refused };
      return this.#appended(id, before, 0, refused);
    }
  }

  #oblige(command: SignalCommand): Outcome<Decided> {
    const { statement: id, uid, signal, place, texts } = command;
    const registry = this.#registry;
    const logged = this.#logged.get(id);
    if (logged !== undefined) {
      const { index, stream, type } = logged;
      const result = { stream, types: [type], own: 0, repeated: true };
      return { kind: "repeat", indexes: [index], result };
    }
    try {
      const judge = registry && judgeOf(this.#judging, registry.rules?.digest);
      if (registry === undefined || judge === undefined) {
        throw new Refusal("policy", "no rules are in force, so no signal makes anything mandatory");
      }
      const request = signalRequest(registry, signal, place, this.#recordedAt);
      const obligation = obligationOf(judge, registry, request);
      if (obligation === undefined) {
        throw new Refusal("policy", `no rule makes the signal ${signal.id} mandatory`);
      }
      const joined = this.#sameCause(command, obligation.deadline);
      if (joined !== undefined) {
        const index = joined.timeline[0]?.index ?? 0;
        const result = {
          stream: joined.id,
          types: [],
          own: 0,
          repeated: true,
          joined: true,
        } as const;
        return { kind: "repeat", indexes: [index], result };
      }
      const body: JsonObject = {
        uid,
        signal: { ...signal, ids: [...signal.ids] },
        policy: registry.rules?.digest ?? "",
        ...obligation,
        ...place,
        reason: signalReason(registry),
        stabiliseMinutes: 60,
        rationale: texts.rationale.commitment,
        impact: texts.impact.commitment,
        security: texts.security.commitment,
      };
      const envelope = this.#signer.oblige(registry, body, this.#recordedAt, id);
      const statement = parsePayload(payloadOf(envelope));
      const stream = this.#streamOf(statement);
      const own = this.#append(stream, envelope, statement, Object.values(texts));
      this.#signals.push({ ...command.row, outcome: "mandatory", record: stream });
      return this.#appended(stream, [own, ...this.#appendWhatFollows(stream)]);
    } catch (error) {
      return { kind: "refuse", error: asRefusal(error) };
    }
  }

  /** A record that a signal about the same state opened, that still waits for its run, and in time. */
  #sameCause({ place }: SignalCommand, deadline: string): RecordState | undefined {
    const { current } = place;
    if (current === undefined) return undefined;
    const digest = digestOf(current);
    return [...this.#records.values()].find((state) => {
      const { proposal } = state;
      return (
        proposal.signal !== undefined &&
        proposal.service === place.service &&
        proposal.environment === place.environment &&
        digestOf(proposal.current) === digest &&
        obligationUnmet(state) &&
        (proposal.obligation?.deadline ?? "") <= deadline
      );
    });
  }

  change(): Change {
    return {
      ...(this.#registryChanged && this.#registry !== undefined
        ? { registry: this.#registry }
        : {}),
      records: [...this.#changed].map((id) => this.#record(id)),
      entries: this.#entries,
      notices: this.#notices,
      signals: this.#signals,
    };
  }

  #repeat(logged: Logged, statement: SignedStatement): Outcome<Decided> {
    if (logged.payloadDigest !== statement.payloadDigest) {
      return {
        kind: "refuse",
        error: new RollbacksError(
          "conflict",
          `the statement id ${statement.head.id} is in the ledger at ${logged.index} with another content; use a new id`,
        ),
      };
    }
    const state = this.#records.get(logged.stream);
    return {
      kind: "repeat",
      indexes: [logged.index],
      result: {
        stream: logged.stream,
        ...(state === undefined ? {} : { state }),
        types: [logged.type],
        own: 0,
        repeated: true,
      },
    };
  }

  /** Which stream a statement goes to; a new proposal gets the next number of the year. */
  #streamOf({ type, body }: SignedStatement): string {
    if (type.stream === "registry") return registryStream;
    const revises = body["revises"] as { readonly record: string } | undefined;
    if (type.opens !== true || revises !== undefined) {
      const id = revises?.record ?? textField(body, "record");
      if (!this.#records.has(id)) {
        throw new RollbacksError("not-found", `there is no record ${id} in this ledger`);
      }
      return id;
    }
    const existing = this.#ids.get(textField(body, "uid"));
    if (existing !== undefined) {
      throw new RollbacksError("conflict", `this proposal was recorded as ${existing} already`);
    }
    const prefix = prefixOf(body["mode"] as Mode | undefined);
    return `${prefix}-${this.#recordedAt.slice(0, 4)}-${this.#lastNumber + 1}`;
  }

  #appendWhatFollows(id: string): LeafDraft[] {
    if (this.#registry?.closed !== undefined) return [];
    if (id === registryStream) return this.#appendWhatFollowsInRegistry();
    const leaves: LeafDraft[] = [];
    for (;;) {
      const state = this.#records.get(id);
      if (state === undefined || this.#registry === undefined) return leaves;
      const owed = follows(state, this.#registry, this.#recordedAt, this.#judging);
      if (owed === undefined) return leaves;
      leaves.push(this.#appendSystem(state, this.#registry, owed));
    }
  }

  #appendWhatFollowsInRegistry(): LeafDraft[] {
    const leaves: LeafDraft[] = [];
    for (;;) {
      const owed = this.#registry && registryFollows(this.#registry, this.#recordedAt);
      if (this.#registry === undefined || owed === undefined) return leaves;
      const envelope = this.#signer.signRegistry(this.#registry, owed, this.#recordedAt);
      leaves.push(this.#append(registryStream, envelope, parsePayload(payloadOf(envelope)), []));
    }
  }

  #appendSystem(state: RecordState, registry: Registry, owed: Following, id?: string): LeafDraft {
    const envelope = this.#signer.sign(state, registry, owed, this.#recordedAt, id);
    const statement = parsePayload(payloadOf(envelope));
    return this.#append(state.id, envelope, statement, []);
  }

  /** Throws what the rules throw, and then has changed nothing. */
  #append(
    stream: string,
    envelope: Envelope,
    statement: SignedStatement,
    openings: readonly Opening[],
  ): LeafDraft {
    const before = this.#records.get(stream);
    const prev = stream === registryStream ? this.#registry?.head : before?.head;
    const wanted = factsWanted(statement, before);
    if (wanted !== undefined && !this.#facts.knows(wanted)) {
      throw new RollbacksError("conflict", `${stream} changed at this moment; send it again`);
    }
    const entry: Entry = {
      recordedAt: this.#recordedAt,
      stream,
      ...(wanted === undefined ? {} : { context: this.#facts.facts(wanted) }),
      ...(prev === undefined ? {} : { prev }),
      ...(this.#registry === undefined ? {} : { registry: this.#registry.head }),
      envelope,
    };
    const bytes = formatEntry(entry);
    const at = { index: this.#nextIndex, leafHash: encodeHex(leafHash(bytes)) };
    let seen: Seen | undefined;
    let told: RecordState | undefined;
    if (stream === registryStream) {
      this.#registry = advanceRegistry(this.#registry, entry, statement, at);
      this.#registryChanged = true;
    } else {
      if (this.#registry === undefined) {
        throw new RollbacksError("no-ledger", "this ledger was not opened; run `countermand init`");
      }
      const after = advance(before, this.#registry, entry, statement, at, this.#judging);
      told = after;
      seen = seenBy(statement, after);
      this.#facts.moved(before, after, seen);
      this.#records.set(stream, after);
      this.#changed.add(stream);
      if (before === undefined) {
        this.#ids.set(after.uid, stream);
        this.#lastNumber += 1;
      }
    }
    this.#nextIndex += 1;
    const { head, type, payloadDigest } = statement;
    this.#logged.set(head.id, { index: at.index, stream, type: type.name, payloadDigest });
    this.#entries.push({
      index: at.index,
      stream,
      type: type.name,
      statement: head.id,
      payloadDigest,
      actor: head.actor,
      occurredAt: head.occurredAt,
      openings,
      deletes:
        type.name === "opening-deleted" ? (statement.body["commitments"] as readonly string[]) : [],
      ...(seen === undefined ? {} : { seen }),
    });
    const speaker = this.#registry && personById(this.#registry, head.actor);
    this.#notices.push(
      ...noticesOf(
        {
          ...at,
          type: type.name,
          actor: head.actor,
          key: head.key,
          occurredAt: head.occurredAt,
          recordedAt: this.#recordedAt,
          says: type.says(statement.body),
          body: statement.body,
          byHuman: speaker?.kind === "human",
        },
        before,
        told,
      ),
    );
    return { bytes, identity: identityOf(head.id) };
  }

  #appended(
    stream: string,
    leaves: readonly LeafDraft[],
    own = 0,
    refused?: Error,
  ): Outcome<Decided> {
    const state = this.#records.get(stream);
    const types = this.#entries
      .slice(this.#entries.length - leaves.length)
      .map((entry) => entry.type);
    return {
      kind: "append",
      leaves,
      result: {
        stream,
        own,
        ...(state === undefined ? {} : { state }),
        types,
        ...(refused === undefined ? {} : { refused }),
        repeated: false,
      },
    };
  }

  #record(id: string): RecordState {
    const state = this.#records.get(id);
    if (state === undefined) throw new TypeError(`${id} was changed and is gone`);
    return state;
  }
}

/** What the rules and parsers throw is an answer to the caller; anything else is a defect. */
function asRefusal(error: unknown): Error {
  if (error instanceof RecordError || error instanceof Refusal || error instanceof RollbacksError) {
    return error;
  }
  throw error;
}
