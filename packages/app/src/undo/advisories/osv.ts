/**
 * OSV records (https://ossf.github.io/osv-schema/, 1.x) in JSON or YAML, from
 * values of unknown shape. What a record says beside what `AdvisoryRecord` holds
 * is not looked at, so that a newer schema does no harm; what it does hold must
 * have the right shape, or the record is refused whole.
 */
import {
  advisoryId,
  type AdvisoryRecord,
  type AffectedPackage,
  distinct,
  instantOf,
  oneLine,
  packageName,
  type RangeEvent,
  type RangeEventKind,
} from "./record.ts";
import { commitOf, pullOf, shortestCommit } from "./references.ts";
import { highestScore, severityOfScore, severityOfWord } from "./severity.ts";

type Json = Readonly<Record<string, unknown>>;

class Malformed extends Error {}

/** Whether a value looks like an OSV record, so that it is worth a complaint if it is none. */
export function looksLikeOsv(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value["id"] === "string" &&
    ("affected" in value || "modified" in value || "schema_version" in value)
  );
}

/** The record, or what is wrong with it as a sentence part. */
export function readOsv(value: unknown): AdvisoryRecord | string {
  try {
    return read(value);
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}

function read(value: unknown): AdvisoryRecord {
  const osv = object(value, "the record");
  const key = text(osv["id"], "id");
  if (!/^[!-~]{1,200}$/.test(key)) throw new Malformed("its id is no printable word");
  const affected = list(osv["affected"], "affected").map((item) => object(item, "affected"));
  const references = list(osv["references"], "references").map((item) =>
    object(item, "references"),
  );
  const urls = references
    .filter((reference) => !notAFix.has(String(reference["type"])))
    .map((reference) => reference["url"])
    .filter((url) => typeof url === "string");
  const events = gitEvents(affected);
  const commits = new Set(events.fixed);
  for (const url of urls) {
    const commit = commitOf(url);
    if (commit !== null) commits.add(commit);
  }
  for (const commit of events.introduced) commits.delete(commit);
  const vectors = [osv, ...affected].flatMap((holder) =>
    list(holder["severity"], "severity").map((s) => text(object(s, "severity")["score"], "score")),
  );
  const score = highestScore(vectors);
  const aliases = list(osv["aliases"], "aliases").map((id) => text(id, "aliases"));
  return {
    key,
    ids: distinct([key, ...aliases].filter((id) => /^[!-~]{1,200}$/.test(id)).map(advisoryId)),
    modified: instantOf(osv["modified"]),
    published: instantOf(osv["published"]),
    withdrawn:
      typeof osv["withdrawn"] === "string" && osv["withdrawn"] !== ""
        ? instantOf(osv["withdrawn"]) || "1990-01-01T00:00:00.000Z"
        : "",
    summary: oneLine(firstText(osv["summary"], osv["details"])),
    score,
    severity: score === null ? severityInWords(osv, affected, key) : severityOfScore(score),
    informational: affected.length > 0 && affected.every(isInformational),
    packages: affected.map(packageOf).filter((item) => item !== null),
    commits: [...commits].sort(),
    pulls: distinct(urls.map(pullOf).filter((pull) => pull !== null)),
  };
}

/** References of these types name what is wrong, not what repairs it. */
const notAFix = new Set(["INTRODUCED", "EVIDENCE", "DETECTION", "PACKAGE"]);

function severityInWords(osv: Json, affected: readonly Json[], key: string) {
  // Malicious packages carry no score; there is nothing worse to install.
  if (key.startsWith("MAL-")) return "critical";
  for (const holder of [osv, ...affected]) {
    for (const field of ["database_specific", "ecosystem_specific"]) {
      const inner = holder[field];
      const found = isObject(inner) ? severityOfWord(inner["severity"]) : null;
      if (found !== null) return found;
    }
  }
  // Unsound Rust code can be misused; that is a defect to know, seldom one to attack.
  return affected.some((item) => informationalKind(item) === "unsound") ? "low" : null;
}

function isInformational(affected: Json): boolean {
  const kind = informationalKind(affected);
  return kind !== null && kind !== "unsound";
}

/** RustSec's word for what is no vulnerability: unmaintained, notice, unsound. */
function informationalKind(affected: Json): string | null {
  const specific = affected["database_specific"];
  const kind = isObject(specific) ? specific["informational"] : undefined;
  return typeof kind === "string" ? kind : null;
}

function packageOf(affected: Json): AffectedPackage | null {
  if (affected["package"] === undefined || affected["package"] === null) return null;
  const named = object(affected["package"], "package");
  const [base = "", ...release] = text(named["ecosystem"], "ecosystem").split(":");
  const name = text(named["name"], "package name");
  if (base === "" || name === "" || name.length > 1000)
    throw new Malformed("a package has no name");
  const ranges: (readonly RangeEvent[])[] = [];
  for (const item of list(affected["ranges"], "ranges")) {
    const range = object(item, "ranges");
    if (range["type"] === "GIT") continue;
    ranges.push(eventsOf(range));
  }
  return {
    ecosystem: base,
    release: release.join(":"),
    name: packageName(base, name),
    versions: distinct(list(affected["versions"], "versions").map((v) => version(v))),
    ranges,
  };
}

const kinds: readonly RangeEventKind[] = ["introduced", "fixed", "last_affected", "limit"];

function eventsOf(range: Json): RangeEvent[] {
  return list(range["events"], "events").flatMap((item) => {
    const event = object(item, "events");
    return kinds
      .filter((kind) => event[kind] !== undefined && event[kind] !== null)
      .map((kind): RangeEvent => [kind, version(event[kind])]);
  });
}

function gitEvents(affected: readonly Json[]): { fixed: string[]; introduced: string[] } {
  const found = { fixed: [] as string[], introduced: [] as string[] };
  for (const item of affected) {
    for (const value of list(item["ranges"], "ranges")) {
      const range = object(value, "ranges");
      if (range["type"] !== "GIT") continue;
      for (const [kind, id] of eventsOf(range)) {
        const commit = id.toLowerCase();
        if (!/^[0-9a-f]{12,64}$/.test(commit) || commit.length < shortestCommit) continue;
        if (kind === "fixed") found.fixed.push(commit);
        else if (kind === "introduced") found.introduced.push(commit);
      }
    }
  }
  return found;
}

function version(value: unknown): string {
  // YAML writers may leave 1.0 unquoted.
  const found = typeof value === "number" ? String(value) : text(value, "a version");
  if (found.length > 300) throw new Malformed("a version has more than 300 characters");
  return found;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: unknown, what: string): Json {
  if (!isObject(value)) throw new Malformed(`${what} is no object`);
  return value;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Malformed(`${what} is no list`);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== "string") throw new Malformed(`${what} is no text`);
  return value;
}

function firstText(...values: readonly unknown[]): string {
  return (values.find((value) => typeof value === "string" && value !== "") as string) ?? "";
}
