/** What a lockfile, manifest or SBOM says is there: packages by ecosystem, name and version. */

/** As OSV names them (https://ossf.github.io/osv-schema/#defined-ecosystems), and what OSV has no name for. */
export type Ecosystem =
  | "npm"
  | "PyPI"
  | "crates.io"
  | "Go"
  | "Maven"
  | "NuGet"
  | "RubyGems"
  | "Packagist"
  | "Hex"
  | "Pub"
  | "SwiftURL"
  | "GitHub Actions"
  | "Debian"
  | "Alpine"
  | "Red Hat"
  | "docker"
  | "helm"
  | "terraform"
  | "generic";

export type LockedPackage = {
  readonly ecosystem: Ecosystem;
  /** As the ecosystem normalises it (PEP 503 for PyPI, `group:artifact` for Maven). */
  readonly name: string;
  /** As written; absent where the file leaves it open or it could not be resolved. */
  readonly version?: string;
  /** 1-based line of the entry. */
  readonly line: number;
  /** Only for development, tests or building. */
  readonly dev: boolean;
  /** Named by the project itself, not only by a dependency; absent where the file does not tell. */
  readonly direct?: boolean;
  /** Digests that the file holds the package to, `algorithm:value`, sorted. */
  readonly integrity: readonly string[];
  /** Where it is fetched from, where the file says so: a registry, URL or repository. */
  readonly source?: string;
  /** What a pin is, for references that can move: a digest or commit, an exact version, or moving (tag, branch, range, latest). */
  readonly pin: "digest" | "version" | "moving";
};

export type PackageSet = {
  /** The format that was read, for instance `npm/package-lock` or `python/poetry-lock`. */
  readonly format: string;
  /** A lockfile names what is installed; a manifest names what is asked for. */
  readonly kind: "lockfile" | "manifest" | "sbom";
  /** In the order of the file. */
  readonly packages: readonly LockedPackage[];
};
