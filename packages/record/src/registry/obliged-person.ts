/** Who owns what a rule over signals makes mandatory. */
import { personById, type Person, type Registry } from "./registry.ts";

/**
 * The first of `names` who is a natural person with a key and a permission left;
 * else the first administrator who is. Undefined where there is no such person.
 * A rule outlives people: what it asks for must not be lost because they left.
 */
export function obligedPerson(registry: Registry, names: readonly string[]): string | undefined {
  const named = names.flatMap((id) => personById(registry, id) ?? []).find(canOwn);
  const administrators = () =>
    Object.values(registry.persons)
      .filter((person) => canOwn(person) && person.permissions.includes("administer"))
      .map((person) => person.id)
      .sort();
  return named?.id ?? administrators()[0];
}

function canOwn({ kind, permissions, keys }: Person): boolean {
  return (
    kind === "human" && permissions.length > 0 && keys.some((key) => key.revokedAt === undefined)
  );
}
