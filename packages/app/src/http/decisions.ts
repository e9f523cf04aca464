/**
 * What whoever bears an API token may hand in: statements that propose, show or
 * report. What decides, reviews or administers is refused although it is signed,
 * so a stolen token and a stolen key in one pipeline still authorise nothing.
 */
import { decodeBase64, parsePayload, statementTypes, type Envelope } from "@countermand/record";
import type { Principal } from "../identity/principal.ts";
import { HttpProblem } from "./problem.ts";

const open: ReadonlySet<string> = new Set(["initiate", "execute", "observe", "verify", "anyone"]);

/** Refuses a token's decision. Throws a `RecordError` where the envelope holds no statement. */
export function checkMaySay(who: Principal, envelope: Envelope): void {
  if (who.kind !== "token") return;
  const { type } = parsePayload(decodeBase64(envelope.payload));
  const saidBy = statementTypes.get(type.name)?.saidBy;
  if (saidBy !== undefined && open.has(saidBy)) return;
  throw new HttpProblem(
    "forbidden",
    `an API token cannot hand in a ${type.name}: decisions come from a person who is logged in`,
  );
}
