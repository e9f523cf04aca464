/**
 * Groups of an identity provider as roles of a session. The mapping is part of the
 * ledger's policy, so two administrators signed it. Matched by issuer and the group's
 * own id, byte by byte: a group that is renamed to a privileged name gives nothing,
 * nor does the same id at another issuer. A claim that is absent, or that the
 * provider replaced by a reference because it was too long, means no roles; nothing
 * is fetched and nothing is remembered from an earlier login.
 *
 * Where there is a mapping, an account that is linked to nobody may read only with a
 * role from it. No role is a fact of a decision: those are judged by the roles of
 * enrolled persons in the ledger (docs/design/authority.md).
 */
import type { GroupRole } from "@countermand/record";

/** What the policy in force says; empty: any account of the provider may read. */
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

/** Of the roles that a login gave, those that the mapping still knows at that issuer. */
export function stillGiven(
  mapping: readonly GroupRole[],
  issuer: string,
  roles: readonly string[],
): readonly string[] {
  return roles.filter((role) =>
    mapping.some((item) => item.issuer === issuer && item.role === role),
  );
}
