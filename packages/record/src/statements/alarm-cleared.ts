/**
 * A log that had stopped, because something was not as it was signed, appends again: what
 * was found, and since when, in the words of the server that stopped. Whoever signs this
 * says that it was looked into. It is the entry by which the log goes on, so no log goes
 * on from an alarm without one.
 */
import { string, timestamp, type Infer } from "../bytes/shape.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";

export const maxFound = 2_000;
/** The registry's state names the newest; the ledger has all. */
const keptAlarms = 20;

const shape = predicate({ found: string({ min: 1, max: maxFound }) }, { foundAt: timestamp });
type Body = Infer<typeof shape>;

export const alarmCleared: RegistryStatement<Body> = {
  name: "alarm-cleared",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply(body, before, said) {
    if (before === undefined) throw new TypeError("the log is open");
    const alarm = {
      index: said.index,
      found: body.found,
      ...(body.foundAt === undefined ? {} : { foundAt: body.foundAt }),
      clearedBy: said.head.actor,
      clearedAt: said.recordedAt,
    };
    return { ...before, alarms: [...(before.alarms ?? []), alarm].slice(-keptAlarms) };
  },
  says: (body) => `has the ledger go on, which had stopped: ${body.found}`,
};
