/** The executor's report: what the command answered, when, and the digest of what it printed. */
import { int, literal, object, sha256Hex, string, timestamp, union, uuid } from "../bytes/shape.ts";
import type { Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { aboutRecord, existing, predicate, type RecordStatement } from "./statement-type.ts";
import { recordId } from "./words.ts";

const outcome = union("type", {
  exited: object({ type: literal("exited"), code: int(0, 255) }),
  signalled: object({
    type: literal("signalled"),
    signal: string({ pattern: /^SIG[A-Z0-9]{1,12}$/, what: "a signal such as SIGTERM" }),
  }),
  /** The command could not be started. */
  "not-started": object({ type: literal("not-started") }),
  /** The executor is gone; somebody else ends the run without knowing what it did. */
  unknown: object({ type: literal("unknown") }),
});

const shape = predicate(
  { record: recordId, execution: uuid, outcome, startedAt: timestamp, finishedAt: timestamp },
  { output: object({ digest: sha256Hex, size: int(0, 1_099_511_627_776) }) },
);
type Body = Infer<typeof shape>;

export const executionFinished: RecordStatement<Body> = {
  name: "execution-finished",
  stream: "record",
  saidBy: "execute",
  during: ["executing", "execution_failed"],
  shape,
  subjects: aboutRecord,
  check(body, before, { said }) {
    const state = existing(before);
    const running = state.executions.at(-1);
    // Who started it may come back and know what somebody else could not.
    const open =
      running?.finished === undefined ||
      (running.finished.outcome === unknown && body.outcome.type !== "unknown");
    rule(
      "lifecycle",
      running?.id === body.execution && open,
      () => `${state.id} has no running execution ${body.execution}`,
    );
    rule(
      "same-executor",
      body.outcome.type === "unknown" || running.actor === said.head.actor,
      () =>
        `${running.actor} started this execution and reports on it; anybody else can only say that its outcome is unknown`,
    );
    rule(
      "clock",
      body.startedAt <= body.finishedAt,
      () => `the run ended at ${body.finishedAt}, before it started at ${body.startedAt}`,
    );
  },
  apply(body, before, { said }) {
    const state = existing(before);
    const done = showOutcome(body.outcome);
    return {
      ...state,
      status: done === "exit 0" ? "executed" : "execution_failed",
      executions: state.executions.map((item) =>
        item.id === body.execution
          ? {
              ...item,
              finished: {
                index: said.index,
                outcome: done,
                startedAt: body.startedAt,
                finishedAt: body.finishedAt,
                ...(body.output === undefined ? {} : { output: body.output }),
              },
            }
          : item,
      ),
    };
  },
  says: (body) => `reports the execution: ${showOutcome(body.outcome)}`,
};

const unknown = "outcome unknown";

function showOutcome(value: Infer<typeof outcome>): string {
  switch (value.type) {
    case "exited":
      return `exit ${value.code}`;
    case "signalled":
      return `killed by ${value.signal}`;
    case "not-started":
      return "not started";
    case "unknown":
      return unknown;
  }
}
