/**
 * Brings the log's heads to its witnesses, and says which checkpoint may be shown.
 * Appends never wait for it. Once a second the newest signed head goes to every
 * witness that has not signed it; heads in between are skipped. A round ends when
 * the policy is met or everybody has answered; who is late goes on, and its line is
 * added to the same size. What is shown is the newest checkpoint that satisfies the
 * policy: without one, the old one stays.
 *
 * A witness that holds more than we ever committed, or another history, stops the
 * log: either we lost entries or somebody signs with our key.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  formatNote,
  isQuorum,
  openLogCheckpoint,
  parseSignatureLines,
  TlogError,
  withCosignatures,
  type LogVerifier,
} from "@countermand/tlog";
import type { Database } from "../../storage/database.ts";
import { isOutage } from "../../storage/error.ts";
import { messageOf } from "../error.ts";
import { logReader, type LogReader, type Published } from "../log-reader.ts";
import { askWitness, type Asked } from "./ask-witness.ts";
import {
  committedSize,
  readCosignatures,
  storeCosignatures,
  storedNote,
} from "./cosignature-rows.ts";
import type { PolicyFile, WitnessAddress, WitnessPolicy } from "./policy-file.ts";

export interface PublisherOptions {
  readonly database: Database;
  /** Of the ledger: everything that was signed. */
  readonly log: LogReader;
  readonly verifier: LogVerifier;
  readonly policy: PolicyFile;
  /** Whether witnesses are asked now; what they signed is looked up all the same. Always unless told. */
  readonly asks?: () => boolean;
  /** The ledger's: takes in what other servers appended. */
  readonly look: () => void;
  readonly freeze: (reason: string) => Promise<void>;
  /** Keeps what a witness answered, durably, and says where. */
  readonly keepEvidence: (evidence: Evidence) => Promise<string>;
  readonly now: () => Date;
  /** For the operator: once when something changes. */
  readonly report: (line: string) => void;
  /** Milliseconds that a witness has for an answer; 5,000 unless told. */
  readonly timeout?: number;
}

export interface Evidence {
  readonly witness: string;
  readonly url: string;
  readonly at: string;
  readonly problem: string;
  /** The request as it was sent, with our signed checkpoint in it. */
  readonly request: string;
  readonly status: number;
  readonly mediaType: string;
  /** Base64. */
  readonly body: string;
}

export interface WitnessedHealth {
  /** Entries under the checkpoint that is shown; absent before the first. */
  readonly size?: number;
  /** Entries that are in the log and not under it. */
  readonly behind: number;
  /** The policy has not been met for more than a minute: what is wrong. */
  readonly alarm?: string;
  readonly witnesses: readonly {
    readonly name: string;
    /** The largest size that it signed for us since the start. */
    readonly size?: number;
    readonly signedAt?: string;
    readonly problem?: string;
  }[];
}

/** Asking again for a size that was signed refreshes its time. */
const refreshEvery = 10 * 60_000;
const alarmAfter = 60_000;
const roundEvery = 1_000;
const longestPause = 60_000;

interface Known {
  /** What it saw last, as far as we know. */
  size: number;
  signed: { readonly size: number; readonly at: number } | undefined;
  failures: number;
  /** Not asked before. */
  next: number;
  busy: boolean;
  problem: string | undefined;
}

export class WitnessPublisher {
  readonly #options: PublisherOptions;
  readonly #known = new Map<string, Known>();
  #shown: Published | undefined;
  /** Heads that were asked about, whose rows may not be stored yet. */
  #recent: Published[] = [];
  #behindSince: number | undefined;
  #alarmed = false;
  #stopped = false;
  #settling: Promise<void> = Promise.resolve();
  readonly #log: LogReader;

