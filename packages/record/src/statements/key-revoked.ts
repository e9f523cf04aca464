/** A key is revoked from this entry on. What it signed before stays as it was. */
import type { Infer } from "../bytes/shape.ts";
import { oneOf } from "../bytes/shape.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import type { Registry } from "../registry/registry.ts";
import { usableKey } from "../registry/registry.ts";
import { changePerson } from "./change-person.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { actorId, fingerprint } from "./words.ts";

export const revocationReasons = ["compromised", "lost", "replaced", "left"] as const;

const shape = predicate({
  person: actorId,
  fingerprint,
  reason: oneOf(revocationReasons),
});
type Body = Infer<typeof shape>;

export const keyRevoked: RegistryStatement<Body> = {
  name: "key-revoked",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply: (body, before, said) => {
    const after = changePerson(before, body.person, (person) => {
      if (usableKey(person, body.fingerprint) === undefined) {
        throw new Refusal("registry", `${person.id} has no key ${body.fingerprint} in use`);
      }
      return {
        ...person,
        keys: person.keys.map((key) =>
          key.fingerprint === body.fingerprint ? { ...key, revokedAt: said.index } : key,
        ),
      };
    });
    rule(
      "registry",
      hasAdministrator(after),
      () => "this is the last key of the last administrator; enrol another administrator first",
    );
    return after;
  },
  says: (body) => `revokes the key ${body.fingerprint} of ${body.person} (${body.reason})`,
};

function hasAdministrator(registry: Registry): boolean {
  return Object.values(registry.persons).some(
    (person) =>
      person.permissions.includes("administer") &&
      person.keys.some((key) => key.revokedAt === undefined),
  );
}
