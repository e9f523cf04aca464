/** What an identity token must say to vouch for a key: at intake, and for whoever checks later. */
import { RecordError } from "../bytes/error.ts";
import type { Person } from "../registry/registry.ts";
import type { Policy } from "../statements/words.ts";
import { textField } from "../statements/fields.ts";
import type { ParsedStatement } from "../statements/signed-statement.ts";
import type { IdToken } from "./id-token.ts";
import { enrolmentNonce, mustMatch, workloadAudience } from "./key-binding.ts";

/**
 * A person's login: by an account that is linked to them, made for this key, at a
 * client that two administrators named for that. Whoever runs another client, as the
 * server that people log in at does, could have had any key in the login's nonce.
 * `textOf` opens commitments; where none of the person's subjects can be opened
 * (they were deleted), the account cannot be compared and is let pass.
 */
export function vouchesForPerson(
  { body, head }: Pick<ParsedStatement, "body" | "head">,
  token: IdToken,
  person: Person,
  policy: Policy,
  textOf: (commitment: string) => string | undefined,
): void {
  mustBeOf(token, textField(body, "issuer"));
  if (token.nonce !== enrolmentNonce(head.instance, head.key)) {
    throw bad(
      `the login was not made for the key ${head.key}: its nonce names another key or ledger; log in again for this key`,
    );
  }
  const clients = (policy.enrolment ?? [])
    .filter((item) => item.issuer === token.issuer)
    .map((item) => item.client);
  const [client, another] = token.audience;
  if (client === undefined || another !== undefined || !clients.includes(client)) {
    throw bad(
      `the login was for ${token.audience.join(", ") || "nobody"} at ${token.issuer}, and the policy's \`enrolment\` names ${clients.join(", ") || "no client there"}; log in there with \`countermand person enrol-key\``,
    );
  }
  const subjects = person.accounts
    .filter((account) => account.issuer === token.issuer)
    .map((account) => textOf(account.subject));
  if (!subjects.includes(token.subject) && !subjects.includes(undefined)) {
    throw bad(
      `the login at ${token.issuer} is by another account than those linked to ${person.id}`,
    );
  }
}

/** A job's token: for this key, record and ledger alone, by the pipeline that the workload is bound to. */
export function vouchesForWorkload(
  { body, head }: Pick<ParsedStatement, "body" | "head">,
  token: IdToken,
  person: Person,
): void {
  mustBeOf(token, textField(body, "issuer"));
  const wanted = workloadAudience(head.instance, textField(body, "record"), head.key);
  if (token.audience.length !== 1 || token.audience[0] !== wanted) {
    throw bad(
      `the token's audience is not for this key, record and ledger; ask for the audience ${wanted} and for nothing else`,
    );
  }
  const end = new Date(token.expiresAt * 1000).toISOString();
  if (end !== body["expiresAt"]) {
    throw bad(`the statement says another end than its token, which holds until ${end}`);
  }
  const bound = person.workloads.find((item) => item.issuer === token.issuer);
  if (bound === undefined) throw bad(`${person.id} is bound to no tokens of ${token.issuer}`);
  mustMatch(token, bound.claims);
}

function mustBeOf(token: IdToken, issuer: string): void {
  if (token.issuer !== issuer) {
    throw bad(`the identity token is of ${token.issuer}, the statement says ${issuer}`);
  }
}

function bad(problem: string): RecordError {
  return new RecordError("signature", problem);
}
