/** A mandatory rollback did not run, and was not overridden, by its deadline, whatever became of its record. */
import { statuses } from "../lifecycle/state.ts";
import { timer } from "./timer.ts";

export const obligationOverdue = timer(
  "obligation-overdue",
  statuses,
  "mandatory, and not run by",
  (state, { said }) => ({ ...state, obligationOverdue: said.index }),
);
