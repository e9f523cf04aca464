/** One enrolled person replaced in the registry: what key-added and key-revoked share. */
import { Refusal } from "../constitution/refusal.ts";
import type { Person, Registry } from "../registry/registry.ts";

export function changePerson(
  registry: Registry | undefined,
  id: string,
  change: (person: Person, registry: Registry) => Person,
): Registry {
  if (registry === undefined) throw new TypeError("the log is open");
  const person = Object.hasOwn(registry.persons, id) ? registry.persons[id] : undefined;
  if (person === undefined) throw new Refusal("registry", `${id} is not enrolled`);
  return { ...registry, persons: { ...registry.persons, [id]: change(person, registry) } };
}
