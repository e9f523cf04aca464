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
  generic: compareRuntimes,
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

/** `1.22rc1` of Go and `3.13.0rc1` of Python are before the release, as `1.22.0-rc1` would be. */
function compareRuntimes(a: string, b: string): Order | null {
  const plain = (text: string) =>
    text.replace(/^(v?\d+(?:\.\d+){1,2})(a|b|alpha|beta|rc)(\d{1,6})$/, "$1-$2.$3");
  return compareSemver(plain(a), plain(b));
}

/**
 * Tags with the same words around the number are of one line: `3.12-slim` and
 * `3.11-slim`. Where the first number is the same the later ones decide, in their
 * order: `1.25.3-alpine3.18` is after `1.25.3-alpine3.17`.
 */
function compareTags(a: string, b: string): Order | null {
  const [left, right] = [tag(a), tag(b)];
  if (left === null || right === null || left.rest !== right.rest) return null;
  for (const [i, number] of left.numbers.entries()) {
    const order = compareSemver(number, right.numbers[i] ?? "");
    if (order !== 0) return order;
  }
  return 0;
}

function tag(text: string): { numbers: readonly string[]; rest: string } | null {
  const found = /^(v?)(\d+(?:\.\d+){0,3})(.{0,80})$/.exec(text);
  if (found === null) return null;
  const rest = found[3] ?? "";
  // Numbers after the first are part of the line's name only as far as they are there.
  const numbers = rest.match(/\d+(?:\.\d+){0,3}/g) ?? [];
  return {
    numbers: [found[2] ?? "", ...numbers],
    rest: rest.replaceAll(/\d+(?:\.\d+){0,3}/g, "0"),
  };
}
