/** A temporary rollback's end is near: time to undo it, renew it or make it permanent. */
import { begunStates } from "./exception-requested.ts";
import { timer } from "./timer.ts";

export const temporaryExpiring = timer(
  "temporary-expiring",
  begunStates,
  "it will soon expire; warned at",
  (state, { said }) =>
    state.temporary === undefined
      ? state
      : { ...state, temporary: { ...state.temporary, warned: said.index } },
);
