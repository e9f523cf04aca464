/**
 * The first entry of a ledger: whose it is, its log key, the system's key, the
 * policy, and the first administrator. Signed by the system key, because nobody
 * is enrolled yet; whoever trusts the log key trusts this entry.
 */
import { int, object, string, type Infer } from "../bytes/shape.ts";
import { rule } from "../constitution/refusal.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import { personFields, personFrom } from "./person-added.ts";
import { logKeyShape } from "./log-closed.ts";
import { publicKey } from "./public-key.ts";
import { predicate, type RegistryStatement } from "./statement-type.ts";
import { origin, policy } from "./words.ts";

const rootHash = string({ pattern: /^[A-Za-z0-9+/]{43}=$/, what: "base64 of a root hash" });

const shape = predicate(
  {
    /** The log's C2SP verifier key. */
    logKey: logKeyShape,
    systemKey: publicKey,
    policy,
    administrator: personFields,
  },
  {
    /** The log that was closed and goes on here, as its last checkpoint has it. */
    predecessor: object({
      origin,
      logKey: logKeyShape,
      size: int(1, Number.MAX_SAFE_INTEGER),
      root: rootHash,
    }),
  },
);
type Body = Infer<typeof shape>;

export const logOpened: RegistryStatement<Body> = {
  name: "log-opened",
  stream: "registry",
  saidBy: "system",
  opens: true,
  shape,
  subjects: (body) => [
    { name: "urn:countermand:log-key", digest: { sha256: digestOf(body.logKey) } },
  ],
  apply(body, _none, said) {
    rule(
      "registry",
      body.administrator.permissions.includes("administer"),
      () =>
        "the first person must have the permission `administer`, or nobody could ever add another",
    );
    rule(
      "registry",
      body.administrator.key.fingerprint !== body.systemKey.fingerprint,
      () => "the system and a person cannot share a key",
    );
    rule(
      "registry",
      body.predecessor?.origin !== said.head.instance,
      () => "a ledger cannot go on from itself",
    );
    const person = personFrom(body.administrator, said);
    return {
      instance: said.head.instance,
      logKey: body.logKey,
      ...(body.predecessor === undefined ? {} : { predecessor: body.predecessor }),
      system: {
        actor: said.head.actor,
        fingerprint: body.systemKey.fingerprint,
        publicKey: body.systemKey.line,
      },
      policy: body.policy,
      policyDigest: digestOf(body.policy),
      persons: { [person.id]: person },
      head: said.leafHash,
      length: 0,
    };
  },
  says: (body) =>
    `opens the ledger; ${body.administrator.id} is its first administrator${body.predecessor === undefined ? "" : `; it goes on from ${body.predecessor.origin}`}`,
};
