/** For tests: a `Countermand` that answers from a sample, remembers what it was asked, and fails on demand. */
import { createHash } from "node:crypto";
import type { Countermand } from "../../rollbacks/countermand.ts";
import { RollbacksError } from "../../rollbacks/error.ts";
import { accepted, sample } from "./sample.ts";

export type Call = readonly [method: keyof Countermand, ...args: readonly unknown[]];

export class FakeCountermand implements Countermand {
  readonly calls: Call[] = [];
  /** Thrown by the next call, whatever it is. */
  failure: unknown;
  content = sample();
  open = true;
  repeated = false;
  next: string | undefined = "RB-2026-7";
  rows = [this.content.row];
  audited = [this.content.audit];
  readonly artefacts = new Map<string, Uint8Array>();

  #called(...call: Call): void {
    this.calls.push(call);
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }

  async openLedger(...args: Parameters<Countermand["openLedger"]>) {
    this.#called("openLedger", ...args);
    this.open = true;
    return this.content.instance;
  }
  async instance() {
    this.#called("instance");
    if (!this.open) throw new RollbacksError("no-ledger", "there is no ledger here yet");
    return this.content.instance;
  }
  async submit(...args: Parameters<Countermand["submit"]>) {
    this.#called("submit", ...args);
    return { ...accepted, repeated: this.repeated };
  }
  async records(...args: Parameters<Countermand["records"]>) {
    this.#called("records", ...args);
    return { items: this.rows, ...(this.next === undefined ? {} : { next: this.next }) };
  }
  async record(...args: Parameters<Countermand["record"]>) {
    this.#called("record", ...args);
    if (args[0] !== this.content.state.id) {
      throw new RollbacksError("not-found", `there is no record ${args[0]} in this ledger`);
    }
    return this.content.view;
  }
  async exportRecord(...args: Parameters<Countermand["exportRecord"]>) {
    this.#called("exportRecord", ...args);
    return new Uint8Array([0x52, 0x45, 0x00, 0xff]);
  }
  async entryProof(...args: Parameters<Countermand["entryProof"]>) {
    this.#called("entryProof", ...args);
    if (args[1] === "witnessed") throw new RollbacksError("not-witnessed", "not yet");
    return new TextEncoder().encode("c2sp.org/tlog-proof@v1\n");
  }
  async entryTimes(...args: Parameters<Countermand["entryTimes"]>) {
    this.#called("entryTimes", ...args);
    return { index: args[0], recordedAt: "2026-11-23T02:41:00.000Z" };
  }
  async putArtefact(bytes: Uint8Array) {
    this.#called("putArtefact", bytes.length);
    const digest = createHash("sha256").update(bytes).digest("hex");
    this.artefacts.set(digest, new Uint8Array(bytes));
    return { digest, size: bytes.length };
  }
  async getArtefact(digest: string) {
    this.#called("getArtefact", digest);
    return this.artefacts.get(digest);
  }
  async gate(...args: Parameters<Countermand["gate"]>) {
    this.#called("gate", ...args);
    return this.content.gate;
  }
  async gateEvents(...args: Parameters<Countermand["gateEvents"]>) {
    this.#called("gateEvents", ...args);
    return { items: [this.content.gateEvent], next: "cursor+/=?&" };
  }
  async signal(...args: Parameters<Countermand["signal"]>) {
    this.#called("signal", ...args);
    return this.content.signalAnswer;
  }
  async signals(...args: Parameters<Countermand["signals"]>) {
    this.#called("signals", ...args);
    return { items: [this.content.signal], next: "cursor+/=?&" };
  }
  async audits() {
    this.#called("audits");
    return this.audited;
  }
  async reversals(...args: Parameters<Countermand["reversals"]>) {
    this.#called("reversals", ...args);
    return { items: this.content.reversals, next: "cursor+/=?&" };
  }
}
