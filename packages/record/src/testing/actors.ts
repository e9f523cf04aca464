/**
 * For tests: people with keys, who say things; and a ledger that is only an
 * array. Signatures are real, made here with Node's own Ed25519.
 */
import {
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  type KeyObject,
} from "node:crypto";
import { leafHash } from "@countermand/tlog";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { makeOpening, type Opening } from "../bytes/commitment.ts";
import { encodeBase64, encodeHex } from "../bytes/encoding.ts";
import type { Envelope } from "../dsse/envelope.ts";
import { pae } from "../dsse/pae.ts";
import { statementPayloadType } from "../dsse/statement.ts";
import { formatEntry, registryStream, type Entry, type LedgerFacts } from "../entry/entry.ts";
import { follows } from "../lifecycle/follows.ts";
import { evidenceHash } from "../lifecycle/record-hash.ts";
import { beginEntry, emptyWorld, replayEntry, type World } from "../lifecycle/replay.ts";
import type { DecisionKind, RecordState } from "../lifecycle/state.ts";
import type { Registry } from "../registry/registry.ts";
import { fingerprint, formatPublicKeyLine } from "../sshsig/public-key.ts";
import { ed25519KeyBlob, sshsigFromRaw } from "../sshsig/sign.ts";
import { signedData } from "../sshsig/sshsig.ts";
import { decisionSentence } from "../statements/decision-sentence.ts";
import { makePayload } from "../statements/signed-statement.ts";
import { namespaceOf, type Subject } from "../statements/statement-type.ts";
import { statementTypes } from "../statements/types.ts";
import { defaultPolicy, permissions, type Policy } from "../statements/words.ts";

export interface Actor {
  readonly id: string;
  readonly fingerprint: string;
  readonly line: string;
  readonly blob: Uint8Array;
  readonly key: KeyObject;
}

export function actor(id: string): Actor {
  const { privateKey } = generateKeyPairSync("ed25519");
  const jwk = createPublicKey(privateKey).export({ format: "jwk" });
  const blob = ed25519KeyBlob(new Uint8Array(Buffer.from(String(jwk.x), "base64url")));
  return {
    id,
    fingerprint: fingerprint(blob),
    line: formatPublicKeyLine(blob),
    blob,
    key: privateKey,
  };
}

export const instance = "example.com/test";
const anyLogKey = "example.com/test+00000000+AAAA";

export function envelopeOf(
  by: Actor,
  type: string,
  subjects: readonly Subject[],
  body: JsonObject,
  occurredAt: string,
  changes: {
    readonly instance?: string;
    readonly id?: string;
    readonly namespace?: string;
    readonly key?: string;
  } = {},
): Envelope {
  const head = {
    id: changes.id ?? randomUUID(),
    actor: by.id,
    key: changes.key ?? by.fingerprint,
    instance: changes.instance ?? instance,
    occurredAt,
  };
  const payload = makePayload(type, subjects, head, body);
  return envelopeOver(payload, by, changes.namespace ?? namespaceOf(type));
}

/** Any bytes as a payload, truly signed. */
export function envelopeOver(payload: Uint8Array, by: Actor, namespace: string): Envelope {
  const message = signedData(namespace, "sha512", pae(statementPayloadType, payload));
  const raw = new Uint8Array(sign(null, message, by.key));
  const signature = sshsigFromRaw({ key: by.blob, namespace, hashAlgorithm: "sha512", raw });
  return {
    payload: encodeBase64(payload),
    payloadType: statementPayloadType,
    signatures: [{ keyid: by.fingerprint, sig: encodeBase64(signature) }],
  };
}

/** A ledger in an array, with a clock that a test sets. */
export class TestLedger {
  readonly system = actor("countermand");
  readonly administrator = actor("ada");
  world: World = emptyWorld("unchecked");
  readonly entries: Uint8Array[] = [];
  readonly openings: Opening[] = [];
  now = Date.parse("2026-11-23T02:00:00.000Z");
  /** What entries that need it say of the ledger as a whole; undefined: nothing. */
  facts: LedgerFacts | undefined = { overdueOfActor: 0, overdueOfService: 0, ranBefore: false };

  static async open(policy: Partial<Policy> = {}, logKey = anyLogKey): Promise<TestLedger> {
    const ledger = new TestLedger();
    const body = {
      logKey,
      systemKey: { fingerprint: ledger.system.fingerprint, line: ledger.system.line },
      policy: { ...defaultPolicy, ...policy },
      administrator: personOf(ledger.administrator, permissions),
    };
    await ledger.append(
      registryStream,
      envelopeOf(
        ledger.system,
        "log-opened",
        statementTypes.get("log-opened")?.subjects(body, undefined) ?? [],
        body,
        ledger.time(),
      ),
    );
    return ledger;
  }

  time(): string {
    return new Date(this.now).toISOString();
  }

