/** A run that was started, or let through, and nobody has said what became of it. */
import { timer } from "./timer.ts";

export const executionOverdue = timer(
  "execution-overdue",
  ["executing"],
  "nobody has reported on the execution by",
  (state, { said }) => ({
    ...state,
    executions: state.executions.map((item, i) =>
      i === state.executions.length - 1 ? { ...item, overdue: said.index } : item,
    ),
  }),
);
