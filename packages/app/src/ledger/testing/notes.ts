/** A decider for tests: a command is a note, its entry the note's text. */
import { createHash } from "node:crypto";
import type { Tx } from "../../storage/database.ts";
import type { Decider, Outcome } from "../ledger.ts";

export interface NoteCommand {
  /** Two commands with one id are the same submission. */
  readonly id: string;
  readonly text: string;
  /** What goes wrong, if anything. */
  readonly fate?: "refuse" | "throw" | "throw-in-views";
}

export function noteIdentity(id: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(id).digest());
}

export const notes: Decider<NoteCommand, string> = {
  async decide(tx: Tx, commands, { logId, nextIndex }) {
    const found = await tx
      .selectFrom("entry")
      .select(["idx", "identity_hash"])
      .where("log_id", "=", logId)
      .where(
        "identity_hash",
        "in",
        commands.map(({ id }) => noteIdentity(id)),
      )
      .execute();
    const known = new Map(
      found.map((row) => [Buffer.from(row.identity_hash).toString("hex"), row.idx]),
    );
    let index = nextIndex;
    const outcomes = commands.map(({ id, text, fate }): Outcome<string> => {
      if (fate === "throw") throw new Error(`poisoned: ${id}`);
      if (fate === "refuse") return { kind: "refuse", error: new Error(`refused: ${id}`) };
      const identity = noteIdentity(id);
      const key = Buffer.from(identity).toString("hex");
      const at = known.get(key);
      if (at !== undefined) return { kind: "repeat", indexes: [at], result: "again" };
      known.set(key, index++);
      return {
        kind: "append",
        leaves: [{ bytes: new Uint8Array(Buffer.from(text)), identity }],
        result: "new",
      };
    });
    return {
      outcomes,
      async writeViews() {
        const poisoned = commands.find(({ fate }) => fate === "throw-in-views");
        if (poisoned !== undefined) throw new Error(`poisoned views: ${poisoned.id}`);
      },
    };
  },
};
