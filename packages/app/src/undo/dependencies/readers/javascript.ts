/** npm, Yarn, pnpm and Bun: what is locked and what is asked for. */
import { Unread } from "../../models/model.ts";
import type { LockedPackage } from "../package-set.ts";
import {
  entriesOf,
  field,
  isJson,
  type Json,
  jsonKey,
  JsonLines,
  Lines,
  linesOf,
  locked,
  parseJson,
  type Reader,
  textOf,
} from "./reader.ts";

const ecosystem = "npm" as const;
const sections = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/** `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3. */
export const packageLock: Reader = {
  format: "npm/package-lock",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/.test(path),
  read(text) {
    const json = parseJson(text);
    if (json instanceof Unread) return json;
    if (isJson(json["packages"])) {
      return fromPackages(json["packages"], new Lines(text, jsonKey));
    }
    if (isJson(json["dependencies"])) return fromDependencies(json["dependencies"], text);
    return field(json, "lockfileVersion") === undefined
      ? new Unread("a package-lock.json without lockfileVersion")
      : [];
  },
};

function fromPackages(packages: Json, lines: Lines): LockedPackage[] {
  const root = field(packages, "");
  const asked = new Set(sections.flatMap((name) => entriesOf(field(root, name)).map(([n]) => n)));
  return entriesOf(packages).flatMap(([place, entry]) => {
    const at = place.lastIndexOf("node_modules/");
    // What is not under node_modules is the project itself or a part of it.
    if (at === -1 || field(entry, "link") === true) return [];
    const own = place.slice(at + "node_modules/".length);
    const name = textOf(field(entry, "name")) ?? own;
    return [
      entryOf(name, entry, lines.of(place), {
        dev: field(entry, "dev") === true || field(entry, "devOptional") === true,
        direct: at === 0 && asked.has(own),
      }),
    ];
  });
}

function fromDependencies(dependencies: Json, text: string): LockedPackage[] {
  const found: LockedPackage[] = [];
  const lines = new JsonLines(text, (parents) => parents.at(-1) === "dependencies");
  const open: [Json, readonly string[]][] = [[dependencies, ["dependencies"]]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [some, path] = next;
    for (const [name, entry] of entriesOf(some)) {
      const line = lines.of(...path, name);
      found.push(entryOf(name, entry, line, { dev: field(entry, "dev") === true }));
      const below = field(entry, "dependencies");
      if (isJson(below) && path.length < 60) open.push([below, [...path, name, "dependencies"]]);
    }
  }
  return found;
}

function entryOf(
  name: string,
  entry: unknown,
  line: number,
  more: Partial<LockedPackage>,
): LockedPackage {
  const version = textOf(field(entry, "version"));
  const source = textOf(field(entry, "resolved"));
  const integrity = textOf(field(entry, "integrity"));
  const isVersion = version !== undefined && /^\d/.test(version);
  return locked({
    ecosystem,
    name,
    line,
    ...(isVersion ? { version } : {}),
    ...(source === undefined
      ? !isVersion && version !== undefined
        ? { source: version }
        : {}
      : { source }),
    integrity: integrity === undefined ? [] : digests(integrity),
    // What a package brings along in itself is held by the digest of that package.
    pin: isBundled(entry)
      ? "digest"
      : isVersion
        ? "version"
        : isPinnedUrl(version ?? source ?? "")
          ? "digest"
          : "moving",
    ...more,
  });
}

function isBundled(entry: unknown): boolean {
  return field(entry, "inBundle") === true || field(entry, "bundled") === true;
}

function digests(integrity: string): string[] {
  return integrity
    .split(/\s+/)
    .map((one) => one.replace("-", ":"))
    .sort();
}

/** A URL of git with a commit behind the hash. */
function isPinnedUrl(url: string): boolean {
  return /#(?:commit=)?[0-9a-f]{40}$/.test(url);
}

