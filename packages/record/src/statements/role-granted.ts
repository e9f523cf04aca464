/**
 * An administrator gives somebody a role, for some services and environments or
 * all, for a time or until it is revoked. What a role may do is the policy's to
 * say; a quorum may ask for persons who hold it.
 */
import { array, timestamp, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { changePerson } from "./change-person.ts";
import { notOneself } from "./permissions-changed.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { actorId, name } from "./words.ts";

const shape = predicate(
  { person: actorId, role: name },
  {
    services: array(name, { min: 1, max: 100 }),
    environments: array(name, { min: 1, max: 100 }),
    until: timestamp,
  },
);
type Body = Infer<typeof shape>;

/** More roles than this for one person is not a role any more. */
const maxRoles = 100;

export const roleGranted: RegistryStatement<Body> = {
  name: "role-granted",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply(body, before, said) {
    notOneself(said.head.actor, body.person, "roles");
    rule(
      "registry",
      body.until === undefined || body.until > said.recordedAt,
      () => `the role would end at ${body.until}, which has passed; give a later time`,
    );
    return changePerson(before, body.person, (person) => {
      rule(
        "registry",
        person.roles.length < maxRoles,
        () => `${person.id} has ${maxRoles} roles already; revoke some first`,
      );
      const granted = {
        id: said.head.id,
        role: body.role,
        ...(body.services === undefined ? {} : { services: body.services }),
        ...(body.environments === undefined ? {} : { environments: body.environments }),
        ...(body.until === undefined ? {} : { until: body.until }),
      };
      return { ...person, roles: [...person.roles, granted] };
    });
  },
  says: (body) =>
    `gives ${body.person} the role ${body.role} for ${body.services?.join(", ") ?? "all services"} in ${body.environments?.join(", ") ?? "all environments"}${body.until === undefined ? "" : ` until ${body.until}`}`,
};
