/**
 * An administrator says which account at an identity provider is whose. The
 * subject is the provider's own id for the account, never a name or an address:
 * those can be renamed to somebody else's. It is committed to, because it may
 * identify a person elsewhere.
 */
import type { Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { changePerson } from "./change-person.ts";
import { notOneself } from "./permissions-changed.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { actorId, commitmentText, issuer } from "./words.ts";

const shape = predicate({ person: actorId, issuer, subject: commitmentText });
type Body = Infer<typeof shape>;

const maxAccounts = 20;

export const accountLinked: RegistryStatement<Body> = {
  name: "account-linked",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply(body, before, said) {
    notOneself(said.head.actor, body.person, "accounts");
    return changePerson(before, body.person, (person) => {
      rule(
        "registry",
        person.accounts.length < maxAccounts,
        () => `${person.id} has ${maxAccounts} accounts already; unlink some first`,
      );
      const account = { id: said.head.id, issuer: body.issuer, subject: body.subject };
      return { ...person, accounts: [...person.accounts, account] };
    });
  },
  says: (body) => `links an account at ${body.issuer} to ${body.person}`,
};