/** `yarn.lock` of Yarn 1, and of Berry (which is YAML). */
export const yarnLock: Reader = {
  format: "npm/yarn-lock",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)yarn\.lock$/.test(path),
  read(text) {
    return text.includes("__metadata:") ? berry(text) : classic(text);
  },
};

function classic(text: string): LockedPackage[] {
  const found: LockedPackage[] = [];
  let open: { name: string; line: number; facts: Map<string, string> } | null = null;
  const close = () => {
    if (open === null) return;
    const { name, line, facts } = open;
    const version = facts.get("version");
    const source = facts.get("resolved");
    const integrity = facts.get("integrity");
    found.push(
      locked({
        ecosystem,
        name,
        line,
        ...(version === undefined ? {} : { version }),
        ...(source === undefined ? {} : { source: source.replace(/#[0-9a-f]{40}$/, "") }),
        integrity: integrity === undefined ? [] : digests(integrity),
      }),
    );
  };
  for (const { line, number } of linesOf(text)) {
    if (line === "" || line.startsWith("#")) continue;
    if (!line.startsWith(" ")) {
      close();
      const asked =
        /^"?((?:@[^/@"]{1,200}\/)?[^@",\s]{1,200})@(?:npm:((?:@[^/@"]{1,200}\/)?[^@",\s]{1,200})@)?/.exec(
          line,
        );
      // An alias stands for the package behind it.
      const name = asked?.[2] ?? asked?.[1];
      open = name === undefined ? null : { name, line: number, facts: new Map() };
      continue;
    }
    const fact = /^ {2}(version|resolved|integrity) "?([^"\s]{1,1000})"?/.exec(line);
    if (fact !== null) open?.facts.set(fact[1] ?? "", fact[2] ?? "");
  }
  close();
  return found;
}

function berry(text: string): LockedPackage[] {
  const found: LockedPackage[] = [];
  let open: {
    name: string;
    line: number;
    version?: string;
    checksum?: string;
    local: boolean;
  } | null = null;
  const close = () => {
    if (open === null || open.local) return;
    const { name, line, version, checksum } = open;
    found.push(
      locked({
        ecosystem,
        name,
        line,
        ...(version === undefined ? {} : { version }),
        integrity: checksum === undefined ? [] : [`yarn:${checksum}`],
      }),
    );
  };
  for (const { line, number } of linesOf(text)) {
    const head = /^"?((?:@[^/@"]{1,200}\/)?[^@",\s]{1,200})@([a-z]{1,20}):/.exec(line);
    if (head !== null) {
      close();
      const local = head[2] === "workspace" || head[2] === "link" || head[2] === "portal";
      open = { name: head[1] ?? "", line: number, local };
    } else if (/^\S/.test(line)) {
      close();
      open = null;
    }
    const fact = /^ {2}(version|checksum|resolution): "?([^"\s]{1,500})"?/.exec(line);
    if (fact === null || open === null) continue;
    if (fact[1] === "version") open.version = fact[2] ?? "";
    // What it resolves to, where the key is an alias.
    else if (fact[1] === "resolution") {
      open.name = /^((?:@[^/@]{1,200}\/)?[^@]{1,200})@npm:/.exec(fact[2] ?? "")?.[1] ?? open.name;
    } else open.checksum = fact[2] ?? "";
  }
  close();
  return found;
}

