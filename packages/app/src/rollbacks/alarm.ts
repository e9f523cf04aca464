/** A log that is frozen takes one statement, which says why it was; one that is not takes none of it. */
import { parseAlarm } from "../ledger/alarm.ts";
import type { Command } from "./batch.ts";
import { RollbacksError } from "./error.ts";

/** `frozen`: why the log is. Throws a `RollbacksError` "conflict". */
export function checkAlarm(frozen: string | undefined, command: Command): void {
  const statement = command.kind === "statement" ? command.statement : undefined;
  const clears = statement?.type.name === "alarm-cleared";
  if (frozen === undefined) {
    if (!clears) return;
    throw new RollbacksError("conflict", "the log is not frozen: there is no alarm to clear");
  }
  const { found, foundAt } = parseAlarm(frozen);
  if (!clears) {
    throw new RollbacksError(
      "conflict",
      `the log is frozen: ${found}; \`countermand unfreeze\` first`,
    );
  }
  if (statement?.body["found"] !== found || statement.body["foundAt"] !== foundAt) {
    throw new RollbacksError(
      "conflict",
      `the statement names another alarm; what was found is: ${found}`,
    );
  }
}