  private constructor(options: PublisherOptions) {
    this.#options = options;
    const { logId, origin } = options.log;
    this.#log = logReader(options.database, { logId, origin }, () => {
      if (this.#shown === undefined) throw new TypeError("no checkpoint may be shown yet");
      return this.#shown;
    });
  }

  /** Finds the checkpoint that may be shown by what is stored. */
  static async open(options: PublisherOptions): Promise<WitnessPublisher> {
    const publisher = new WitnessPublisher(options);
    await publisher.#settle();
    return publisher;
  }

  /** The newest checkpoint that satisfies the policy, with its cosignatures. */
  witnessed(): Published | undefined {
    return this.#shown;
  }

  /** The log as it may be shown: nothing beyond that checkpoint. */
  log(): LogReader | undefined {
    return this.#shown === undefined ? undefined : this.#log;
  }

  health(): WitnessedHealth {
    const since = this.#behindSince;
    const behindFor = since === undefined ? 0 : this.#options.now().getTime() - since;
    const size = this.#shown?.size;
    return {
      ...(size === undefined ? {} : { size }),
      behind: this.#options.log.published().size - (size ?? 0),
      ...(behindFor > alarmAfter
        ? {
            alarm: `the policy has not been met for ${Math.floor(behindFor / 1000)} s; the checkpoint that is shown is old`,
          }
        : {}),
      witnesses: [...this.#known].map(([name, { signed, problem }]) => ({
        name,
        ...(signed === undefined
          ? {}
          : { size: signed.size, signedAt: new Date(signed.at).toISOString() }),
        ...(problem === undefined ? {} : { problem }),
      })),
    };
  }

  /** Rounds until `ended`, or until the log was frozen. */
  async run(ended: AbortSignal): Promise<void> {
    while (!ended.aborted && !this.#stopped) {
      try {
        await this.round();
      } catch (error) {
        if (!isOutage(error)) throw error;
        // The ledger says that the store is out; there is nothing to bring meanwhile.
      }
      await sleep(roundEvery, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  /** One turn: asks whom there is to ask, and returns when the policy is met or all have answered. */
  async round(): Promise<void> {
    const policy = await this.#options.policy.current();
    const head = this.#options.log.published();
    this.#forgetRemoved(policy);
    if (head.size > 0 && !this.#stopped) {
      this.#recent = [head, ...this.#recent.filter(({ size }) => size !== head.size)].slice(0, 8);
      const isAsking = this.#options.asks?.() ?? true;
      const asked = (isAsking ? policy.witnesses : [])
        .filter((witness) => this.#isDue(this.#stateOf(witness), head))
        .map((witness) => this.#ask(witness, head));
      const met = this.#untilShown(head.size, asked);
      await Promise.race([Promise.all(asked), met]);
      // Nobody waits for who is late; what it says is stored when it comes.
      for (const one of asked) one.catch((error: unknown) => this.#failed(error));
    }
    await this.#settle();
    this.#watch(head);
  }

  #failed(error: unknown): void {
    if (!isOutage(error)) this.#options.report(`witnessing failed: ${messageOf(error)}`);
  }

  async #untilShown(size: number, asked: readonly Promise<void>[]): Promise<void> {
    await new Promise<void>((met) => {
      for (const one of asked) {
        one.then(
          () => ((this.#shown?.size ?? -1) >= size ? met() : undefined),
          () => undefined,
        );
      }
    });
  }

  #stateOf({ name }: WitnessAddress): Known {
    const known = this.#known.get(name) ?? {
      size: 0,
      signed: undefined,
      failures: 0,
      next: 0,
      busy: false,
      problem: undefined,
    };
    this.#known.set(name, known);
    return known;
  }

  #forgetRemoved({ witnesses }: WitnessPolicy): void {
    for (const name of this.#known.keys()) {
      if (!witnesses.some((witness) => witness.name === name)) this.#known.delete(name);
    }
  }

  #isDue({ busy, next, signed }: Known, head: Published): boolean {
    const now = this.#options.now().getTime();
    if (busy || now < next) return false;
    return signed?.size !== head.size || now - signed.at >= refreshEvery;
  }

  async #ask(witness: WitnessAddress, head: Published): Promise<void> {
    const known = this.#stateOf(witness);
    known.busy = true;
    try {
      let asked = await this.#send(witness, known.size, head);
      // It has seen another size than we knew: once more, from there.
      if (asked.answer.kind === "other-size" && asked.answer.size <= head.size) {
        known.size = asked.answer.size;
        asked = await this.#send(witness, known.size, head);
      }
      await this.#take(witness, known, head, asked);
    } finally {
      known.busy = false;
    }
  }

  async #send(witness: WitnessAddress, oldSize: number, head: Published): Promise<Asked> {
    const proof = await this.#options.log.consistencyProof(oldSize, head.size);
    const { note } = head;
    return await askWitness(witness, { oldSize, proof, note }, this.#options.timeout ?? 5_000);
  }

  async #take(witness: WitnessAddress, known: Known, head: Published, asked: Asked): Promise<void> {
    const { answer } = asked;
    const { database, log, now, look } = this.#options;
    switch (answer.kind) {
      case "signed":
        await storeCosignatures(
          database,
          log.logId,
          head.size,
          answer.cosignatures,
          witness.verifiers,
        );
        if (known.problem !== undefined) this.#options.report(`${witness.name} signs again`);
        known.size = head.size;
        known.signed = { size: head.size, at: now().getTime() };
        known.failures = 0;
        known.problem = undefined;
        await this.#settle();
        return;
      case "other-size":
        // Another server may have brought it what we have not taken in yet.
        if (answer.size <= (await committedSize(database, log.logId))) {
          if (answer.size > head.size) look();
          else this.#notNow(witness, known, "it names another size each time");
          return;
        }
        await this.#stop(
          witness,
          asked,
          `has seen ${answer.size} entries of this log, and it has ${await committedSize(database, log.logId)}: entries were lost, or somebody else signs with its key`,
        );
        return;
      case "contradicts":
        await this.#stop(
          witness,
          asked,
          `says that the tree of ${head.size} entries does not extend what it saw: ${answer.problem}`,
        );
        return;
      case "unknown-log":
      case "later":
      case "nonsense":
        this.#notNow(witness, known, answer.problem);
        return;
    }
  }

  /** Asked again after a second, then two, at most a minute later. */
  #notNow({ name }: WitnessAddress, known: Known, problem: string): void {
    const { now, report } = this.#options;
    if (known.problem === undefined) report(`the witness ${name} did not sign: ${problem}`);
    known.problem = problem;
    known.next = now().getTime() + Math.min(roundEvery * 2 ** known.failures, longestPause);
    known.failures = Math.min(known.failures + 1, 10);
  }

  async #stop(witness: WitnessAddress, asked: Asked, problem: string): Promise<void> {
    this.#stopped = true;
    const { now, keepEvidence, freeze } = this.#options;
    const what = `the witness ${witness.name} ${problem}`;
    const place = await keepEvidence({
      witness: witness.name,
      url: witness.url,
      at: now().toISOString(),
      problem: what,
      request: Buffer.from(asked.sent).toString("utf8"),
      status: asked.status,
      mediaType: asked.mediaType,
      body: Buffer.from(asked.body).toString("base64"),
    }).catch((error: unknown) => `nowhere (${messageOf(error)})`);
    await freeze(
      `${what}; what was asked and answered is kept in ${place}; see docs/operations/ledger.md, "A witness contradicts the log"`,
    );
  }

  /** One at a time, so that what is shown only grows. */
  #settle(): Promise<void> {
    const next = this.#settling.then(() => this.#settleNow());
    this.#settling = next.catch(() => undefined);
    return next;
  }

  async #settleNow(): Promise<void> {
    const { database, log, policy } = this.#options;
    const current = await policy.current();
    const from = this.#shown?.size ?? 0;
    if (current.policy.quorum === null) {
      const head = log.published();
      const { lines } = await readCosignatures(database, log.logId, head.size, head.size);
      const note = await this.#assemble(current, head.note, lines.get(head.size) ?? []);
      this.#shown = { ...head, note: note ?? head.note };
      return;
    }
    for (let to = Number.MAX_SAFE_INTEGER; ;) {
      const { lines, more } = await readCosignatures(database, log.logId, from, to);
      for (const [size, those] of lines) {
        const plain =
          this.#recent.find((head) => head.size === size)?.note ??
          (await storedNote(database, log.logId, size));
        if (plain === undefined || size > log.published().size) continue;
        const note = await this.#assemble(current, plain, those);
        if (note === undefined) continue;
        const { root } = await openLogCheckpoint(Buffer.from(note), this.#options.verifier);
        this.#shown = { size, root, note };
        return;
      }
      const smallest = [...lines.keys()].at(-1);
      if (!more || smallest === undefined || smallest === to) return;
      to = smallest;
    }
  }

  /** The note with the lines, if they satisfy the policy; what is stored is checked like anybody's. */
  async #assemble(
    { policy, witnesses }: WitnessPolicy,
    note: string,
    lines: readonly string[],
  ): Promise<string | undefined> {
    const { verifier } = this.#options;
    const verifiers = witnesses.flatMap((witness) => witness.verifiers);
    try {
      const signatures = lines.length === 0 ? [] : parseSignatureLines(lines.join(""));
      const whole = formatNote(withCosignatures(Buffer.from(note), signatures));
      const opened = await openLogCheckpoint(whole, verifier, verifiers);
      const signed = opened.note.verified.map((one) => one.verifier);
      return isQuorum(policy, signed) ? Buffer.from(whole).toString("utf8") : undefined;
    } catch (error) {
      if (!(error instanceof TlogError)) throw error;
      return undefined;
    }
  }

  #watch(head: Published): void {
    const now = this.#options.now().getTime();
    if ((this.#shown?.size ?? 0) >= head.size) {
      if (this.#alarmed) this.#options.report("the policy of witnesses is met again");
      this.#behindSince = undefined;
      this.#alarmed = false;
      return;
    }
    this.#behindSince ??= now;
    const { alarm } = this.health();
    if (alarm === undefined || this.#alarmed) return;
    this.#alarmed = true;
    this.#options.report(alarm);
  }
}
