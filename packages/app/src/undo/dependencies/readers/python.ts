/** pip, Poetry, uv, PDM and Pipenv. Names are normalised as PEP 503 says. */
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
  PackageLines,
  parseJson,
  parseToml,
  type Reader,
  textOf,
} from "./reader.ts";

const ecosystem = "PyPI" as const;

export function pythonName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

/** `requirements*.txt`, `constraints*.txt` and what pip-compile writes. */
export const requirements: Reader = {
  format: "python/requirements",
  kind: "lockfile",
  reads: (path) =>
    /(?:^|\/)(?:[\w.-]*requirements[\w.-]*|constraints[\w.-]*)\.(?:txt|in|pip)$/i.test(path) ||
    /(?:^|\/)requirements\/[^/]+\.(?:txt|in)$/.test(path),
  read(text, path) {
    const dev = /(?:dev|test|doc|lint|typing|ci)[\w-]*\.(?:txt|in)$/i.test(path);
    const found: LockedPackage[] = [];
    let whole = "";
    let first = 0;
    for (const { line, number } of linesOf(text)) {
      if (whole === "") first = number;
      const part = line.replace(/(?:^|\s)#.*$/, "").trim();
      if (part.endsWith("\\")) {
        if (whole.length < 100_000) whole += `${part.slice(0, -1)} `;
        continue;
      }
      const entry = requirement(`${whole}${part}`.trim(), first, dev);
      whole = "";
      if (entry !== null) found.push(entry);
    }
    return found;
  },
};

function requirement(text: string, line: number, dev: boolean): LockedPackage | null {
  const index = /^(?:-i|--(?:extra-)?index-url)[ =]\s*["']?(https?:\/\/[^\s"']{1,500})/.exec(
    text,
  )?.[1];
  if (index !== undefined) {
    // No package, but where all of them come from.
    return locked({ ecosystem: "generic", name: "package index", line, dev, source: index });
  }
  if (text === "" || /^-[rcfi]\b|^--(?!hash|editable)/.test(text)) return null;
  const integrity = Array.from(
    text.matchAll(/--hash[= ](sha\d{3}:[0-9a-f]{40,128})/g),
    ([, hash = ""]) => hash,
  ).sort();
  const plain = text
    .replaceAll(/\s*--hash[= ]\S{1,200}/g, "")
    .replace(/^-e\s+|^--editable[= ]/, "");
  const url =
    /^(?:([\w.-]{1,200})(?:\[[^\]]{0,200}\])?\s*@\s*)?((?:git\+|hg\+|https?:|file:)\S{1,1000})/.exec(
      plain,
    );
  if (url !== null) {
    const source = url[2] ?? "";
    const name = url[1] ?? /#egg=([\w.-]{1,200})/.exec(source)?.[1] ?? source;
    const pinned = /@[0-9a-f]{40}(?:#|$)/.test(source) || /#sha256=/.test(source);
    return locked({
      ecosystem,
      name: pythonName(name),
      line,
      dev,
      direct: true,
      source,
      integrity,
      pin: pinned ? "digest" : "moving",
    });
  }
  const found = /^([A-Za-z0-9][\w.-]{0,200})(?:\[[^\]]{0,200}\])?\s*(.{0,300})$/.exec(plain);
  if (found === null) return null;
  const range = (found[2] ?? "").replace(/;.*$/, "").trim();
  const exact = /^===?\s*([^\s,*]{1,100})$/.exec(range)?.[1];
  const lowest = /^(?:~=|>=)\s*([^\s,*]{1,100})/.exec(range)?.[1];
  const version = exact ?? lowest;
  return locked({
    ecosystem,
    name: pythonName(found[1] ?? ""),
    line,
    dev,
    ...(version === undefined ? {} : { version }),
    integrity,
    pin: exact === undefined ? "moving" : "version",
  });
}

/** `poetry.lock`, `uv.lock`, `pdm.lock` and `pylock.toml`: `[[package]]` tables. */
export const tomlLock: Reader = {
  format: "python/toml-lock",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)(?:poetry|uv|pdm)\.lock$|(?:^|\/)pylock(?:\.[\w-]+)?\.toml$/.test(path),
  read(text) {
    const toml = parseToml(text);
    if (toml instanceof Unread) return toml;
    const lines = new PackageLines(text);
    return listOf(toml["package"] ?? toml["packages"]).flatMap((entry) => {
      const name = textOf(field(entry, "name"));
      const source = field(entry, "source");
      if (name === undefined || field(source, "virtual") !== undefined) return [];
      if (field(source, "editable") !== undefined) return [];
      const version = textOf(field(entry, "version"));
      const files = [
        ...listOf(field(entry, "files")),
        // Poetry 1.x keeps them apart from the packages.
        ...listOf(field(field(toml["metadata"], "files"), name)),
        ...listOf(field(entry, "wheels")),
        ...(field(entry, "sdist") === undefined ? [] : [field(entry, "sdist")]),
      ];
      const integrity = files.flatMap((file) => textOf(field(file, "hash")) ?? []).sort();
      const url =
        textOf(field(source, "url")) ??
        textOf(field(source, "git")) ??
        textOf(field(source, "registry"));
      const groups = listOf(field(entry, "groups"));
      const dev =
        field(entry, "category") === "dev" ||
        (groups.length > 0 && groups.every((group) => group !== "main" && group !== "default"));
      return [
        locked({
          ecosystem,
          name: pythonName(name),
          line: lines.of(name, version),
          dev,
          ...(version === undefined ? {} : { version }),
          ...(url === undefined ? {} : { source: url }),
          integrity: [...new Set(integrity)],
        }),
      ];
    });
  },
};

