/**
 * Precedence of versions as Semantic Versioning 2.0.0 §11 defines it. Build
 * metadata is no part of it: `1.0.0+a` and `1.0.0+b` are equal.
 */

export type Version = {
  readonly core: readonly [bigint, bigint, bigint];
  readonly prerelease: readonly string[];
};

/** Parses strictly by the grammar of §2, §9 and §10; null for anything else (no leading v, no ranges). */
export function parseVersion(text: string): Version | null {
  if (text.length > 256) return null;
  const found =
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/.exec(
      text,
    );
  if (found === null) return null;
  const [, major = "0", minor = "0", patch = "0", prerelease, build] = found;
  const identifiers = prerelease?.split(".") ?? [];
  if (identifiers.some((id) => id === "" || /^0\d+$/.test(id))) return null;
  if (build?.split(".").includes("") === true) return null;
  return { core: [BigInt(major), BigInt(minor), BigInt(patch)], prerelease: identifiers };
}

/** Negative when `a` comes before `b`, positive when after, 0 for equal precedence. */
export function comparePrecedence(a: Version, b: Version): number {
  for (const i of [0, 1, 2] as const) {
    if (a.core[i] !== b.core[i]) return a.core[i] < b.core[i] ? -1 : 1;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return b.prerelease.length - a.prerelease.length;
  }
  for (const [i, left] of a.prerelease.entries()) {
    const right = b.prerelease[i];
    if (right === undefined) return 1;
    const order = compareIdentifiers(left, right);
    if (order !== 0) return order;
  }
  return a.prerelease.length - b.prerelease.length;
}

function compareIdentifiers(a: string, b: string): number {
  const [aNumber, bNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (aNumber && bNumber) {
    const [x, y] = [BigInt(a), BigInt(b)];
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (aNumber !== bNumber) return aNumber ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
