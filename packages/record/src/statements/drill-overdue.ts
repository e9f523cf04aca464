/** A drill fell due and was not held in its time. */
import { timer } from "./timer.ts";

export const drillOverdue = timer(
  "drill-overdue",
  ["planned"],
  "a drill was due and not held by",
  (state, { said }) =>
    state.drills?.due === undefined
      ? state
      : {
          ...state,
          drills: { ...state.drills, due: { ...state.drills.due, overdue: said.index } },
        },
);
