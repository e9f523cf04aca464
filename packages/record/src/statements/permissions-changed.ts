/** An administrator changes what somebody else may do. Nobody changes their own permissions. */
import { array, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { hasAdministrator } from "../registry/registry.ts";
import { changePerson } from "./change-person.ts";
import { checkPermissions } from "./person-added.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { actorId, permission, permissions } from "./words.ts";

const shape = predicate({
  person: actorId,
  permissions: array(permission, { max: permissions.length }),
});
type Body = Infer<typeof shape>;

export const permissionsChanged: RegistryStatement<Body> = {
  name: "permissions-changed",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply(body, before, said) {
    notOneself(said.head.actor, body.person, "permissions");
    const after = changePerson(before, body.person, (person) => {
      checkPermissions(person.id, person.kind, body.permissions);
      return { ...person, permissions: body.permissions };
    });
    rule(
      "registry",
      hasAdministrator(after, said.recordedAt),
      () => `${body.person} is the last administrator; enrol another one first`,
    );
    return after;
  },
  says: (body) =>
    `lets ${body.person} do: ${body.permissions.length === 0 ? "nothing" : body.permissions.join(", ")}`,
};

/** What a person may do is for others to say. */
export function notOneself(actor: string, person: string, what: string): void {
  rule(
    "registry",
    actor !== person,
    () => `${actor} cannot change their own ${what}; another administrator must`,
  );
}
