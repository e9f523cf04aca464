/** For tests: the same people in a fresh ledger, and their one record, `RB-2026-1`. */
import { expect } from "vitest";
import type { JsonObject } from "../bytes/canonical-json.ts";
import type { RuleId } from "../constitution/refusal.ts";
import { permissions } from "../statements/words.ts";
import { actor, TestLedger, type Actor } from "./actors.ts";
import { Steps } from "./steps.ts";

export const ines = actor("ines");
export const bo = actor("bo");
export const cleo = actor("cleo");
export const dan = actor("dan");
/** An administrator beside the ledger's first. */
export const second = actor("second-admin");

export let ledger: TestLedger;
export let record: Steps;

/** A new ledger takes the place of the one before. */
export async function open(policy = {}): Promise<void> {
  ledger = await TestLedger.open(policy);
  for (const who of [ines, bo, cleo, dan]) await ledger.enrol(who);
  await ledger.enrol(second, { permissions });
  record = new Steps(ledger);
}

export const emergency = { mode: "emergency", incident: "INC-1" };

export async function refused(rule: RuleId, attempt: () => Promise<unknown>): Promise<void> {
  expect(await record.outcome(attempt)).toBe(rule);
}

export async function compromised(who: Actor, since = ledger.time()): Promise<void> {
  await registrySays(ledger.administrator, "key-revoked", {
    person: who.id,
    fingerprint: who.fingerprint,
    reason: "compromised",
    since,
  });
}

export async function role(who: Actor, name: string, scope: JsonObject = {}): Promise<void> {
  await registrySays(ledger.administrator, "role-granted", {
    person: who.id,
    role: name,
    ...scope,
  });
}

export async function registrySays(by: Actor, type: string, body: JsonObject): Promise<void> {
  await ledger.registrySays(by, type, body);
}

/** The time this much later than now. */
export function at(milliseconds: number): string {
  return new Date(ledger.now + milliseconds).toISOString();
}

export function renewal(later: number): JsonObject {
  return {
    kind: "renew",
    until: at(later),
    rationale: ledger.commit("the fix is not there yet"),
  };
}

/** `by` decides on the newest request for an exception. */
export async function decideOn(by: Actor, decision: "approve" | "reject"): Promise<void> {
  const request = record.state.exceptions.at(-1)?.id ?? "";
  await record.says(by, "exception-decided", { request, decision });
}
