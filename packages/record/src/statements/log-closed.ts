/**
 * The last entry of a log: nothing is said after it, and whoever finds anything after it
 * has found a forgery. It names the log that goes on, if one does, whose first entry names
 * this one's last root.
 */
import { object, string, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { origin } from "./words.ts";

export const logKeyShape = string({
  min: 1,
  max: 400,
  pattern: /^[\x21-\x7e]+$/,
  what: "a C2SP verifier key",
});

const shape = predicate(
  { reason: string({ min: 1, max: 500 }) },
  { successor: object({ origin, logKey: logKeyShape }) },
);
type Body = Infer<typeof shape>;

export const logClosed: RegistryStatement<Body> = {
  name: "log-closed",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply(body, before, said) {
    if (before === undefined) throw new TypeError("the log is open");
    const { reason, successor } = body;
    rule(
      "registry",
      successor === undefined ||
        (successor.origin !== before.instance &&
          successor.logKey.startsWith(`${successor.origin}+`)),
      () => "a successor is another log, and its key is named like it",
    );
    return {
      ...before,
      closed: { index: said.index, reason, ...(successor === undefined ? {} : { successor }) },
    };
  },
  says: (body) =>
    `closes the ledger for ever: ${body.reason}${body.successor === undefined ? "" : `; it goes on as ${body.successor.origin}`}`,
};
