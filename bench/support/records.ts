/**
 * A realistic ledger of any size, for benches: records from proposal to closure, many
 * open at once, every statement truly signed and every entry under all the rules. Openings
 * and views are not written.
 */
import { randomInt, randomUUID, sign } from "node:crypto";
import {
  decodeBase64,
  defaultPolicy,
  digestOf,
  makeOpening,
  parsePayload,
  permissions,
  statementTypes,
  type JsonObject,
  type RecordState,
  type Registry,
} from "@countermand/record";
import {
  actor,
  assessmentBody,
  decisionBody,
  envelopeOf,
  personOf,
  type Actor,
} from "@countermand/record/testing";
import { EMPTY_ROOT, emptyTree, leafHash } from "@countermand/tlog";
import { grow, type Tree } from "../../packages/app/src/ledger/growth.ts";
import { createLog, type LogSigner } from "../../packages/app/src/ledger/keys.ts";
import type { LeafDraft } from "../../packages/app/src/ledger/ledger.ts";
import { advanceHead, insertEntries, insertTiles } from "../../packages/app/src/ledger/log-rows.ts";
import { Batch, type Command } from "../../packages/app/src/rollbacks/batch.ts";
import { LedgerFactsBook } from "../../packages/app/src/rollbacks/ledger-facts.ts";
import { openingCommand } from "../../packages/app/src/rollbacks/opening.ts";
import {
  systemActor,
  systemSigner,
  type RawKey,
  type SystemSigner,
} from "../../packages/app/src/rollbacks/system-signer.ts";
import type { Database } from "../../packages/app/src/storage/database.ts";

/** Records that are open at the same time, and how many of them move in a tick. */
const atOnce = 200;
const perTick = 20;
const services = 300;
const perPage = 2_048;

/** What people say of a record, in order. One in ten is rejected, which ends it. */
const steps = [
  "propose",
  "assess",
  "attach",
  "decide",
  "start",
  "finish",
  "observe",
  "verify",
  "review",
  "close",
] as const;

interface Case {
  readonly number: number;
  step: number;
  state?: RecordState;
}

/**
 * Appends `entries` entries to an empty log that it makes. The system speaks with
 * `system`, or with a key of its own.
 */
export async function fillLedger(
  database: Database,
  signer: LogSigner,
  entries: number,
  onPage: (done: number) => void = () => {},
  system: RawKey = newSystemKey(),
): Promise<{ logId: number; size: number; bytes: number; refused: number }> {
  const people = new Population(signer.name, system);
  const logId = await createLog(database, signer, new Date(people.now));
  let tree: Tree = { compact: emptyTree, root: EMPTY_ROOT, edge: [] };
  let bytes = 0;
  for (let leaves = people.begin(signer.vkey); tree.compact.size < entries; leaves = []) {
    while (leaves.length < Math.min(perPage, entries - tree.compact.size)) {
      leaves.push(...people.tick());
    }
    leaves.length = Math.min(leaves.length, entries - tree.compact.size);
    const from = tree.compact.size;
    const hashes = leaves.map((leaf) => leafHash(leaf.bytes));
    const growth = grow(tree, hashes);
    await database.transaction(async (tx) => {
      const rows = leaves.map((leaf, i) => ({
        index: from + i,
        leaf: leaf.bytes,
        leafHash: hashes[i] ?? new Uint8Array(),
        identity: leaf.identity,
      }));
      await insertEntries(tx, logId, rows);
      await insertTiles(tx, logId, growth.tiles);
      const recordedAt = new Date(people.now).toISOString();
      await advanceHead(tx, logId, from, { tree: growth.tree, recordedAt });
    });
    tree = growth.tree;
    for (const leaf of leaves) bytes += leaf.bytes.length;
    onPage(tree.compact.size);
  }
  return { logId, size: tree.compact.size, bytes, refused: people.refused };
}

function newSystemKey(): RawKey {
  const { blob, key } = actor(systemActor);
  return {
    publicKey: blob.slice(-32),
    sign: (data) => new Uint8Array(sign(null, data, key)),
  };
}

/** The people, the open cases and the clock of a made-up ledger. */
class Population {
  now = Date.parse("2025-01-01T00:00:00.000Z");
  refused = 0;
  readonly #instance: string;
  readonly #administrator = actor("ada");
  readonly #people = ["ines", "bo", "cleo", "dan", "eve", "finn"].map((name) => actor(name));
  readonly #signer: SystemSigner;
  readonly #facts = new LedgerFactsBook({}, true);
  #registry: Registry | undefined;
  readonly #cases: Case[] = [];
  #size = 0;
  #opened = 0;
  #last = { year: 0, number: 0 };

  constructor(instance: string, system: RawKey) {
    this.#instance = instance;
    this.#signer = systemSigner(system);
  }

