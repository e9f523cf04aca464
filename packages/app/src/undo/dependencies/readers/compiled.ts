/** Cargo, Go, Maven, Gradle and NuGet. */
import { XMLParser } from "fast-xml-parser";
import { Unread } from "../../models/model.ts";
import type { LockedPackage } from "../package-set.ts";
import {
  entriesOf,
  field,
  isJson,
  jsonKey,
  Lines,
  linesOf,
  listOf,
  locked,
  parseJson,
  PackageLines,
  parseToml,
  type Reader,
  textOf,
  TomlLines,
} from "./reader.ts";

export const cargoLock: Reader = {
  format: "rust/cargo-lock",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)Cargo\.lock$/.test(path),
  read(text) {
    const toml = parseToml(text);
    if (toml instanceof Unread) return toml;
    const lines = new PackageLines(text);
    return listOf(toml["package"]).flatMap((entry) => {
      const name = textOf(field(entry, "name"));
      const source = textOf(field(entry, "source"));
      // Without a source it is a part of the project itself.
      if (name === undefined || source === undefined) return [];
      const version = textOf(field(entry, "version"));
      const checksum = textOf(field(entry, "checksum"));
      return [
        locked({
          ecosystem: "crates.io",
          name,
          line: lines.of(name, version),
          source,
          ...(version === undefined ? {} : { version }),
          integrity: checksum === undefined ? [] : [`sha256:${checksum}`],
        }),
      ];
    });
  },
};

const cargoSections = ["dependencies", "build-dependencies", "dev-dependencies"];
type CargoTable = {
  readonly entries: unknown;
  readonly path: readonly string[];
  readonly dev: boolean;
};

export const cargoToml: Reader = {
  format: "rust/cargo-toml",
  kind: "manifest",
  reads: (path) => /(?:^|\/)Cargo\.toml$/.test(path),
  read(text) {
    const toml = parseToml(text);
    if (toml instanceof Unread) return toml;
    const lines = new TomlLines(text);
    const of = (table: unknown, ...path: readonly string[]): CargoTable[] =>
      cargoSections.map((section) => ({
        entries: field(table, section),
        path: [...path, section],
        dev: section === "dev-dependencies",
      }));
    const tables = [
      ...of(toml),
      ...of(toml["workspace"], "workspace"),
      ...entriesOf(toml["target"]).flatMap(([cfg, table]) => of(table, "target", cfg)),
    ];
    return tables.flatMap(({ entries, path, dev }) =>
      entriesOf(entries).flatMap(([name, value]) => {
        const range = textOf(value) ?? textOf(field(value, "version"));
        const git = textOf(field(value, "git"));
        if (range === undefined && git === undefined) return [];
        const version = /^[=^~]?\s*(\d[\w.+-]*)$/.exec(range ?? "")?.[1];
        return [
          locked({
            ecosystem: "crates.io",
            name: textOf(field(value, "package")) ?? name,
            line: lines.of(...path, name),
            dev,
            direct: true,
            ...(version === undefined ? {} : { version }),
            ...(git === undefined ? {} : { source: git }),
            pin:
              git === undefined
                ? range?.startsWith("=") === true
                  ? "version"
                  : "moving"
                : field(value, "rev") === undefined
                  ? "moving"
                  : "digest",
          }),
        ];
      }),
    );
  },
};

