/**
 * The authorisation was not used within its window. What is mandatory then waits
 * for a new one, and so it does where the run failed and was not tried again.
 */
import { afresh } from "../lifecycle/state.ts";
import { timer } from "./timer.ts";

export const lapsed = timer(
  "lapsed",
  ["authorised", "execution_failed"],
  "lapsed: not executed by",
  (state, { said }) => {
    if (state.proposal.obligation !== undefined) {
      return { ...afresh(state, said.index), status: "pending_approval" };
    }
    const { authorisation: _over, ...rest } = state;
    return { ...rest, status: "lapsed" };
  },
);
