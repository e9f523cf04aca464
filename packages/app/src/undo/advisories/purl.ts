/** Package URLs (https://github.com/package-url/purl-spec) of the ecosystems that advisories are about, both ways. */
import { PackageURL } from "packageurl-js";
import type { Ecosystem } from "../dependencies/package-set.ts";

/** Types of the purl specification; `separator`: what joins namespace and name in the ecosystem's own spelling. */
const types: Readonly<Record<string, { readonly type: string; readonly separator: string }>> = {
  npm: { type: "npm", separator: "/" },
  PyPI: { type: "pypi", separator: "/" },
  "crates.io": { type: "cargo", separator: "/" },
  Go: { type: "golang", separator: "/" },
  Maven: { type: "maven", separator: ":" },
  NuGet: { type: "nuget", separator: "/" },
  RubyGems: { type: "gem", separator: "/" },
  Packagist: { type: "composer", separator: "/" },
  Hex: { type: "hex", separator: "/" },
  Pub: { type: "pub", separator: "/" },
  SwiftURL: { type: "swift", separator: "/" },
  "GitHub Actions": { type: "githubactions", separator: "/" },
  Debian: { type: "deb", separator: "/" },
  Alpine: { type: "apk", separator: "/" },
  "Red Hat": { type: "rpm", separator: "/" },
  docker: { type: "docker", separator: "/" },
  helm: { type: "helm", separator: "/" },
  terraform: { type: "terraform", separator: "/" },
  generic: { type: "generic", separator: "/" },
};

/** The ecosystems, in one order. */
export const ecosystems = Object.keys(types) as readonly Ecosystem[];

/** Those that a public source has advisories of, packages rather than distributions. */
export const wellKnown: readonly Ecosystem[] = ecosystems.slice(0, 12);

export type PackageVersion = {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly version: string | null;
};

/** Null where it is no purl of an ecosystem that is known. */
export function fromPurl(text: string): PackageVersion | null {
  let purl: PackageURL;
  try {
    purl = PackageURL.fromString(text);
  } catch {
    return null;
  }
  const ecosystem = ecosystems.find((one) => types[one]?.type === purl.type);
  if (ecosystem === undefined) return null;
  const separator = types[ecosystem]?.separator ?? "/";
  // The namespace of a distribution's package is the distribution.
  const isDistribution = ["deb", "apk", "rpm"].includes(purl.type);
  const name =
    purl.namespace === null || purl.namespace === undefined || isDistribution
      ? purl.name
      : `${purl.namespace}${separator}${purl.name}`;
  return { ecosystem, name, version: purl.version ?? null };
}

/** A purl without a version. */
export function purlOf(ecosystem: Ecosystem, name: string): string {
  const { type, separator } = types[ecosystem] ?? { type: "generic", separator: "/" };
  const at = name.lastIndexOf(separator);
  const encode = (part: string) =>
    part.split("/").map(encodeURIComponent).join("/").replaceAll("%3A", ":");
  return at <= 0
    ? `pkg:${type}/${encode(name)}`
    : `pkg:${type}/${encode(name.slice(0, at))}/${encode(name.slice(at + 1))}`;
}
