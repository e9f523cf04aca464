/** An administrator enrols a person, workload, controller or agent with a first key. */
import { array, object, type Infer } from "../bytes/shape.ts";
import { Refusal, rule } from "../constitution/refusal.ts";
import type { Person } from "../registry/registry.ts";
import { enrolledKey, newToRegistry, publicKey } from "./public-key.ts";
import { aboutRegistry, predicate, type RegistryStatement, type Said } from "./statement-type.ts";
import {
  actorId,
  actorKind,
  commitmentText,
  permission,
  permissions,
  type ActorKind,
  type Permission,
} from "./words.ts";

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
export function personFrom(fields: PersonFields, said: Said): Person {
  const { key, ...person } = fields;
  checkPermissions(fields.id, fields.kind, fields.permissions);
  return {
    ...person,
    keys: [enrolledKey(key, said)],
    accounts: [],
    workloads: [],
    roles: [],
  };
}

/** Refuses a permission that only a human can hold, for anything else. */
export function checkPermissions(
  id: string,
  kind: ActorKind,
  permissions: readonly Permission[],
): void {
  const wrong = kind === "human" ? undefined : permissions.find((item) => humansOnly.has(item));
  rule(
    "humans-decide",
    wrong === undefined,
    () => `${id} is a ${kind} and cannot hold the permission ${wrong}; only a human can`,
  );
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
      persons: { ...registry.persons, [person.id]: personFrom(person, said) },
    };
  },
  says: ({ person }) =>
    `enrols ${person.id} (${person.kind}; ${person.permissions.join(", ") || "no permissions"}) with key ${person.key.fingerprint}`,
};
