/** A key is revoked from this entry on. What it signed before stays as it was. */
import { oneOf, timestamp, type Infer } from "../bytes/shape.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import { hasAdministrator, type Person } from "../registry/registry.ts";
import { changePerson } from "./change-person.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { actorId, fingerprint } from "./words.ts";

export const revocationReasons = ["compromised", "lost", "replaced", "left"] as const;

const shape = predicate(
  { person: actorId, fingerprint, reason: oneOf(revocationReasons) },
  {
    /** Of a compromised key: since when what it signed may be somebody else's. */
    since: timestamp,
  },
);
type Body = Infer<typeof shape>;

export const keyRevoked: RegistryStatement<Body> = {
  name: "key-revoked",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply: (body, before, said) => {
    rule(
      "registry",
      body.since === undefined || (body.reason === "compromised" && body.since <= said.recordedAt),
      () =>
        "since when a key is not to be trusted is said of a compromised key, and of a time that has passed",
    );
    const after = changePerson(before, body.person, (person) => {
      if (!isInUse(person, body.fingerprint)) {
        throw new Refusal("registry", `${person.id} has no key ${body.fingerprint} in use`);
      }
      return {
        ...person,
        keys: person.keys.map((key) =>
          key.fingerprint === body.fingerprint
            ? {
                ...key,
                revokedAt: said.index,
                ...(body.since === undefined ? {} : { doubtfulSince: body.since }),
              }
            : key,
        ),
      };
    });
    rule(
      "registry",
      hasAdministrator(after, said.recordedAt),
      () => "this is the last key of the last administrator; enrol another administrator first",
    );
    return after;
  },
  says: (body) =>
    `revokes the key ${body.fingerprint} of ${body.person} (${body.reason}${body.since === undefined ? "" : `; doubtful since ${body.since}`})`,
};

/** An expired key can still be revoked: when it was lost may be before it expired. */
function isInUse(person: Person, fingerprint: string): boolean {
  return person.keys.some((key) => key.fingerprint === fingerprint && key.revokedAt === undefined);
}
