/**
 * A person enrols a key of their own, signed with that key, with a login at
 * their identity provider as witness: the login's nonce commits to the key, so
 * that the ledger's operator cannot enrol one for somebody else.
 */
import { int, object, sha256Hex, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { changePerson } from "./change-person.ts";
import { enrolledKey, newToRegistry, publicKey } from "./public-key.ts";
import { aboutRegistry, predicate, type RegistryStatement } from "./statement-type.ts";
import { commitmentText, issuer } from "./words.ts";

/** A provider's key set; far above any honest one. */
export const maxKeySetBytes = 262_144;
export const keySet = object({ digest: sha256Hex, size: int(1, maxKeySetBytes) });

const shape = predicate({
  newKey: publicKey,
  issuer,
  /** The identity token. */
  token: commitmentText,
  /** The issuer's key set as it was then, so that the token can be checked for ever. */
  keys: keySet,
});
type Body = Infer<typeof shape>;

export const keyEnrolled: RegistryStatement<Body> = {
  name: "key-enrolled",
  stream: "registry",
  saidBy: "anyone",
  humansOnly: true,
  selfSigned: true,
  shape,
  subjects: aboutRegistry,
  apply: (body, before, said) =>
    changePerson(before, said.head.actor, (person, registry) => {
      rule(
        "registry",
        person.accounts.some((item) => item.issuer === body.issuer),
        () =>
          `${person.id} has no account at ${body.issuer}; an administrator links it before a key is enrolled with it`,
      );
      newToRegistry(registry, body.newKey);
      const key = enrolledKey(body.newKey, said, "identity-provider");
      return { ...person, keys: [...person.keys, key] };
    }),
  says: (body) => `enrols the key ${body.newKey.fingerprint} with a login at ${body.issuer}`,
};
