/**
 * dep.downgraded: a locked npm package goes back to a lower version. Says
 * nothing of advisories: that a lower version is vulnerable needs advisory data.
 * A package that goes up is `better`. Versions that are no semantic version
 * (git, file) are left out, and so are packages that only appear or vanish.
 *
 * One finding a package name and pair of versions, however often it is nested.
 */
import { statement } from "../clear.ts";
import { compareText } from "../order.ts";
import { isPackageLock, type LockedPackage, parsePackageLock } from "../package-lock.ts";
import { comparePrecedence, parseVersion } from "../semver.ts";
import {
  type ChangedFile,
  type Direction,
  finding,
  type Finding,
  type Location,
  type Rule,
  type Severity,
} from "../rule.ts";

/** Packages whose work is protection: going back weighs more. */
const guardian =
  /(?:^|[/@_-])(?:auth|oauth|passport|jwt|jose|jsonwebtoken|session|csrf|helmet|cors|crypto|bcrypt|argon2|saml|oidc|tls|acl|casl|sanitize|dompurify|xss|keycloak)/i;

export const depDowngraded: Rule = {
  id: "dep.downgraded",
  version: 2,
  implications: ["dep.downgraded"],
  reads: isPackageLock,
  run(input): Finding[] {
    return input.files
      .filter((file) => isPackageLock(file.path))
      .flatMap(movesOf)
      .sort((a, b) => compareText(a.subject, b.subject));
  },
};

type Move = { readonly from: LockedPackage; readonly to: LockedPackage; readonly order: number };

function movesOf(file: ChangedFile): Finding[] {
  if (file.before === undefined || file.after === undefined) return [];
  const before = parsePackageLock(file.before);
  const after = parsePackageLock(file.after);
  if (typeof before === "string" || typeof after === "string") return [];
  const [left, right] = [versionsOf(before), versionsOf(after)];
  const findings: Finding[] = [];
  for (const [name, olds] of left) {
    const news = right.get(name);
    if (news === undefined) continue;
    // By name, not by place: a tree that is nested anew moves packages about.
    const gone = highestFirst([...olds.values()].filter((item) => !news.has(item.version)));
    const come = highestFirst([...news.values()].filter((item) => !olds.has(item.version)));
    gone.slice(0, come.length).forEach((from, i) => {
      const to = come[i];
      const order = to === undefined ? 0 : compare(to, from);
      if (to !== undefined && order !== 0) findings.push(describe(file, { from, to, order }));
    });
  }
  return findings;
}

type Versions = ReadonlyMap<string, LockedPackage>;

/** Every package's semantic versions; one that ships stands for one that is only for development. */
function versionsOf(packages: ReadonlyMap<string, LockedPackage>): ReadonlyMap<string, Versions> {
  const found = new Map<string, Map<string, LockedPackage>>();
  for (const item of packages.values()) {
    if (parseVersion(item.version) === null) continue;
    const versions = found.get(item.name) ?? new Map<string, LockedPackage>();
    if (versions.get(item.version)?.dev ?? true) versions.set(item.version, item);
    found.set(item.name, versions);
  }
  return found;
}

function highestFirst(items: readonly LockedPackage[]): readonly LockedPackage[] {
  return items.toSorted((a, b) => compare(b, a) || compareText(a.version, b.version));
}

function compare(a: LockedPackage, b: LockedPackage): number {
  const [left, right] = [parseVersion(a.version), parseVersion(b.version)];
  return left === null || right === null ? 0 : comparePrecedence(left, right);
}

function describe(file: ChangedFile, { from, to, order }: Move): Finding {
  const direction: Direction = order < 0 ? "worse" : "better";
  const severity: Severity =
    direction === "better" ? "info" : guardian.test(from.name) && !to.dev ? "medium" : "low";
  return finding(depDowngraded, {
    implication: "dep.downgraded",
    direction,
    subject: `pkg:npm/${from.name.replace("@", "%40")} ${from.version} to ${to.version}`,
    locations: [locate(file, "before", from), locate(file, "after", to)].filter(
      (location) => location !== null,
    ),
    evidence: [
      {
        kind: "value",
        text: `${from.name} ${from.version} to ${to.version}${to.dev ? " (development only)" : ""}`,
      },
    ],
    severity,
    confidence: 100,
    rootCause: `package:npm/${from.name}`,
    clearBy: [
      statement(`no advisory affects ${from.name} ${to.version} (advisory data of today)`),
      statement("the changelog between the two versions was read by a named person"),
    ],
  });
}

/** The line of the package's key; a second pass over the text, because JSON.parse keeps no positions. */
function locate(file: ChangedFile, side: "before" | "after", at: LockedPackage): Location | null {
  const text = file[side] ?? "";
  const name = JSON.stringify(at.name);
  let index = text.indexOf(`${JSON.stringify(at.place)}: {`);
  if (index === -1) index = text.indexOf(`${name}: {`);
  if (index === -1) return null;
  let line = 1;
  for (let i = text.indexOf("\n"); i !== -1 && i < index; i = text.indexOf("\n", i + 1)) line++;
  return { side, path: file.path, startLine: line, endLine: line };
}
