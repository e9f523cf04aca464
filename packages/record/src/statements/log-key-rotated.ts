/**
 * One key of the log hands over to the next. The statement is an administrator's; the note
 * in it is signed by both keys (`registry/log-keys.ts`). Which sizes a key may sign follows
 * from where this entry stands in the log, which nobody knows when it is signed.
 */
import { string, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import {
  announcedKeys,
  maxRotationNote,
  openRotation,
  readRotation,
  rotated,
} from "../registry/log-keys.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";

/** A log that needs more should have ended. */
const maxKeys = 100;

const shape = predicate({ note: string({ min: 1, max: maxRotationNote }) });
type Body = Infer<typeof shape>;

export const logKeyRotated: RegistryStatement<Body> = {
  name: "log-key-rotated",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  async verify(body) {
    await openRotation(body.note);
  },
  apply(body, before, said) {
    if (before === undefined) throw new TypeError("the log is open");
    const rotation = readRotation(body.note);
    rule(
      "instance-bound",
      rotation.origin === before.instance,
      () => `the note is about the keys of ${rotation.origin}, and this is ${before.instance}`,
    );
    const keys = announcedKeys(before);
    rule("registry", keys.length < maxKeys, () => `a log has at most ${maxKeys} keys`);
    const logKeys = rotated(keys, rotation, said.index);
    rule(
      "registry",
      logKeys !== undefined,
      () =>
        `the note does not lead from the log's key ${keys.at(-1)?.vkey} to one that it never had`,
    );
    return { ...before, logKeys };
  },
  says(body) {
    const { next, overlap, reason } = readRotation(body.note);
    const old = overlap === 0 ? "the old one at once no more" : `the old one for ${overlap} more`;
    return `has the key ${next} sign the log, ${old} (${reason})`;
  },
};
