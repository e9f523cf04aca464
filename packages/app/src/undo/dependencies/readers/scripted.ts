/** Bundler and Composer. */
import { Unread } from "../../models/model.ts";
import type { LockedPackage } from "../package-set.ts";
import {
  entriesOf,
  field,
  JsonLines,
  Lines,
  linesOf,
  listOf,
  locked,
  parseJson,
  type Reader,
  textOf,
} from "./reader.ts";

export const gemfileLock: Reader = {
  format: "ruby/gemfile-lock",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)(?:Gemfile\.lock|gems\.locked|[\w.-]+\.gemfile\.lock)$/.test(path),
  read(text) {
    const found: LockedPackage[] = [];
    const direct = new Set<string>();
    const checksums = new Map<string, string>();
    let section = "";
    let source: string | undefined;
    let revision: string | undefined;
    for (const { line, number } of linesOf(text)) {
      if (/^[A-Z]/.test(line)) {
        section = line.trim();
        source = undefined;
        revision = undefined;
        continue;
      }
      if (section === "DEPENDENCIES") {
        const name = /^ {2}([^\s!(]{1,200})/.exec(line)?.[1];
        if (name !== undefined) direct.add(name);
        continue;
      }
      if (section === "CHECKSUMS") {
        const sum = /^ {2}(\S{1,200}) \(([^)]{1,100})\) (sha256=[0-9a-f]{64})/.exec(line);
        if (sum !== null) checksums.set(`${sum[1]} ${sum[2]}`, (sum[3] ?? "").replace("=", ":"));
        continue;
      }
      if (section === "RUBY VERSION") {
        const version = /^\s+ruby (\d[\w.]{0,30})/.exec(line)?.[1]?.replace(/p\d+$/, "");
        if (version !== undefined) found.push(runtime("ruby", version, number));
        continue;
      }
      source = /^ {2}remote: (\S{1,500})/.exec(line)?.[1] ?? source;
      revision = /^ {2}revision: ([0-9a-f]{40})/.exec(line)?.[1] ?? revision;
      const entry = /^ {4}([^\s(]{1,200}) \(([^)\s]{1,100})\)$/.exec(line);
      if (entry === null || section === "PATH") continue;
      // A platform after the version is the same release built for a machine.
      const version = (entry[2] ?? "").replace(
        /-(?:x86|x64|arm|aarch64|java|universal|mingw|mswin)[\w.-]*$/,
        "",
      );
      found.push(
        locked({
          ecosystem: "RubyGems",
          name: entry[1] ?? "",
          version,
          line: number,
          ...(section === "GIT" && source !== undefined
            ? { source, pin: revision === undefined ? "moving" : "digest" }
            : source === undefined
              ? {}
              : { source }),
        }),
      );
    }
    return found.map((one) => ({
      ...one,
      ...(direct.size === 0 ? {} : { direct: direct.has(one.name) }),
      integrity: [checksums.get(`${one.name} ${one.version ?? ""}`) ?? []].flat(),
    }));
  },
};

function runtime(name: string, version: string, line: number): LockedPackage {
  return locked({ ecosystem: "generic", name, version, line, direct: true });
}

/** Exact and lowest versions that a `Gemfile` or gemspec writes out. */
export const gemfile: Reader = {
  format: "ruby/gemfile",
  kind: "manifest",
  reads: (path) => /(?:^|\/)(?:Gemfile|gems\.rb)$|\.gemspec$|\.gemfile$/.test(path),
  read(text) {
    return Array.from(linesOf(text)).flatMap(({ line, number }) => {
      const found =
        /^\s*(?:gem|\w+\.add(?:_runtime|_development)?_dependency)\s*\(?\s*["']([\w.-]{1,200})["']\s*(?:,\s*["'](?:(=|~>|>=)\s*)?(\d[\w.]{0,60})["'])?/.exec(
          line,
        );
      if (found === null) return [];
      const git = /\b(?:git|github)(?::|\s*=>)\s*["']([^"']{1,300})["']/.exec(line)?.[1];
      const pinned = /\bref(?::|\s*=>)\s*["'][0-9a-f]{40}["']/.test(line);
      return [
        locked({
          ecosystem: "RubyGems",
          name: found[1] ?? "",
          line: number,
          direct: true,
          dev: /development|test/.test(line),
          ...(found[3] === undefined ? {} : { version: found[3] }),
          ...(git === undefined ? {} : { source: git }),
          pin:
            git !== undefined
              ? pinned
                ? "digest"
                : "moving"
              : found[3] !== undefined && (found[2] ?? "=") === "="
                ? "version"
                : "moving",
        }),
      ];
    });
  },
};

export const composerLock: Reader = {
  format: "php/composer-lock",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)composer\.lock$/.test(path),
  read(text) {
    const json = parseJson(text);
    if (json instanceof Unread) return json;
    const lines = new Lines(
      text,
      (line) => /^\s*"name":\s*"([^"]{1,300})"/.exec(line)?.[1] ?? null,
    );
    return ["packages", "packages-dev"].flatMap((section) =>
      listOf(json[section]).flatMap((entry) => {
        const name = textOf(field(entry, "name"));
        const version = textOf(field(entry, "version"));
        if (name === undefined) return [];
        const dist = field(entry, "dist");
        const sum = textOf(field(dist, "shasum"));
        const reference = textOf(field(field(entry, "source"), "reference"));
        return [
          locked({
            ecosystem: "Packagist",
            name: name.toLowerCase(),
            line: lines.of(name),
            dev: section === "packages-dev",
            ...(version === undefined ? {} : { version }),
            integrity: [
              ...(sum === undefined ? [] : [`sha1:${sum}`]),
              ...(reference === undefined ? [] : [`git:${reference}`]),
            ].sort(),
          }),
        ];
      }),
    );
  },
};

export const composerJson: Reader = {
  format: "php/composer-json",
  kind: "manifest",
  reads: (path) => /(?:^|\/)composer\.json$/.test(path),
  read(text) {
    const json = parseJson(text);
    if (json instanceof Unread) return json;
    const lines = new JsonLines(text, (parents) => parents.length === 1);
    return ["require", "require-dev"].flatMap((section) =>
      entriesOf(json[section]).flatMap(([name, range]) => {
        const said = textOf(range);
        if (said === undefined || /^ext-|^lib-/.test(name)) return [];
        const version = /^[\^~>=v]{0,3}\s*(\d[\w.]*)$/.exec(said)?.[1];
        return [
          locked({
            ecosystem: name === "php" ? "generic" : "Packagist",
            name: name.toLowerCase(),
            line: lines.of(section, name),
            dev: section === "require-dev",
            direct: true,
            ...(version === undefined ? {} : { version }),
            pin: /^\d[\w.]*$/.test(said) ? "version" : "moving",
          }),
        ];
      }),
    );
  },
};

export const scriptedReaders = [gemfileLock, gemfile, composerLock, composerJson];