  get registry(): Registry {
    if (this.world.registry === undefined) throw new Error("not open");
    return this.world.registry;
  }

  record(id = "RB-2026-1"): RecordState {
    const state = this.world.records.get(id);
    if (state === undefined) throw new Error(`no ${id}`);
    return state;
  }

  commit(value: string): string {
    const opening = makeOpening(value, crypto.getRandomValues(new Uint8Array(32)));
    this.openings.push(opening);
    return opening.commitment;
  }

  async enrol(who: Actor, extra: JsonObject = {}): Promise<void> {
    const usual = permissions.filter((item) => item !== "administer");
    await this.registrySays(this.administrator, "person-added", {
      person: { ...personOf(who, usual), ...extra },
    });
  }

  async registrySays(by: Actor, type: string, body: JsonObject): Promise<void> {
    const subjects = statementTypes.get(type)?.subjects(body, this.registry as never) ?? [];
    await this.append(registryStream, envelopeOf(by, type, subjects, body, this.time()));
  }

  /** `by` says `type` about `id`; then what follows is appended, as the sequencer would. */
  async says(by: Actor, type: string, body: JsonObject, id = "RB-2026-1"): Promise<void> {
    const state = this.world.records.get(id);
    const subjects = statementTypes.get(type)?.subjects(body, state as never) ?? [];
    await this.say(by, type, subjects, body, id);
  }

  async say(
    by: Actor,
    type: string,
    subjects: readonly Subject[],
    body: JsonObject,
    id = "RB-2026-1",
  ) {
    await this.settle(id);
    const wanted =
      type === "assessed" || type === "drill-held" || body["mode"] === "emergency"
        ? this.facts
        : undefined;
    const context = wanted === undefined ? {} : { context: wanted };
    await this.append(id, envelopeOf(by, type, subjects, body, this.time()), context);
    await this.settle(id);
  }

  /** Appends what follows from entries and clock. */
  async settle(id = "RB-2026-1"): Promise<void> {
    for (;;) {
      const state = this.world.records.get(id);
      const owed = state && follows(state, this.registry, this.time(), this.world.judging);
      if (state === undefined || owed === undefined) return;
      const body = owed.body ?? {};
      const subjects = statementTypes.get(owed.type)?.subjects(body, state as never) ?? [];
      await this.append(id, envelopeOf(this.system, owed.type, subjects, body, this.time()));
    }
  }

  /** Links and appends; throws what the rules throw, and then has appended nothing. */
  async append(stream: string, envelope: Envelope, changes: Partial<Entry> = {}): Promise<void> {
    const prev =
      stream === registryStream ? this.world.registry?.head : this.world.records.get(stream)?.head;
    const bytes = formatEntry({
      recordedAt: this.time(),
      stream,
      ...(prev === undefined ? {} : { prev }),
      ...(this.world.registry === undefined ? {} : { registry: this.world.registry.head }),
      envelope,
      ...changes,
    });
    await replayEntry(this.world, beginEntry(this.world, this.entries.length, bytes));
    this.entries.push(bytes);
  }

  leaf(index: number): string {
    const bytes = this.entries[index];
    if (bytes === undefined) throw new Error(`no entry ${index}`);
    return encodeHex(leafHash(bytes));
  }
}

export function personOf(who: Actor, may: readonly string[]): JsonObject {
  return {
    id: who.id,
    kind: "human",
    permissions: may,
    key: { fingerprint: who.fingerprint, line: who.line },
    emails: [],
  };
}

const commitA = "a".repeat(40);
const commitB = "b".repeat(40);

export function proposal(ledger: TestLedger, changes: JsonObject = {}): JsonObject {
  return {
    uid: "00000000-0000-4000-8000-000000000001",
    kind: "revert",
    service: "api",
    environment: "prod",
    current: { type: "commit", commit: commitB },
    target: { type: "commit", commit: commitA },
    reason: "availability",
    tickets: ["INC-1"],
    stabiliseMinutes: 30,
    rationale: ledger.commit(
      "Checkout fails since 02:40 after 1.42.0; going back is faster than a fix",
    ),
    impact: ledger.commit("Customers can pay again"),
    security: ledger.commit("None known"),
    ...changes,
  };
}

export function assessmentBody(changes: JsonObject = {}): JsonObject {
  return {
    record: "RB-2026-1",
    tool: "countermand-undo@0.1.0",
    commits: 2,
    files: 3,
    authors: [],
    unknownAuthors: 1,
    implications: [],
    unknowns: ["no-advisory-data"],
    report: { digest: "c".repeat(64), size: 10 },
    ...changes,
  };
}

export function decisionBody(
  state: RecordState,
  decision: DecisionKind = "approve",
  changes: JsonObject = {},
): JsonObject {
  return {
    record: state.id,
    decision,
    summary: decisionSentence(state, decision),
    evidenceSeen: evidenceHash(state.evidence),
    ...changes,
  };
}
