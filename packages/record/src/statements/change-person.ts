/** One enrolled person replaced in the registry: what the kinds about a person share. */
import { Refusal } from "../constitution/refusal.ts";
import { personById, type Person, type Registry } from "../registry/registry.ts";

export function changePerson(
  registry: Registry | undefined,
  id: string,
  change: (person: Person, registry: Registry) => Person,
): Registry {
  if (registry === undefined) throw new TypeError("the log is open");
  const person = personById(registry, id);
  if (person === undefined) throw new Refusal("registry", `${id} is not enrolled`);
  return { ...registry, persons: { ...registry.persons, [id]: change(person, registry) } };
}
