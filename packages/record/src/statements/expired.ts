/** The request did not reach its quorum in time. */
import { timer } from "./timer.ts";

export const expired = timer(
  "expired",
  ["proposed", "pending_approval"],
  "expired: no quorum by",
  (state) => ({ ...state, status: "expired" }),
);
