/** Nobody judged the emergency in time: until somebody does, no other is opened by its people. */
import { statuses } from "../lifecycle/state.ts";
import { timer } from "./timer.ts";

export const retrospectiveOverdue = timer(
  "retrospective-overdue",
  statuses,
  "the retrospective is overdue since",
  (state, { said }) =>
    state.retrospective === undefined
      ? state
      : { ...state, retrospective: { ...state.retrospective, overdue: said.index } },
);
