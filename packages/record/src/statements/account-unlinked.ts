/** An account is no longer somebody's, from this entry on. */
import { uuid, type Infer } from "../bytes/shape.ts";
import { Refusal } from "../constitution/refusal.ts";
import { changePerson } from "./change-person.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { actorId } from "./words.ts";

const shape = predicate({
  person: actorId,
  /** Id of the statement that linked it. */
  account: uuid,
});
type Body = Infer<typeof shape>;

export const accountUnlinked: RegistryStatement<Body> = {
  name: "account-unlinked",
  stream: "registry",
  saidBy: "administer",
  humansOnly: true,
  shape,
  subjects: aboutRegistry,
  apply: (body, before) =>
    changePerson(before, body.person, (person) => {
      if (!person.accounts.some((item) => item.id === body.account)) {
        throw new Refusal(
          "registry",
          `${person.id} has no account that was linked by ${body.account}`,
        );
      }
      return { ...person, accounts: person.accounts.filter((item) => item.id !== body.account) };
    }),
  says: (body) => `unlinks the account that ${body.account} linked from ${body.person}`,
};
