/**
 * dep.downgraded: a locked npm package goes back to a lower version. Says
 * nothing of advisories: that a lower version is vulnerable needs advisory data.
 * A package that goes up is `better`. Versions that are no semantic version
 * (git, file) are left out, and so are packages that only appear or vanish.
 *
 * One finding a package name and pair of versions, however often it is nested.
 */
import { compareText } from "../order.ts";
import { type LockedPackage, parsePackageLock } from "../package-lock.ts";
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
  version: 1,
  implications: ["dep.downgraded"],
  reads: (path) => /(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/.test(path),
  run(input): Finding[] {
    return input.files
      .filter((file) => depDowngraded.reads?.(file.path) === true)
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
  const moves = new Map<string, Move>();
  for (const [place, from] of before) {
    const to = after.get(place);
    if (to === undefined || to.name !== from.name || to.version === from.version) continue;
    const [a, b] = [parseVersion(from.version), parseVersion(to.version)];
    if (a === null || b === null) continue;
    const order = comparePrecedence(b, a);
    // Shipped beats development only, when one package is both.
    const key = `${from.name} ${from.version} ${to.version}`;
    if (order !== 0 && (moves.get(key)?.to.dev ?? true)) moves.set(key, { from, to, order });
  }
  return [...moves.values()].map((move) => describe(file, move));
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
      `no advisory affects ${from.name} ${to.version} (advisory data of today)`,
      "the changelog between the two versions was read by a named person",
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