export const pipfileLock: Reader = {
  format: "python/pipfile-lock",
  kind: "lockfile",
  reads: (path) => /(?:^|\/)Pipfile\.lock$/.test(path),
  read(text) {
    const json = parseJson(text);
    if (json instanceof Unread) return json;
    const lines = new JsonLines(text, (parents) => parents.length === 1);
    return ["default", "develop"].flatMap((section) =>
      entriesOf(json[section]).map(([name, entry]) => {
        const version = textOf(field(entry, "version"))?.replace(/^==/, "");
        return locked({
          ecosystem,
          name: pythonName(name),
          line: lines.of(section, name),
          dev: section === "develop",
          ...(version === undefined ? {} : { version }),
          integrity: listOf(field(entry, "hashes"))
            .flatMap((hash) => textOf(hash) ?? [])
            .sort(),
        });
      }),
    );
  },
};

/** `pyproject.toml` and `Pipfile`: what is asked for. */
export const pyproject: Reader = {
  format: "python/pyproject",
  kind: "manifest",
  reads: (path) => /(?:^|\/)(?:pyproject\.toml|Pipfile)$/.test(path),
  read(text) {
    const toml = parseToml(text);
    if (toml instanceof Unread) return toml;
    const lines = new Lines(text, (line) => {
      const name = /^\s*["']?([A-Za-z0-9][\w.-]{0,200})/.exec(line)?.[1];
      return name === undefined ? null : pythonName(name);
    });
    const asked: { name: string; range: string; dev: boolean }[] = [];
    const project = toml["project"];
    // Extras ship to whoever asks for them; groups and what builds the project do not.
    const lists: [unknown, boolean][] = [
      [field(project, "dependencies"), false],
      ...entriesOf(field(project, "optional-dependencies")).map(([, list]): [unknown, boolean] => [
        list,
        false,
      ]),
      ...entriesOf(toml["dependency-groups"]).map(([, list]): [unknown, boolean] => [list, true]),
      [field(toml["build-system"], "requires"), true],
    ];
    for (const [list, dev] of lists) {
      for (const one of listOf(list)) {
        if (typeof one === "string") asked.push({ ...split(one), dev });
      }
    }
    const poetry = field(field(toml["tool"], "poetry"), "dependencies");
    const tables: [unknown, boolean][] = [
      [poetry, false],
      [field(field(toml["tool"], "poetry"), "dev-dependencies"), true],
      [toml["packages"], false],
      [toml["dev-packages"], true],
      ...entriesOf(field(field(toml["tool"], "poetry"), "group")).map(
        ([, group]): [unknown, boolean] => [field(group, "dependencies"), true],
      ),
    ];
    for (const [table, dev] of tables) {
      for (const [name, value] of entriesOf(table)) {
        const range = textOf(value) ?? textOf(field(value, "version"));
        if (name !== "python") asked.push({ name, range: range ?? "", dev });
      }
    }
    return asked.map(({ name, range, dev }) => {
      const exact = /^===?\s*([^\s,*]+)$|^(\d[\w.]*)$/.exec(range.trim());
      const lowest = /^(?:~=|>=|\^|~)\s*([^\s,*]+)/.exec(range.trim())?.[1];
      const version = exact?.[1] ?? exact?.[2] ?? lowest;
      return locked({
        ecosystem,
        name: pythonName(name),
        line: lines.of(pythonName(name)),
        dev,
        direct: true,
        ...(version === undefined ? {} : { version }),
        pin: exact === null ? "moving" : "version",
      });
    });
  },
};

function split(requirementText: string): { name: string; range: string } {
  const found = /^([A-Za-z0-9][\w.-]{0,200})(?:\[[^\]]{0,200}\])?\s*([^;]{0,300})/.exec(
    requirementText,
  );
  return { name: found?.[1] ?? "", range: (found?.[2] ?? "").trim() };
}

export const pythonReaders = [requirements, tomlLock, pipfileLock, pyproject];
