/**
 * The two databases that do not publish OSV. rubysec/ruby-advisory-db names what
 * is safe (`patched_versions`, `unaffected_versions`; Gem::Requirement), so a
 * version is affected where nothing holds. FriendsOfPHP/security-advisories
 * names what is affected (Composer constraints). Both are kept as they are said
 * rather than turned into ranges, so nothing has to be ordered before it is asked.
 */
import {
  advisoryId,
  type AdvisoryRecord,
  type Bound,
  distinct,
  instantOf,
  oneLine,
  packageName,
} from "./record.ts";
import { commitOf, pullOf } from "./references.ts";
import { severityOfScore } from "./severity.ts";

type Json = Readonly<Record<string, unknown>>;

const noDates = { modified: "", withdrawn: "", informational: false } as const;

/** Whether a value is a record of ruby-advisory-db. */
export function looksLikeRuby(value: Json): boolean {
  return (
    ("gem" in value || "engine" in value || "library" in value) &&
    ("patched_versions" in value ||
      "unaffected_versions" in value ||
      "cve" in value ||
      "ghsa" in value ||
      "osvdb" in value)
  );
}

/** `file`: the record's file name without its ending. The record, or what is wrong with it. */
export function readRuby(value: Json, file: string): AdvisoryRecord | string {
  const gem = value["gem"];
  if (gem !== undefined && typeof gem !== "string") return "gem is no text";
  const about = gem ?? value["engine"] ?? value["library"];
  if (typeof about !== "string") return "it names no gem, engine or library";
  const outside: Bound[][] = [];
  for (const field of ["patched_versions", "unaffected_versions"]) {
    for (const requirement of listOf(value[field])) {
      const bounds = typeof requirement === "string" ? gemBounds(requirement) : null;
      if (bounds === null) return `${field} holds what is no requirement`;
      outside.push(bounds);
    }
  }
  const ids = [
    idOf("CVE-", value["cve"]),
    idOf("GHSA-", value["ghsa"]),
    idOf("OSVDB-", value["osvdb"]),
  ].filter((id) => id !== null);
  const scores = ["cvss_v4", "cvss_v3", "cvss_v2"].map((field) => tenfold(value[field]));
  const newer = scores.slice(0, 2).filter((score) => score !== null);
  const score = newer.length > 0 ? Math.max(...newer) : (scores[2] ?? null);
  const related = value["related"];
  const more = isObject(related) ? listOf(related["url"]) : [];
  return {
    ...noDates,
    key: `rubysec:${about}/${file}`,
    ids: distinct((ids.length > 0 ? ids : [file]).map(advisoryId)),
    published: instantOf(value["date"]),
    summary: oneLine(typeof value["title"] === "string" ? value["title"] : ""),
    score,
    severity: score === null ? null : severityOfScore(score),
    packages:
      gem === undefined
        ? []
        : [
            {
              ecosystem: "RubyGems",
              release: "",
              name: packageName("RubyGems", gem),
              versions: [],
              ranges: [],
              outside,
            },
          ],
    ...named([value["url"], ...more]),
  };
}

/** Whether a value is a record of FriendsOfPHP/security-advisories. */
export function looksLikePhp(value: Json): boolean {
  return "branches" in value && "reference" in value;
}

export function readPhp(value: Json, file: string): AdvisoryRecord | string {
  const reference = value["reference"];
  const name =
    typeof reference === "string"
      ? /^composer:\/\/([\w.-]{1,200}\/[\w.-]{1,200})$/.exec(reference)?.[1]
      : undefined;
  if (name === undefined) return "its reference is no composer://vendor/name";
  if (!isObject(value["branches"])) return "branches is no object";
  const within: Bound[][] = [];
  let published = "";
  for (const branch of Object.values(value["branches"])) {
    if (!isObject(branch)) return "a branch is no object";
    const bounds = listOf(branch["versions"]).map((bound) =>
      typeof bound === "string" ? boundOf(bound) : null,
    );
    if (bounds.length === 0 || bounds.includes(null))
      return "a branch has no versions that can be read";
    within.push(bounds.filter((bound) => bound !== null));
    const time = instantOf(branch["time"]);
    if (time !== "" && (published === "" || time < published)) published = time;
  }
  const cve = idOf("CVE-", value["cve"]);
  return {
    ...noDates,
    key: `friendsofphp:${name}/${file}`,
    ids: [cve ?? advisoryId(`friendsofphp:${name}/${file}`)],
    published,
    summary: oneLine(typeof value["title"] === "string" ? value["title"] : ""),
    score: null,
    severity: null,
    packages: [
      {
        ecosystem: "Packagist",
        release: "",
        name: packageName("Packagist", name),
        versions: [],
        ranges: [],
        within,
      },
    ],
    ...named([value["link"]]),
  };
}

function named(urls: readonly unknown[]): Pick<AdvisoryRecord, "commits" | "pulls"> {
  const texts = urls.filter((url) => typeof url === "string");
  return {
    commits: distinct(texts.map(commitOf).filter((commit) => commit !== null)),
    pulls: distinct(texts.map(pullOf).filter((pull) => pull !== null)),
  };
}

/** `~> 7.0.4, >= 7.0.4.1` as bounds, all of which must hold; null where it is no requirement. */
function gemBounds(requirement: string): Bound[] | null {
  const bounds: Bound[] = [];
  for (const part of requirement.split(",")) {
    const approximate = /^\s*~>\s*([0-9A-Za-z.-]{1,100})\s*$/.exec(part)?.[1];
    if (approximate === undefined) {
      const bound = boundOf(part);
      if (bound === null) return null;
      bounds.push(bound);
      continue;
    }
    bounds.push([">=", approximate], ["<", `${nextSeries(approximate)}.A`]);
  }
  return bounds;
}

/**
 * Where `~>` ends (Gem::Version#bump): without what is a prerelease and the last
 * number, one higher. With `.A` behind it, it lies below every prerelease of that
 * series, because letters sort below numbers and capitals first.
 */
function nextSeries(version: string): string {
  const segments = version.split(".");
  const letter = segments.findIndex((segment) => !/^\d+$/.test(segment));
  const numbers = (letter === -1 ? segments : segments.slice(0, letter)).map(Number);
  if (numbers.length > 1) numbers.pop();
  const last = numbers.length - 1;
  return numbers.map((number, i) => (i === last ? number + 1 : number)).join(".");
}

/** `>=1.2`, or a version alone, which means just it. */
function boundOf(text: string): Bound | null {
  const found = /^\s*(<=|>=|<|>|==?|!=)?\s*(v?[0-9A-Za-z][\w.+~:-]{0,100})\s*$/.exec(text);
  if (found === null) return null;
  const operator = found[1] === undefined || found[1] === "==" ? "=" : found[1];
  return [operator as Bound[0], found[2] ?? ""];
}

/** `2024-27281` or `CVE-2024-27281`, both as the latter. */
function idOf(prefix: string, value: unknown): string | null {
  if (typeof value !== "string" || !/^[\w-]{2,40}$/.test(value)) return null;
  return value.toUpperCase().startsWith(prefix) ? value : `${prefix}${value}`;
}

function tenfold(value: unknown): number | null {
  const number = typeof value === "string" && value !== "" ? Number(value) : Number.NaN;
  return number >= 0 && number <= 10 ? Math.round(number * 10) : null;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null || value === "") return [];
  return Array.isArray(value) ? value : [value];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