/** `go.mod`: requirements with `replace` and `exclude`, the `go` and `toolchain` lines. */
export const goMod: Reader = {
  format: "go/go-mod",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)go\.(?:mod|work)$/.test(path),
  read(text) {
    const found: LockedPackage[] = [];
    const replaced = new Map<string, { name: string; version?: string; line: number }>();
    const excluded = new Set<string>();
    let block = "";
    for (const { line, number } of linesOf(text)) {
      const plain = line.replace(/\s*\/\/.*$/, "").trim();
      const indirect = /\/\/\s*indirect/.test(line);
      if (plain === ")") block = "";
      const opened = /^(require|replace|exclude|retract|tool|use)\s*\($/.exec(plain)?.[1];
      if (opened !== undefined) {
        block = opened;
        continue;
      }
      const [word = "", ...rest] = plain.split(/\s+/);
      const kind = block === "" ? word : block;
      const words = block === "" ? rest : [word, ...rest];
      const [name = "", version] = words;
      if (kind === "go" || kind === "toolchain") {
        found.push(
          locked({
            ecosystem: "generic",
            // The least version that may build it, not the one that does: it has no end of life.
            name: kind === "go" ? "go-language" : "go-toolchain",
            version: name.replace(/^go/, ""),
            line: number,
            direct: true,
          }),
        );
      } else if (kind === "require" && name !== "" && version !== undefined) {
        found.push(locked({ ecosystem: "Go", name, version, line: number, direct: !indirect }));
      } else if (kind === "exclude" && version !== undefined) excluded.add(`${name} ${version}`);
      else if (kind === "replace") {
        const arrow = words.indexOf("=>");
        const [target, to] = words.slice(arrow + 1);
        if (arrow > 0 && target !== undefined) {
          // With a version before the arrow it holds for that version alone.
          replaced.set(arrow === 1 ? name : `${name} ${version ?? ""}`, {
            name: target,
            line: number,
            ...(to === undefined ? {} : { version: to }),
          });
        }
      }
    }
    return found.flatMap((one) => {
      if (excluded.has(`${one.name} ${one.version ?? ""}`)) return [];
      const instead = replaced.get(`${one.name} ${one.version ?? ""}`) ?? replaced.get(one.name);
      if (instead === undefined || one.ecosystem !== "Go") return [one];
      const { version: _, ...facts } = one;
      // A folder in place of a module is the project's own code.
      if (/^[./]/.test(instead.name)) return [];
      return [locked({ ...facts, ...instead, source: instead.name })];
    });
  },
};

export const goSum: Reader = {
  format: "go/go-sum",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)go\.sum$/.test(path),
  // Every version that was ever looked at stands here; none of it says what is built.
  read: () => [],
};

const xml = new XMLParser({
  processEntities: false,
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
  stopNodes: ["*.script"],
});
const longestXml = 4_000_000;
const deepestXml = 100;

function parseXml(text: string): unknown {
  if (text.length > longestXml) return new Unread(`longer than ${longestXml} characters`);
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) return new Unread("XML with a document type");
  let depth = 0;
  for (const [tag] of text.matchAll(/<(?:\/|\?|!--)?[A-Za-z][^<>]{0,2000}>/g)) {
    if (tag.startsWith("</")) depth--;
    else if (!tag.endsWith("/>") && !tag.startsWith("<?") && !tag.startsWith("<!")) depth++;
    if (depth > deepestXml) return new Unread(`XML deeper than ${deepestXml} levels`);
  }
  try {
    return xml.parse(text) as unknown;
  } catch {
    return new Unread("not XML");
  }
}

function many(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value.slice(0, 20_000) : [value];
}

