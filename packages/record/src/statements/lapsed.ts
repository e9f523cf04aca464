/** The authorisation was not used within its window. What is mandatory then waits for a new one. */
import { voidDecisions } from "../lifecycle/state.ts";
import { timer } from "./timer.ts";

export const lapsed = timer(
  "lapsed",
  ["authorised"],
  "lapsed: not executed by",
  ({ authorisation: _over, ...state }, { said }) =>
    state.proposal.obligation === undefined
      ? { ...state, status: "lapsed" }
      : { ...state, status: "pending_approval", decisions: voidDecisions(state, said.index) },
);
