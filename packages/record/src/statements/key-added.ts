/** An administrator gives an enrolled person a further key. */
import type { Infer } from "../bytes/shape.ts";
import { newToRegistry, publicKey } from "./public-key.ts";
import { changePerson } from "./change-person.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { actorId } from "./words.ts";

const shape = predicate({ person: actorId, newKey: publicKey });
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
      const key = {
        fingerprint: body.newKey.fingerprint,
        publicKey: body.newKey.line,
        addedAt: said.index,
      };
      return { ...person, keys: [...person.keys, key] };
    }),
  says: (body) => `adds the key ${body.newKey.fingerprint} to ${body.person}`,
};
