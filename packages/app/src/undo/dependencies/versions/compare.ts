/** The order of versions, as each ecosystem has it. */
import { compare as comparePep440, valid as validPep440 } from "@renovatebot/pep440";
import type { Ecosystem } from "../package-set.ts";
import { compareAlpine, compareDebian, compareRpm } from "./distro.ts";
import { compareGem } from "./gem.ts";
import { compareMaven } from "./maven.ts";
import { compareNuGet } from "./nuget.ts";
import { comparePackagist } from "./packagist.ts";
import { longestVersion, type Order, sign } from "./segments.ts";
import { compareSemver } from "./semver.ts";

type Compare = (a: string, b: string) => Order | null;

const orders: Readonly<Record<Ecosystem, Compare>> = {
  npm: compareSemver,
  "crates.io": compareSemver,
  Go: compareSemver,
  Hex: compareSemver,
  Pub: compareSemver,
  SwiftURL: compareSemver,
  "GitHub Actions": compareSemver,
  helm: compareSemver,
  terraform: compareSemver,
  generic: compareSemver,
  PyPI: comparePython,
  Maven: (a, b) => (/^\d/.test(a) && /^\d/.test(b) ? compareMaven(a, b) : null),
  NuGet: compareNuGet,
  RubyGems: compareGem,
  Packagist: comparePackagist,
  Debian: compareDebian,
  Alpine: compareAlpine,
  "Red Hat": compareRpm,
  docker: compareTags,
};

/**
 * Negative: `a` is older. Null: the two cannot be compared (a branch, a hash, another
 * scheme), or nothing is known of the ecosystem. OSV's suffixes (`Debian:12`) are set aside.
 */
export function compareVersions(ecosystem: string, a: string, b: string): Order | null {
  const name = ecosystem.replace(/:.*$/s, "");
  if (!Object.hasOwn(orders, name)) return a === b ? 0 : null;
  return orders[name as Ecosystem](a, b);
}

function comparePython(a: string, b: string): Order | null {
  if (a.length > longestVersion || b.length > longestVersion) return null;
  if (validPep440(a) === null || validPep440(b) === null) return null;
  return sign(comparePep440(a, b));
}

/** Tags with the same words around the number are of one line: `3.12-slim` and `3.11-slim`. */
function compareTags(a: string, b: string): Order | null {
  const [left, right] = [tag(a), tag(b)];
  if (left === null || right === null || left.rest !== right.rest) return null;
  return compareSemver(left.number, right.number);
}

function tag(text: string): { number: string; rest: string } | null {
  const found = /^(v?)(\d+(?:\.\d+){0,3})(.{0,80})$/.exec(text);
  if (found === null) return null;
  // Dates and builds at the end are part of the line's name only as far as they are words.
  const words = (found[3] ?? "").replaceAll(/\d+/g, "0");
  return { number: found[2] ?? "", rest: words };
}
