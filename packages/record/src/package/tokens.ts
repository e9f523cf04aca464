/**
 * Identity tokens in a package, checked as far as it holds them: that the key
 * set in the package signed the token, and that the token is about this key. The
 * rest (whose key set it is) nobody can tell from a package.
 */
import { parseCanonical } from "../bytes/canonical-json.ts";
import { openingShape } from "../bytes/commitment.ts";
import { RecordError } from "../bytes/error.ts";
import { array } from "../bytes/shape.ts";
import { verifyIdToken } from "../identity/id-token.ts";
import { vouchesForPerson, vouchesForWorkload } from "../identity/vouching.ts";
import { personById, type Registry } from "../registry/registry.ts";
import { textField } from "../statements/fields.ts";
import type { SignedStatement } from "../statements/signed-statement.ts";
import { paths } from "./layout.ts";
import type { Tally } from "./report.ts";

/** A statement that was signed by the key that it brings. */
export interface Vouched {
  readonly where: string;
  readonly statement: SignedStatement;
  readonly recordedAt: string;
  /** The registry after it. */
  readonly registry: Registry | undefined;
}

export interface TokenCheck {
  readonly checked: number;
  readonly missing: number;
}

export async function checkTokens(
  files: ReadonlyMap<string, Uint8Array>,
  { vouched }: { readonly vouched: readonly Vouched[] },
  tally: Tally,
): Promise<TokenCheck> {
  const texts = textsIn(files);
  let checked = 0;
  let missing = 0;
  for (const { where, statement, recordedAt, registry } of vouched) {
    const { body, head } = statement;
    const token = texts.get(textField(body, "token"));
    const keys = files.get(paths.evidence((body["keys"] as { readonly digest: string }).digest));
    if (token === undefined || keys === undefined) {
      missing += 1;
      continue;
    }
    const good = await tally.try("identity tokens vouch for keys", where, async () => {
      const person = registry === undefined ? undefined : personById(registry, head.actor);
      if (registry === undefined || person === undefined)
        throw new RecordError("package", `${head.actor} is not enrolled`);
      const read = await verifyIdToken(token, keys, recordedAt);
      if (statement.type.name === "key-enrolled") {
        vouchesForPerson(statement, read, person, registry.policy, (commitment) =>
          texts.get(commitment),
        );
      } else vouchesForWorkload(statement, read, person);
    });
    if (good) checked += 1;
  }
  return { checked, missing };
}

/** Openings that can be read; those that cannot are found by their own check. */
function textsIn(files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, string> {
  const bytes = files.get(paths.openings);
  if (bytes === undefined) return new Map();
  try {
    const openings = array(openingShape, { max: 100_000 })(parseCanonical(bytes));
    return new Map(
      openings.flatMap(({ commitment, value }) =>
        typeof value === "string" ? [[commitment, value] as const] : [],
      ),
    );
  } catch {
    return new Map();
  }
}