  /** The first entries: the ledger's opening and the people. */
  begin(vkey: string): LeafDraft[] {
    const openings = openingCommand(
      {
        origin: this.#instance,
        policy: defaultPolicy,
        administrator: personOf(this.#administrator, permissions),
        openings: [],
      },
      vkey,
      this.#signer,
      new Date(this.now),
    );
    const leaves = this.#decide([openings]);
    const usual = permissions.filter((item) => item !== "administer");
    for (const who of this.#people) {
      const body = { person: personOf(who, usual) };
      leaves.push(...this.#decide([this.#statement(this.#administrator, "person-added", body)]));
    }
    return leaves;
  }

  /** What a few minutes bring: a step of some of the open cases, and what falls due. */
  tick(): LeafDraft[] {
    this.now += 60_000 + (this.#size % 7) * 10_000;
    while (this.#cases.length < atOnce) this.#cases.push({ step: 0, number: this.#opened++ });
    const some = new Set(
      Array.from({ length: perTick }, () => this.#cases[randomInt(atOnce)] as Case),
    );
    const leaves = this.#decide(
      [...some].map((one) => this.#next(one)),
      [...some],
    );
    for (const one of some) if (one.step === steps.length) this.#end(one);
    return leaves;
  }

  #end(one: Case): void {
    this.#cases.splice(this.#cases.indexOf(one), 1);
  }

  #decide(commands: readonly Command[], cases: readonly Case[] = []): LeafDraft[] {
    const recordedAt = new Date(this.now).toISOString();
    const year = Number(recordedAt.slice(0, 4));
    if (this.#last.year !== year) this.#last = { year, number: 0 };
    const batch = new Batch(
      {
        registry: this.#registry,
        records: new Map(cases.flatMap(({ state }) => (state ? [[state.id, state]] : []))),
        ids: new Map(),
        logged: new Map(),
        lastNumber: this.#last.number,
        facts: this.#facts,
      },
      this.#signer,
      () => undefined,
      this.#size,
      recordedAt,
    );
    const leaves: LeafDraft[] = [];
    for (const [i, command] of commands.entries()) {
      const outcome = batch.decide(command);
      const one = cases[i];
      const bad = outcome.kind === "append" ? outcome.result.refused : outcome;
      if (bad !== undefined) {
        // Time was faster: a request that expired meanwhile, for instance.
        if (one === undefined) throw new Error("refused", { cause: bad });
        this.refused += 1;
        this.#end(one);
      }
      if (outcome.kind !== "append") continue;
      leaves.push(...outcome.leaves);
      if (one === undefined) continue;
      if (one.state === undefined) this.#last.number += 1;
      if (outcome.result.state !== undefined) one.state = outcome.result.state;
      one.step = one.state?.status === "rejected" ? steps.length : one.step + 1;
    }
    this.#size += leaves.length;
    this.#registry = batch.change().registry ?? this.#registry;
    return leaves;
  }

  #next(one: Case): Command {
    const { state, number, step } = one;
    const who = (place: number) => this.#people[(number + place) % this.#people.length] as Actor;
    const does = steps[step] ?? "close";
    if (state === undefined || does === "propose") {
      const texts = ["rationale", "impact", "security"].map(() => [makeCommitment()]);
      const [rationale = "", impact = "", security = ""] = texts.flat();
      return this.#statement(who(0), "proposed", {
        uid: randomUUID(),
        kind: "revert",
        service: `service-${number % services}`,
        environment: number % 5 === 0 ? "staging" : "production",
        current: { type: "commit", commit: commitOf(number, "current") },
        target: { type: "commit", commit: commitOf(number, "target") },
        reason: defaultPolicy.reasons[number % defaultPolicy.reasons.length] ?? "availability",
        tickets: [`INC-${number}`],
        stabiliseMinutes: 30,
        rationale,
        impact,
        security,
      });
    }
    const record = state.id;
    const target = digestOf(state.proposal.target);
    const at = new Date(this.now).toISOString();
    const says = (by: Actor, type: string, body: JsonObject) =>
      this.#statement(by, type, { record, ...body }, state);
    switch (does) {
      case "assess":
        return says(who(0), "assessed", {
          ...assessmentBody({ record }),
          report: { digest: digestOf(`report ${number}`), size: 10_000 },
        });
      case "attach":
        return says(who(1), "evidence", {
          kind: "junit",
          digest: digestOf(`evidence ${number}`),
          size: 20_000,
          mediaType: "application/xml",
        });
      case "decide":
        return says(who(1), "decision", decisionBody(state, number % 10 ? "approve" : "reject"));
      case "start":
        return says(who(0), "execution-started", { target, command: makeCommitment() });
      case "finish":
        return says(who(0), "execution-finished", {
          execution: state.executions.at(-1)?.id ?? "",
          outcome: { type: "exited", code: 0 },
          startedAt: at,
          finishedAt: at,
        });
      case "observe":
        return says(who(2), "observation", {
          running: { ...state.proposal.target },
          source: "kubectl",
        });
      case "verify":
        return says(who(2), "verification", {
          outcome: "passed",
          checks: [{ name: "smoke", outcome: "passed" }],
        });
      case "review":
        return says(who(3), "reviewed", {
          outcome: "effective",
          actions: [],
          findings: makeCommitment(),
        });
      case "close":
        return says(who(3), "closed", { alignment: "aligned" });
    }
  }

  #statement(by: Actor, type: string, body: JsonObject, state?: RecordState): Command {
    const kind = statementTypes.get(type);
    const subjects = kind?.subjects(
      body,
      (kind.stream === "record" ? state : this.#registry) as never,
    );
    const at = new Date(this.now).toISOString();
    const envelope = envelopeOf(by, type, subjects ?? [], body, at, { instance: this.#instance });
    const statement = parsePayload(decodeBase64(envelope.payload));
    return { kind: "statement", envelope, statement, openings: [] };
  }
}

const commitOf = (number: number, what: string) => digestOf(`${what} ${number}`).slice(0, 40);

function makeCommitment(): string {
  return makeOpening("a text", crypto.getRandomValues(new Uint8Array(32))).commitment;
}
