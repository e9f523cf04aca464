/**
 * The clearings of a record as a file: what people signed, taken from the ledger
 * so that an analysis without one can be told of it. The file proves nothing by
 * itself; each line names the entry that does. Format: docs/spec/clearing.md.
 *
 *     parseClearings(formatClearings(c)) equals c
 */
import {
  clearingGrounds,
  clearingScopes,
  clearingsInForce,
  type RecordState,
} from "@countermand/record";
import { z } from "zod";
import { jsonLine } from "../text.ts";
import { readJson } from "./read-json.ts";

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
export const clearedUntil = z.iso.datetime({ precision: 3 });

const clearing = z.strictObject({
  record: z.string().regex(/^(?:RB|DR|PL)-[0-9]{4}-[1-9][0-9]{0,8}$/),
  entry: z.int().min(0),
  leafHash: hex64,
  service: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,99}$/),
  /** SHA-256 of the canonical identity of the target that it was said about. */
  target: hex64,
  actor: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  findings: z
    .array(z.string().regex(/^[0-9a-f]{32}$/))
    .min(1)
    .max(100),
  ground: z.enum(clearingGrounds),
  scope: z.enum(clearingScopes),
  until: clearedUntil,
});
export type SignedClearing = z.infer<typeof clearing>;

const clearingsShape = z.strictObject({
  version: z.literal(1),
  clearings: z.array(clearing).max(2000),
});

const mostBytes = 16 * 1024 * 1024;

export function formatClearings(clearings: readonly SignedClearing[]): string {
  return `${jsonLine({ version: 1, clearings })}\n`;
}

export function parseClearings(bytes: Uint8Array): readonly SignedClearing[] {
  return readJson(
    bytes,
    () => clearingsShape,
    "list of clearings (countermand clear RECORD --json)",
    mostBytes,
  ).clearings;
}

/** What holds of a record's clearings at `now`, as the ledger's state says it. */
export function clearingsOf(state: RecordState, now: string): readonly SignedClearing[] {
  return clearingsInForce(state, now).map((item) =>
    clearing.parse({
      record: state.id,
      entry: item.index,
      leafHash: item.leafHash,
      service: state.proposal.service,
      target: item.target,
      actor: item.actor,
      findings: [...item.findings],
      ground: item.ground,
      scope: item.scope,
      until: item.until,
    }),
  );
}