/** `pnpm-lock.yaml`, lockfile versions 5 to 9: the keys of `packages`. */
export const pnpmLock: Reader = {
  format: "npm/pnpm-lock",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)pnpm-lock\.yaml$/.test(path),
  read(text) {
    // By line and not as YAML: such files exceed what a YAML reader takes of a stranger.
    const found: LockedPackage[] = [];
    let within = "";
    let last: LockedPackage | null = null;
    for (const { line, number } of linesOf(text)) {
      if (/^\S/.test(line)) within = line.replace(/:.*$/, "");
      if (within !== "packages") continue;
      const key =
        /^ {2}'?\/?((?:@[^/@]{1,200}\/)?[^@/'(]{1,200})[@/]([^:'()\s]{1,300})(?:\([^:]{0,500})?'?:/.exec(
          line,
        );
      if (key !== null) {
        const version = (key[2] ?? "").replace(/_.*$/, "");
        last = locked({ ecosystem, name: key[1] ?? "", version, line: number });
        found.push(last);
        continue;
      }
      const integrity = /integrity: ([^\s,}]{1,300})/.exec(line)?.[1];
      const at = found.length - 1;
      if (last !== null && integrity !== undefined)
        found[at] = { ...last, integrity: digests(integrity) };
      if (last !== null && /^ {4}dev: true/.test(line)) {
        found[at] = { ...(found[at] ?? last), dev: true };
      }
      const tarball = /tarball: ([^\s,}]{1,500})/.exec(line)?.[1];
      if (last !== null && tarball !== undefined)
        found[at] = { ...(found[at] ?? last), source: tarball };
    }
    return found.length === 0 && !/^lockfileVersion:/m.test(text)
      ? new Unread("a pnpm-lock.yaml without lockfileVersion")
      : found;
  },
};

/** `bun.lock`, JSON with trailing commas: `"name": ["name@version", …, "integrity"]`. */
export const bunLock: Reader = {
  format: "npm/bun-lock",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)bun\.lock$/.test(path),
  read(text) {
    const found: LockedPackage[] = [];
    for (const { line, number } of linesOf(text)) {
      const entry = /^\s*"[^"]{1,300}": \["((?:@[^/@"]{1,200}\/)?[^@"]{1,200})@([^"]{1,300})"/.exec(
        line,
      );
      if (entry === null || (entry[2] ?? "").startsWith("workspace:")) continue;
      const integrity = /"(sha\d{3}-[A-Za-z0-9+/=]{20,200})"\]?,?$/.exec(line)?.[1];
      found.push(
        locked({
          ecosystem,
          name: entry[1] ?? "",
          version: entry[2] ?? "",
          line: number,
          integrity: integrity === undefined ? [] : digests(integrity),
        }),
      );
    }
    return found;
  },
};

/** What `package.json` asks for. */
export const packageJson: Reader = {
  format: "npm/package-json",
  kind: "manifest",
  reads: (path) => /(?:^|\/)package\.json$/.test(path),
  read(text) {
    const json = parseJson(text);
    if (json instanceof Unread) return json;
    const lines = new JsonLines(text, (parents) => parents.length === 1);
    return sections.flatMap((section) =>
      entriesOf(json[section]).flatMap(([key, asked]) => {
        const said = textOf(asked);
        const alias = /^npm:((?:@[^/@]{1,200}\/)?[^@]{1,200})(?:@(.{1,300}))?$/.exec(said ?? "");
        const [name, range] = alias === null ? [key, said] : [alias[1] ?? key, alias[2] ?? "*"];
        if (range === undefined || /^(?:workspace|link|file|portal):/.test(range)) return [];
        const isUrl = /^(?:git|https?|github|ssh)|^[\w.-]+\/[\w.-]+(?:#|$)/.test(range);
        const lowest = /^[\^~>=v]{0,3}\s*(\d[0-9A-Za-z.+-]*)$/.exec(range.trim())?.[1];
        return [
          locked({
            ecosystem,
            name,
            line: lines.of(section, key),
            direct: true,
            dev: section === "devDependencies",
            ...(lowest === undefined ? {} : { version: lowest }),
            ...(isUrl ? { source: range } : {}),
            pin: isUrl
              ? isPinnedUrl(range)
                ? "digest"
                : "moving"
              : /^\d/.test(range)
                ? "version"
                : "moving",
          }),
        ];
      }),
    );
  },
};

export const javascriptReaders = [packageLock, yarnLock, pnpmLock, bunLock, packageJson];
