/** A temporary rollback was neither undone nor renewed by its end. */
import { begunStates } from "./exception-requested.ts";
import { timer } from "./timer.ts";

export const temporaryExpired = timer(
  "temporary-expired",
  begunStates,
  "expired, and neither undone nor renewed, at",
  (state, { said }) =>
    state.temporary === undefined
      ? state
      : { ...state, temporary: { ...state.temporary, expired: said.index } },
);
