/**
 * Identity tokens that come with a key, checked before the key can speak: the
 * issuer said it, about this person or pipeline, for this key, just now. The key
 * set must be one that this server fetched from the issuer itself; whoever
 * checks later has only what is kept, and says so.
 */
import {
  personById,
  textField,
  verifyIdToken,
  vouchesForPerson,
  vouchesForWorkload,
  type Opening,
  type Registry,
  type SignedStatement,
} from "@countermand/record";
import { RollbacksError } from "./error.ts";

/** Answers whether these bytes are the key set that the issuer publishes now. */
export type IsPublished = (issuer: string, keys: Uint8Array) => Promise<boolean>;

export interface TokenSources {
  readonly registry: Registry;
  readonly now: () => Date;
  artefact(digest: string): Promise<Uint8Array | undefined>;
  registryOpenings(): Promise<readonly Opening[]>;
  readonly isPublished: IsPublished;
}

/** Throws a `RecordError` or `RollbacksError` where the token does not vouch for the statement. */
export async function checkToken(
  statement: SignedStatement,
  token: string,
  sources: TokenSources,
): Promise<void> {
  const { body, head } = statement;
  const issuer = textField(body, "issuer");
  const { digest } = body["keys"] as { readonly digest: string };
  const keys = await sources.artefact(digest);
  if (keys === undefined) {
    throw new RollbacksError(
      "missing-artefact",
      `the artefact sha256:${digest} is not here; send the issuer's key set first`,
    );
  }
  const person = personById(sources.registry, head.actor);
  if (person === undefined) {
    throw new RollbacksError("not-found", `${head.actor} is not enrolled in this ledger`);
  }
  const read = await verifyIdToken(token, keys, sources.now().toISOString());
  if (statement.type.name === "key-enrolled") {
    const openings = await sources.registryOpenings();
    vouchesForPerson(statement, read, person, sources.registry.policy, (commitment) => {
      const value = openings.find((item) => item.commitment === commitment)?.value;
      // Here everything that was kept can be opened: what is gone vouches for nobody.
      return typeof value === "string" ? value : "";
    });
  } else vouchesForWorkload(statement, read, person);
  if (!(await sources.isPublished(issuer, keys))) {
    throw new RollbacksError(
      "invalid",
      `the key set sha256:${digest} is not what ${issuer} publishes now; fetch it again`,
    );
  }
}
