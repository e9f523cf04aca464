/** Nobody finished deciding on a request to let something temporary stay; who still wants it asks again. */
import { begunStates } from "./exception-requested.ts";
import { timer } from "./timer.ts";

export const exceptionExpired = timer(
  "exception-expired",
  begunStates,
  "the request to let it stay expired without its decision at",
  (state) => ({
    ...state,
    exceptions: state.exceptions.map((item) =>
      item.outcome === undefined ? { ...item, outcome: "expired" as const } : item,
    ),
  }),
);
