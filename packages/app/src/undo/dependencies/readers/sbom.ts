/** CycloneDX (JSON, 1.2 to 1.7) and SPDX (JSON, 2.x): packages by their purl. */
import { PackageURL } from "packageurl-js";
import { Unread } from "../../models/model.ts";
import type { Ecosystem, LockedPackage } from "../package-set.ts";
import { field, isJson, Lines, listOf, locked, parseJson, type Reader, textOf } from "./reader.ts";

const ecosystems: Readonly<Record<string, Ecosystem>> = {
  npm: "npm",
  pypi: "PyPI",
  cargo: "crates.io",
  golang: "Go",
  maven: "Maven",
  nuget: "NuGet",
  gem: "RubyGems",
  composer: "Packagist",
  hex: "Hex",
  pub: "Pub",
  swift: "SwiftURL",
  deb: "Debian",
  apk: "Alpine",
  rpm: "Red Hat",
  docker: "docker",
  oci: "docker",
  githubactions: "GitHub Actions",
};

export const sbom: Reader = {
  format: "sbom",
  kind: "sbom",
  reads: (path) => /(?:^|[\w.-]*[._-])?(?:bom|sbom|cdx|cyclonedx|spdx)[\w.-]*\.json$/i.test(path),
  read(text) {
    const json = parseJson(text);
    if (json instanceof Unread) return json;
    const lines = new Lines(text, (line) => /"(pkg:[^"]{1,1000})"/.exec(line)?.[1] ?? null);
    if (json["bomFormat"] === "CycloneDX") return cycloneDx(json["components"], lines);
    if (typeof json["spdxVersion"] === "string") {
      return listOf(json["packages"]).flatMap((entry) => {
        const reference = listOf(field(entry, "externalRefs")).find(
          (one) => field(one, "referenceType") === "purl",
        );
        const found = ofPurl(textOf(field(reference, "referenceLocator")), lines);
        return found === null
          ? []
          : [withHashes(found, field(entry, "checksums"), "algorithm", "checksumValue")];
      });
    }
    return new Unread("a bill of materials of no known kind");
  },
};

function cycloneDx(components: unknown, lines: Lines): LockedPackage[] {
  const found: LockedPackage[] = [];
  const open: [unknown, number][] = [[components, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [list, depth] = next;
    for (const entry of listOf(list)) {
      if (!isJson(entry)) continue;
      const one = ofPurl(textOf(entry["purl"]), lines);
      if (one !== null) {
        const read = withHashes(one, entry["hashes"], "alg", "content");
        found.push(entry["scope"] === "excluded" ? { ...read, dev: true } : read);
      }
      if (depth < 10) open.push([entry["components"], depth + 1]);
    }
  }
  return found;
}

function withHashes(
  one: LockedPackage,
  hashes: unknown,
  algorithm: string,
  value: string,
): LockedPackage {
  const integrity = listOf(hashes).flatMap((hash) => {
    const [name, content] = [textOf(field(hash, algorithm)), textOf(field(hash, value))];
    return name === undefined || content === undefined
      ? []
      : [`${name.toLowerCase().replace("-", "")}:${content}`];
  });
  return { ...one, integrity: integrity.sort() };
}

function ofPurl(purl: string | undefined, lines: Lines): LockedPackage | null {
  if (purl === undefined) return null;
  try {
    const { type, namespace, name, version } = PackageURL.fromString(purl);
    const ecosystem = ecosystems[type ?? ""] ?? "generic";
    const separator = ecosystem === "Maven" ? ":" : "/";
    const distribution = ["Debian", "Alpine", "Red Hat"].includes(ecosystem);
    const full = namespace && !distribution ? `${namespace}${separator}${name}` : (name ?? "");
    return locked({
      ecosystem,
      name: full,
      line: lines.of(purl),
      ...(version ? { version } : {}),
    });
  } catch {
    return null;
  }
}

export const sbomReaders = [sbom];