/** `pom.xml`; properties and managed versions of the same file only. */
export const pom: Reader = {
  format: "java/pom",
  kind: "manifest",
  reads: (path) => /(?:^|\/)pom\.xml$|\.pom$/.test(path),
  read(text) {
    const document = parseXml(text);
    if (document instanceof Unread) return document;
    const project = field(document, "project");
    const properties = new Map<string, string>();
    for (const [name, value] of entriesOf(field(project, "properties"))) {
      const given = textOf(value);
      if (given !== undefined) properties.set(name, given);
    }
    const own =
      textOf(field(project, "version")) ?? textOf(field(field(project, "parent"), "version"));
    if (own !== undefined) properties.set("project.version", own);
    const resolve = (value: unknown): string | undefined => {
      let said = textOf(value);
      for (let i = 0; i < 5 && said !== undefined && said.includes("${"); i++) {
        const name = /^\$\{([\w.-]{1,200})\}$/.exec(said)?.[1];
        said = name === undefined ? undefined : properties.get(name);
      }
      return said;
    };
    const lines = new Lines(
      text,
      (line) => /<artifactId>\s*([^<\s]{1,300})/.exec(line)?.[1] ?? null,
    );
    // A profile has the same parts as the project, for when it is turned on.
    const parts = [project, ...many(field(field(project, "profiles"), "profile"))];
    const managed = parts.flatMap((part) =>
      many(field(field(field(part, "dependencyManagement"), "dependencies"), "dependency")),
    );
    const used = parts.flatMap((part) => many(field(field(part, "dependencies"), "dependency")));
    const plugins = parts.flatMap((part) =>
      many(field(field(field(part, "build"), "plugins"), "plugin")),
    );
    const versions = new Map(
      managed.map((one) => [nameOf(one, resolve), resolve(field(one, "version"))]),
    );
    const parent = field(project, "parent");
    return [...(parent === undefined ? [] : [parent]), ...managed, ...used, ...plugins].flatMap(
      (one) => {
        const name = nameOf(one, resolve);
        const version = resolve(field(one, "version")) ?? versions.get(name);
        if (version === undefined || name.includes("${")) return [];
        return [
          locked({
            ecosystem: "Maven",
            name,
            version,
            line: lines.of(name.slice(name.indexOf(":") + 1)),
            dev: field(one, "scope") === "test",
            direct: true,
            pin: /^[[(]|SNAPSHOT|LATEST|RELEASE/.test(version) ? "moving" : "version",
          }),
        ];
      },
    );
  },
};

function nameOf(dependency: unknown, resolve: (value: unknown) => string | undefined): string {
  const group = resolve(field(dependency, "groupId")) ?? "org.apache.maven.plugins";
  return `${group}:${resolve(field(dependency, "artifactId")) ?? ""}`;
}

export const gradleLock: Reader = {
  format: "java/gradle-lockfile",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)(?:buildscript-)?gradle\.lockfile$/.test(path),
  read(text) {
    return Array.from(linesOf(text)).flatMap(({ line, number }) => {
      const found = /^([^:=#\s]{1,200}:[^:=\s]{1,200}):([^=\s]{1,100})=(.{0,2000})$/.exec(line);
      if (found === null) return [];
      const dev = (found[3] ?? "").split(",").every((name) => /^test/i.test(name));
      return [
        locked({
          ecosystem: "Maven",
          name: found[1] ?? "",
          version: found[2] ?? "",
          line: number,
          dev,
        }),
      ];
    });
  },
};

/** `group:name:version` written out in a build script. */
export const gradleScript: Reader = {
  format: "java/gradle",
  kind: "manifest",
  reads: (path) => /\.gradle(?:\.kts)?$/.test(path),
  read(text) {
    return Array.from(linesOf(text)).flatMap(({ line, number }) => {
      const found = /["']([\w.-]{1,200}:[\w.-]{1,200}):(\d[\w.+-]{0,100})(?:@\w+)?["']/.exec(line);
      const plugin =
        /\bid\s*\(?["']([\w.-]{1,200})["']\)?\s*version\s*["'](\d[\w.+-]{0,100})["']/.exec(line);
      const named = found ?? plugin;
      if (named === null) return [];
      const name =
        plugin !== null && found === null
          ? `${named[1]}:${named[1]}.gradle.plugin`
          : (named[1] ?? "");
      const version = named[2] ?? "";
      return [
        locked({
          ecosystem: "Maven",
          name,
          version,
          line: number,
          dev: /^\s*test/i.test(line),
          direct: true,
          pin: version.includes("+") ? "moving" : "version",
        }),
      ];
    });
  },
};

export const gradleCatalog: Reader = {
  format: "java/gradle-catalog",
  kind: "manifest",
  reads: (path) => /(?:^|\/)[\w.-]*\.versions\.toml$/.test(path),
  read(text) {
    const toml = parseToml(text);
    if (toml instanceof Unread) return toml;
    const versions = new Map(entriesOf(toml["versions"]));
    const lines = new Lines(text, (line) => /^([\w.-]{1,200})\s*=/.exec(line)?.[1] ?? null);
    return entriesOf(toml["libraries"]).flatMap(([key, value]) => {
      const short = textOf(value)?.split(":");
      const module = textOf(field(value, "module"));
      const name =
        short === undefined
          ? (module ??
            `${textOf(field(value, "group")) ?? ""}:${textOf(field(value, "name")) ?? ""}`)
          : short.slice(0, 2).join(":");
      const given = field(value, "version");
      const reference = textOf(field(given, "ref"));
      const version =
        short?.[2] ??
        textOf(given) ??
        (reference === undefined ? undefined : textOf(versions.get(reference)));
      if (version === undefined || name === ":") return [];
      return [
        locked({
          ecosystem: "Maven",
          name,
          version,
          line: lines.of(reference ?? key),
          direct: true,
        }),
      ];
    });
  },
};

export const nugetLock: Reader = {
  format: "dotnet/packages-lock",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)packages\.lock\.json$/.test(path),
  read(text) {
    const json = parseJson(text);
    if (json instanceof Unread) return json;
    const lines = new Lines(text, jsonKey);
    const seen = new Set<string>();
    return entriesOf(json["dependencies"]).flatMap(([, framework]) =>
      entriesOf(framework).flatMap(([name, entry]) => {
        const version = textOf(field(entry, "resolved"));
        const key = `${name} ${version ?? ""}`;
        if (version === undefined || seen.has(key)) return [];
        seen.add(key);
        const hash = textOf(field(entry, "contentHash"));
        return [
          locked({
            ecosystem: "NuGet",
            name: name.toLowerCase(),
            version,
            line: lines.of(name),
            direct: field(entry, "type") === "Direct",
            integrity: hash === undefined ? [] : [`sha512:${hash}`],
          }),
        ];
      }),
    );
  },
};

/** Project files, central versions and `packages.config`. */
export const nugetProject: Reader = {
  format: "dotnet/project",
  kind: "manifest",
  reads: (path) =>
    /\.(?:cs|fs|vb)proj$|(?:^|\/)(?:Directory\.Packages\.props|Directory\.Build\.(?:props|targets)|packages\.config)$/i.test(
      path,
    ),
  read(text) {
    const document = parseXml(text);
    if (document instanceof Unread) return document;
    const lines = new Lines(
      text,
      (line) =>
        /(?:Include|Update|id)\s*=\s*"([^"]{1,300})"/i.exec(line)?.[1]?.toLowerCase() ?? null,
    );
    const groups = many(field(field(document, "Project"), "ItemGroup"));
    const items = groups.flatMap((group) =>
      ["PackageReference", "PackageVersion", "GlobalPackageReference"].flatMap((kind) =>
        many(field(group, kind)),
      ),
    );
    const old = many(field(field(document, "packages"), "package"));
    return [...items, ...old].flatMap((item) => {
      if (!isJson(item)) return [];
      const name = textOf(item["@Include"]) ?? textOf(item["@Update"]) ?? textOf(item["@id"]);
      const version =
        textOf(item["@Version"]) ?? textOf(item["@version"]) ?? textOf(item["Version"]);
      if (name === undefined || version === undefined || version.includes("$(")) return [];
      return [
        locked({
          ecosystem: "NuGet",
          name: name.toLowerCase(),
          version: version.replaceAll(/[[\]()]/g, "").replace(/,.*$/, ""),
          line: lines.of(name.toLowerCase()),
          direct: true,
          dev: item["@developmentDependency"] === "true",
          pin: version.includes("*") ? "moving" : "version",
        }),
      ];
    });
  },
};

export const compiledReaders = [
  cargoLock,
  cargoToml,
  goMod,
  goSum,
  pom,
  gradleLock,
  gradleScript,
  gradleCatalog,
  nugetLock,
  nugetProject,
];
