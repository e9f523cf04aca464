/** A public key as a statement carries it: one authorized_keys line without a comment, and its fingerprint. */
import { RecordError } from "../bytes/error.ts";
import { object, string, type Infer, type Shape } from "../bytes/shape.ts";
import { Refusal } from "../constitution/refusal.ts";
import { fingerprint as fingerprintOf, parsePublicKeyLine } from "../sshsig/public-key.ts";
import { holderOf, type EnrolledKey, type Registry } from "../registry/registry.ts";
import type { Said } from "./statement-type.ts";
import { fingerprint } from "./words.ts";

const line = string({
  max: 4000,
  pattern: /^[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}$/,
  what: "an SSH public key line without options or comment",
});
const pair = object({ fingerprint, line });

/** Line and fingerprint, which must belong together. */
export const publicKey: Shape<Infer<typeof pair>> = (value) => {
  const found = pair(value);
  const blob = parsePublicKeyLine(found.line);
  if (fingerprintOf(blob) !== found.fingerprint) {
    throw new RecordError(
      "key",
      `the key's fingerprint is ${fingerprintOf(blob)}, not ${found.fingerprint}`,
    );
  }
  return found;
};

/** The key as the registry keeps it, enrolled by the entry `said`. */
export function enrolledKey(
  key: Infer<typeof pair>,
  said: Said,
  assurance: EnrolledKey["assurance"] = "administrator",
  expiresAt?: string,
): EnrolledKey {
  return {
    fingerprint: key.fingerprint,
    publicKey: key.line,
    addedAt: said.index,
    enrolledOn: said.recordedAt,
    assurance,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** Refuses a key that anybody holds or ever held: a revoked key does not come back. */
export function newToRegistry(registry: Registry, key: Infer<typeof pair>): void {
  const holder = holderOf(registry, key.fingerprint);
  if (holder !== undefined || registry.system.fingerprint === key.fingerprint) {
    throw new Refusal(
      "registry",
      `the key ${key.fingerprint} is or was enrolled for ${holder?.id ?? registry.system.actor}; enrol a key of the person's own`,
    );
  }
}
