/**
 * dep.downgraded: a package, base image, action, chart, provider or runtime goes back
 * to an older version. Says nothing of advisories; that is dep.vuln-reintroduced. What
 * goes up is `better`. Left out: versions that cannot be compared (branches, commits).
 *
 * All packages of one folder's files go back together and count as one cause: a lock
 * file in which fifty versions fall is one decision.
 */
import { purlOf } from "../../advisories/purl.ts";
import { endOfLife } from "../../dependencies/end-of-life.ts";
import {
  causeOf,
  type Move,
  movesOf,
  type PackageChange,
  packageChanges,
  placeOf,
} from "../../dependencies/delta.ts";
import { isDependencyFile } from "../../dependencies/packages-model.ts";
import { statement } from "../clear.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import { compareText } from "../order.ts";
import { finding, type Finding, type Rule, type RuleInput, type Severity } from "../rule.ts";

/** Packages whose work is protection: going back weighs more. */
const guardian =
  /(?:^|[/@:_.-])(?:auth|oauth|passport|devise|jwt|jose|jsonwebtoken|session|csrf|helmet|cors|crypto|cryptography|bcrypt|argon2|openssl|rustls|saml|oidc|tls|acl|casl|sanitize|dompurify|bleach|xss|keycloak|rack-attack|django-axes|spring-security|shiro|certifi)/i;

export const depDowngraded: Rule = {
  id: "dep.downgraded",
  version: 4,
  implications: ["dep.downgraded"],
  reads: (path) => isDependencyFile(path) && !isDocumentation(path),
  run(input): readonly Finding[] {
    return packageChanges(input.files, input.models)
      .flatMap((change) => movesOf(change).map((move) => describe(change, move, input)))
      .sort((a, b) => compareText(a.subject, b.subject));
  },
};

function describe(
  { ecosystem, name }: PackageChange,
  { from, to, order }: Move,
  input: RuleInput,
): Finding {
  const worse = order < 0;
  const ended = endOfLife(name, to.version ?? "");
  const unsupported = ended !== undefined && ended < input.asOf.slice(0, 10);
  const dev = to.dev || isTest(to.path);
  const severity: Severity = !worse
    ? "info"
    : !dev && (unsupported || guardian.test(name))
      ? "medium"
      : "low";
  return finding(depDowngraded, {
    implication: "dep.downgraded",
    direction: worse ? "worse" : "better",
    subject: `${purlOf(ecosystem, name)} ${from.version} to ${to.version}`,
    locations: [placeOf(from, "before"), placeOf(to, "after")],
    evidence: [
      {
        kind: "value",
        text: `${name} ${from.version} to ${to.version}${dev ? " (development only)" : ""}`,
      },
      ...(unsupported
        ? [{ kind: "value" as const, text: `${name} ${to.version} gets no fixes since ${ended}` }]
        : []),
    ],
    severity,
    confidence: 95,
    ...(dev ? { reach: "development" as const } : {}),
    rootCause: causeOf(to.path),
    clearBy: [
      {
        kind: "package-at-least",
        package: purlOf(ecosystem, name),
        version: from.version ?? "",
        text: `${name} ${from.version} or later is there`,
      },
      statement("the changelog between the two versions was read by a named person"),
    ],
  });
}
