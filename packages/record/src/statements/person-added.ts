/** An administrator enrols a person, workload, controller or agent with a first key. */
import { array, object, type Infer } from "../bytes/shape.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import type { Person } from "../registry/registry.ts";
import { newToRegistry, publicKey } from "./public-key.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { actorId, actorKind, commitmentText, permission, permissions } from "./words.ts";

export const personFields = object(
  {
    id: actorId,
    kind: actorKind,
    permissions: array(permission, { max: permissions.length }),
    key: publicKey,
    /** Commitments to mail addresses in lower case, for recognising authors. */
    emails: array(commitmentText, { max: 10 }),
  },
  { name: commitmentText },
);
type PersonFields = Infer<typeof personFields>;

/** The registry's person out of what a statement says. */
export function personFrom(fields: PersonFields, index: number): Person {
  const { key, ...person } = fields;
  if (fields.kind !== "human") {
    const wrong = fields.permissions.find((item) => humansOnly.has(item));
    rule(
      "humans-decide",
      wrong === undefined,
      () =>
        `${fields.id} is a ${fields.kind} and cannot hold the permission ${wrong}; only a human can`,
    );
  }
  return {
    ...person,
    keys: [{ fingerprint: key.fingerprint, publicKey: key.line, addedAt: index }],
    assurance: "administrator",
  };
}

const humansOnly: ReadonlySet<string> = new Set(["approve", "review", "override", "administer"]);

const shape = predicate({ person: personFields });
type Body = Infer<typeof shape>;

export const personAdded: RegistryStatement<Body> = {
  name: "person-added",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply(body, registry, said) {
    if (registry === undefined) throw new TypeError("the log is open");
    const { person } = body;
    if (Object.hasOwn(registry.persons, person.id) || registry.system.actor === person.id) {
      throw new Refusal("registry", `${person.id} is enrolled already; add a key to them instead`);
    }
    newToRegistry(registry, person.key);
    return {
      ...registry,
      persons: { ...registry.persons, [person.id]: personFrom(person, said.index) },
    };
  },
  says: ({ person }) =>
    `enrols ${person.id} (${person.kind}; ${person.permissions.join(", ") || "no permissions"}) with key ${person.key.fingerprint}`,
};
