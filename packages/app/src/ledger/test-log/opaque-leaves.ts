/** A log of anything, for tools that test logs: a command is a leaf, the same bytes are the same entry. */
import { createHash } from "node:crypto";
import type { Decider, Outcome } from "../ledger.ts";

export const opaqueLeaves: Decider<Uint8Array, undefined> = {
  async decide(tx, leaves, { logId, nextIndex }) {
    const identities = leaves.map(
      (leaf) => new Uint8Array(createHash("sha256").update(leaf).digest()),
    );
    const rows = await tx
      .selectFrom("entry")
      .select(["entry.idx", "entry.identity_hash"])
      .where("entry.log_id", "=", logId)
      .where("entry.identity_hash", "in", identities)
      .execute();
    const known = new Map(rows.map((row) => [hex(row.identity_hash), row.idx]));
    let index = nextIndex;
    const outcomes = leaves.map((bytes, i): Outcome<undefined> => {
      const identity = identities[i] ?? new Uint8Array();
      const at = known.get(hex(identity));
      if (at !== undefined) return { kind: "repeat", indexes: [at], result: undefined };
      known.set(hex(identity), index++);
      return { kind: "append", leaves: [{ bytes, identity }], result: undefined };
    });
    return { outcomes, writeViews: async () => {} };
  },
};

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
