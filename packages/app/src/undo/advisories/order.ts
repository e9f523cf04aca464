/**
 * Order of versions for the ecosystems whose rule a library knows: Semantic
 * Versioning 2.0.0 (build metadata does not count; a `v` before and missing
 * numbers are allowed, as Go and GitHub write them) and PEP 440. Versions of any
 * other ecosystem are only ever equal or not comparable, so that an advisory about
 * them is undecided rather than denied.
 */
import { compare as comparePep440, valid } from "@renovatebot/pep440";
import semver from "semver";

const semantic = new Set(["npm", "crates.io", "Go", "Hex", "Pub", "SwiftURL", "GitHub Actions"]);

export function order(ecosystem: string, a: string, b: string): -1 | 0 | 1 | null {
  if (a === b) return 0;
  if (semantic.has(ecosystem)) {
    const [left, right] = [parse(a), parse(b)];
    return left === null || right === null ? null : semver.compare(left, right);
  }
  if (ecosystem !== "PyPI" || a.length > 200 || b.length > 200) return null;
  if (valid(a) === null || valid(b) === null) return null;
  const place = comparePep440(a, b);
  return place < 0 ? -1 : place > 0 ? 1 : 0;
}

function parse(version: string): semver.SemVer | null {
  const bare = version.replace(/^v(?=\d)/, "");
  const short = /^(\d{1,15})(?:\.(\d{1,15}))?$/.exec(bare);
  return semver.parse(short === null ? bare : `${short[1]}.${short[2] ?? "0"}.0`);
}
