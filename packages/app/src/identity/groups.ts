/**
 * Groups of an identity provider as roles of a session. Matched by issuer and the
 * group's own id, byte by byte: a group that is renamed to a privileged name
 * gives nothing, nor does the same id at another issuer. A claim that is absent,
 * or that the provider replaced by a reference because it was too long, means no
 * roles; nothing is fetched and nothing is remembered from an earlier login.
 *
 * These roles say what a session may see. They are no fact of any decision: that
 * is judged by the roles in the ledger (docs/design/authority.md).
 */
import { LoginError } from "./error.ts";

export interface GroupRole {
  readonly issuer: string;
  /** The provider's id of the group, never its name where the two differ. */
  readonly group: string;
  readonly role: string;
}

/** Where the mapping comes from: a file, or the signed configuration of a ledger. Read at each login. */
export interface GroupRoles {
  mapping(): Promise<readonly GroupRole[]>;
}

export const noGroups: GroupRoles = { mapping: async () => [] };

const maxGroups = 1000;

export interface GroupsClaim {
  readonly groups: readonly string[];
  /** Why there are none although the provider said something. */
  readonly problem?: string;
}

/** Reads the groups of an ID token's claims. Anything but a list of texts is no groups. */
export function groupsClaim(claims: Readonly<Record<string, unknown>>, name: string): GroupsClaim {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (value === undefined) {
    const elsewhere = claims["_claim_names"];
    const replaced =
      typeof elsewhere === "object" && elsewhere !== null && Object.hasOwn(elsewhere, name);
    return replaced
      ? {
          groups: [],
          problem: `the provider left out ${name} because there are too many; have it send only the groups that this application is assigned`,
        }
      : { groups: [] };
  }
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string")) {
    return { groups: [], problem: `${name} is not a list of texts` };
  }
  if (value.length > maxGroups) {
    return { groups: [], problem: `${name} has more than ${maxGroups} groups` };
  }
  return { groups: value as string[] };
}

/** The roles that groups at `issuer` give, sorted and each once. */
export function rolesOf(
  mapping: readonly GroupRole[],
  issuer: string,
  groups: readonly string[],
): readonly string[] {
  const given = mapping.filter((item) => item.issuer === issuer && groups.includes(item.group));
  return [...new Set(given.map(({ role }) => role))].sort();
}

const maxRows = 1000;

/**
 * The mapping as JSON: `[{"issuer": "…", "group": "…", "role": "…"}]`. Throws a
 * `LoginError` "invalid" with the place of what is wrong.
 */
export function parseGroupRoles(text: string): readonly GroupRole[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong("it is not JSON", cause);
  }
  if (!Array.isArray(value)) throw wrong("it is a list of {issuer, group, role}");
  if (value.length > maxRows) throw wrong(`it has more than ${maxRows} rows`);
  return value.map((row: unknown, i) => {
    if (typeof row !== "object" || row === null) throw wrong(`row ${i + 1} is not an object`);
    const { issuer, group, role, ...more } = row as Record<string, unknown>;
    const [other] = Object.keys(more);
    if (other !== undefined) throw wrong(`row ${i + 1} has ${JSON.stringify(other)}`);
    if (typeof issuer !== "string" || !/^https?:\/\/[\x21-\x7e]{1,190}$/.test(issuer)) {
      throw wrong(`issuer of row ${i + 1} is not an issuer's URL`);
    }
    if (typeof group !== "string" || group === "" || group.length > 200) {
      throw wrong(`group of row ${i + 1} is not a text of 1 to 200 characters`);
    }
    if (typeof role !== "string" || !/^[a-z][a-z0-9-]{0,39}$/.test(role)) {
      throw wrong(`role of row ${i + 1} is not lower-case letters, digits and hyphens`);
    }
    return { issuer, group, role };
  });
}

function wrong(problem: string, cause?: unknown): LoginError {
  return new LoginError("invalid", `the mapping of groups cannot be used: ${problem}`, { cause });
}
