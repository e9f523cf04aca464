/** A mandatory rollback did not run, and was not overridden, by its deadline. */
import { timer } from "./timer.ts";

export const obligationOverdue = timer(
  "obligation-overdue",
  ["proposed", "pending_approval", "authorised", "execution_failed", "overridden"],
  "mandatory, and not run by",
  (state, { said }) => ({ ...state, obligationOverdue: said.index }),
);
