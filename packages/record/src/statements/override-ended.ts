/** The time for which a mandatory rollback was set aside is over; it waits for a decision again. */
import { timer } from "./timer.ts";

export const overrideEnded = timer(
  "override-ended",
  ["overridden"],
  "the override ended at",
  ({ override: _over, ...state }) => ({
    ...state,
    status: state.assessment === undefined ? "proposed" : "pending_approval",
  }),
);
