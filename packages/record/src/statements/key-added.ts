/** An administrator gives an enrolled person a further key. */
import { timestamp, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { enrolledKey, newToRegistry, publicKey } from "./public-key.ts";
import { changePerson } from "./change-person.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { actorId } from "./words.ts";

const shape = predicate(
  { person: actorId, newKey: publicKey },
  {
    /** From then on it signs nothing. */
    expiresAt: timestamp,
  },
);
type Body = Infer<typeof shape>;

export const keyAdded: RegistryStatement<Body> = {
  name: "key-added",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply: (body, before, said) =>
    changePerson(before, body.person, (person, registry) => {
      newToRegistry(registry, body.newKey);
      rule(
        "registry",
        body.expiresAt === undefined || body.expiresAt > said.recordedAt,
        () => `the key would expire at ${body.expiresAt}, which has passed; give a later time`,
      );
      const key = enrolledKey(body.newKey, said, "administrator", body.expiresAt);
      return { ...person, keys: [...person.keys, key] };
    }),
  says: (body) =>
    `adds the key ${body.newKey.fingerprint} to ${body.person}${body.expiresAt === undefined ? "" : `, until ${body.expiresAt}`}`,
};
