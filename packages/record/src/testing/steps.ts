/** For tests: what people usually say about one record, and that a rule refuses it. */
import type { JsonObject } from "../bytes/canonical-json.ts";
import { Refusal, type RuleId } from "../constitution/refusal.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import type { DecisionKind, RecordState } from "../lifecycle/state.ts";
import type { Judge, Obliging, PolicyRequest } from "../policy/judge.ts";
import type { Obligations } from "../policy/obligations.ts";
import type { Policy } from "../statements/words.ts";
import { assessmentBody, decisionBody, proposal, type Actor, type TestLedger } from "./actors.ts";

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

export class Steps {
  readonly ledger: TestLedger;
  readonly id: string;

  constructor(ledger: TestLedger, id = "RB-2026-1") {
    this.ledger = ledger;
    this.id = id;
  }

  get state(): RecordState {
    return this.ledger.record(this.id);
  }

  /** Time passes, and the system says what follows. */
  async wait(milliseconds: number): Promise<void> {
    this.ledger.now += milliseconds;
    await this.ledger.settle(this.id);
  }

  async says(by: Actor, type: string, body: JsonObject): Promise<void> {
    await this.ledger.says(by, type, { record: this.id, ...body }, this.id);
  }

  async propose(by: Actor, changes: JsonObject = {}): Promise<void> {
    await this.ledger.says(by, "proposed", proposal(this.ledger, changes), this.id);
  }

  async revise(by: Actor, changes: JsonObject = {}): Promise<void> {
    const { id, hash, uid, proposal: was } = this.state;
    const same = {
      ...(was.mode === undefined ? {} : { mode: was.mode }),
      ...(was.incident === undefined ? {} : { incident: was.incident }),
      ...(was.obligation === undefined ? {} : { obligation: { ...was.obligation } }),
    };
    await this.propose(by, { uid, revises: { record: id, hash }, ...same, ...changes });
  }

  async assess(by: Actor, changes: JsonObject = {}): Promise<void> {
    await this.says(by, "assessed", assessmentBody({ record: this.id, ...changes }));
  }

  async decide(by: Actor, decision: DecisionKind, changes: JsonObject = {}): Promise<void> {
    await this.says(by, "decision", decisionBody(this.state, decision, changes));
  }

  async approve(by: Actor, changes: JsonObject = {}): Promise<void> {
    await this.decide(by, "approve", changes);
  }

  /** Takes back the newest decision of `by`. */
  async takeBack(by: Actor): Promise<void> {
    const mine = this.state.decisions.findLast((item) => item.actor === by.id);
    await this.says(by, "decision-withdrawn", { decision: mine?.id ?? "" });
  }

  async evidence(by: Actor, kind: string, digit: string): Promise<void> {
    const digest = digit.repeat(64);
    await this.says(by, "evidence", { kind, digest, size: 1, mediaType: "text/plain" });
  }

  async check(by: Actor, name: string, outcome: "passed" | "failed"): Promise<void> {
    await this.says(by, "check-reported", { name, outcome });
  }

  get target(): string {
    return digestOf(this.state.proposal.target);
  }

  async start(by: Actor): Promise<void> {
    const command = this.ledger.commit("helm rollback api 41");
    await this.says(by, "execution-started", { target: this.target, command });
  }

  async finish(by: Actor, outcome: JsonObject = { type: "exited", code: 0 }): Promise<void> {
    const execution = this.state.executions.at(-1)?.id ?? "";
    const at = this.ledger.time();
    await this.says(by, "execution-finished", {
      execution,
      outcome,
      startedAt: at,
      finishedAt: at,
    });
  }

  /** The gate asks for the grant, as the sequencer would let it. */
  async gate(caller: string, changes: JsonObject = {}): Promise<void> {
    const { environment } = this.state.proposal;
    const body = { target: this.target, environment, caller, ...changes };
    await this.says(this.ledger.system, "grant-used", body);
  }

  async observe(by: Actor, commit = "a".repeat(40)): Promise<void> {
    await this.says(by, "observation", { running: { type: "commit", commit }, source: "kubectl" });
  }

  async verify(by: Actor, outcome: "passed" | "failed" = "passed"): Promise<void> {
    await this.says(by, "verification", { outcome, checks: [{ name: "smoke", outcome }] });
  }

  async review(by: Actor): Promise<void> {
    const findings = this.ledger.commit("all well");
    await this.says(by, "reviewed", { outcome: "effective", actions: [], findings });
  }

  async close(by: Actor): Promise<void> {
    await this.says(by, "closed", { alignment: "aligned" });
  }

  async judge(by: Actor): Promise<void> {
    const findings = this.ledger.commit("it had to be");
    await this.says(by, "retrospective", { outcome: "justified", actions: [], findings });
  }

  /** From the grant to a run that its executor reports. */
  async run(by: Actor, outcome?: JsonObject): Promise<void> {
    await this.start(by);
    await this.finish(by, outcome);
  }

  /** The rule by which `attempt` is refused, which then has left nothing; `accepted` if none. */
  async outcome(attempt: () => Promise<unknown>): Promise<RuleId | "accepted"> {
    await this.ledger.settle(this.id);
    const before = this.ledger.entries.length;
    try {
      await attempt();
      return "accepted";
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (this.ledger.entries.length !== before) {
        throw new Error("something was refused and left an entry", { cause: error });
      }
      return error.rule;
    }
  }
}

/** Puts another policy in force, as two administrators would; `second` is enrolled as one. */
export async function putInForce(
  ledger: TestLedger,
  second: Actor,
  settings: Partial<Policy>,
  rules?: string,
): Promise<void> {
  const { policy } = ledger.registry;
  await ledger.registrySays(ledger.administrator, "policy-proposed", {
    settings: { ...policy, version: policy.version + 1, ...settings },
    ...(rules === undefined ? {} : { rules: { digest: rules, size: 1 } }),
  });
  const proposed = ledger.registry.policyProposal?.id ?? "";
  await ledger.registrySays(second, "policy-decided", { proposal: proposed, decision: "accept" });
}

/** A judge that permits everything and asks of every version what it is told to. */
export function judgeThat(
  asks: (request: PolicyRequest) => Partial<Obligations>,
  permits: (request: PolicyRequest) => boolean = () => true,
  obliges: (request: PolicyRequest) => Obliging = () => ({ rules: [], minutes: 0, owners: [] }),
): Judge {
  return {
    permits: (request) => ({ allowed: permits(request), rules: ["test"], reason: "a rule" }),
    classify: (request, least) => ({
      classes: ["test"],
      rules: ["test"],
      obligations: { ...least, ...asks(request) },
    }),
    obliges,
  };
}

/** The ledger has rules from here on, and `judge` holds them. */
export async function withRules(ledger: TestLedger, second: Actor, judge: Judge): Promise<void> {
  ledger.world = { ...ledger.world, judging: () => judge };
  await putInForce(ledger, second, {}, "e".repeat(64));
}
