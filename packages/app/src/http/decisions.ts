/**
 * What whoever bears an API token may hand in: statements that propose, show or
 * report. What decides, reviews or administers is refused although it is signed,
 * so a stolen token and a stolen key in one pipeline still authorise nothing.
 */
import { decodeBase64, parsePayload, type Envelope } from "@countermand/record";
import type { Principal } from "../identity/principal.ts";
import { HttpProblem } from "./problem.ts";

/** By name: a new kind of statement is not among them until somebody has thought about it. */
const takenFromTokens: ReadonlySet<string> = new Set([
  "assessed",
  "check-reported",
  "evidence",
  "exception-requested",
  "execution-finished",
  "execution-started",
  "observation",
  "proposed",
  "temporary-undone",
  "verification",
  "withdrawn",
  "workload-key",
]);

export function tokenMayHandIn(type: string): boolean {
  return takenFromTokens.has(type);
}

/** Refuses a token's decision. Throws a `RecordError` where the envelope holds no statement. */
export function checkMaySay(who: Principal, envelope: Envelope): void {
  if (who.kind !== "token") return;
  const { type } = parsePayload(decodeBase64(envelope.payload));
  if (tokenMayHandIn(type.name)) return;
  throw new HttpProblem(
    "forbidden",
    `an API token cannot hand in a ${type.name}: that comes from a person who is logged in`,
  );
}
