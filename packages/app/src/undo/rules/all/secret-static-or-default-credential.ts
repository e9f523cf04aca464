/**
 * secret.static-or-default-credential: where identity was proven for a moment (OIDC,
 * workload identity, a generated value), a long-lived or default credential stands
 * again: a key file, a token out of a secret store, a password that everybody knows.
 */
import { statement } from "../clear.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import {
  type ChangedFile,
  finding,
  type Finding,
  type Location,
  type Rule,
  type Side,
} from "../rule.ts";

/** Identity for a moment. */
const federated =
  /id-token:\s*write|role-to-assume|workload_identity_provider|workloadIdentity|federated|OIDC|azure\/login|ACTIONS_ID_TOKEN|keyless/i;
/** A stored credential that is handed in. */
const stored =
  /\$\{\{\s*secrets\.([A-Z0-9_]{0,60}(?:TOKEN|KEY|SECRET|PASSWORD|CREDENTIALS?)[A-Z0-9_]{0,20})\s*\}\}/gi;
/** Names of files and settings that hold long-lived credentials. */
const longLived =
  /\b(kubeconfig|credentials_json|service_account_key|GOOGLE_APPLICATION_CREDENTIALS|aws_secret_access_key|personal_access_token|static_credentials?)(?![A-Za-z])/gi;
const known =
  /(?:password|passwd|secret(?:_key)?)["']?\s*(?::=|=>|[:=])\s*["']?(changeme|change-me|password|passw0rd|admin|secret|letmein|root|postgres|123456|default)["']?\s*(?:$|[,;#}\s])/i;

export const secretStaticOrDefaultCredential: Rule = {
  id: "secret.static-or-default-credential",
  version: 1,
  implications: ["secret.static-or-default-credential"],
  reads: isPlace,
  run({ files }): readonly Finding[] {
    const some = files.filter(({ path }) => isPlace(path));
    return [...staticOnes(some), ...namedOnes(some), ...defaults(some)];
  },
};

function isPlace(path: string): boolean {
  return (
    !isTest(path) &&
    !isDocumentation(path) &&
    /\.(?:ya?ml|json|toml|env|ini|cfg|conf|properties|tf|tfvars|py|rb|js|ts|go|java|cs|php|sh)$|(?:^|\/)(?:Dockerfile|\.env[\w.-]*)$/.test(
      path,
    )
  );
}

/** A workflow that loses its federation and takes a stored credential instead. */
function staticOnes(files: readonly ChangedFile[]): Finding[] {
  return files.flatMap(({ path, before = "", after = "" }) => {
    if (!path.startsWith(".github/workflows/")) return [];
    const had = new Set(names(before, stored));
    const come = names(after, stored).filter((name) => !had.has(name) && name !== "GITHUB_TOKEN");
    const lost = occurrences(before, federated) > occurrences(after, federated);
    const [first] = come;
    // A workflow that is new takes what it needs; one that had no such secret went without.
    if (first === undefined || before === "") return [];
    return [
      make({
        subject: `${path}: ${first}`,
        text: lost
          ? `${come.join(", ")} where identity was proven for the job`
          : `${come.join(", ")} is handed in where it was not needed`,
        locations: lineOf({ path, after }, "after", first),
        severity: lost ? "high" : "medium",
        confidence: lost ? 85 : 50,
        rootCause: `credential:${path}`,
      }),
    ];
  });
}

/** A name that no changed file had, or that is used in several more places of one file. */
function namedOnes(files: readonly ChangedFile[]): Finding[] {
  const before = new Set(files.flatMap((file) => names(file.before ?? "", longLived)));
  return files.flatMap((file) => {
    if (file.before === undefined || file.after === undefined) return [];
    const [had, has] = [names(file.before, longLived), names(file.after, longLived)];
    const count = (some: readonly string[], name: string) =>
      some.filter((one) => one === name).length;
    const first = has.find((name) => !before.has(name) || count(has, name) >= count(had, name) + 3);
    if (first === undefined) return [];
    return [
      make({
        subject: `${file.path}: ${first}`,
        text: before.has(first) ? `${first} is used in more places` : `${first} is used again`,
        locations: lineOf(file, "after", first),
        severity: "medium",
        confidence: before.has(first) ? 50 : 60,
        rootCause: `credential:${file.path}`,
      }),
    ];
  });
}

function defaults(files: readonly ChangedFile[]): Finding[] {
  return files.flatMap((file) => {
    if (file.after === undefined || file.before === undefined) return [];
    // In code such a word is mostly a name; in settings it is the value.
    if (
      !/\.(?:ya?ml|json|toml|env|ini|cfg|conf|properties|tfvars)$|(?:^|\/)\.env[\w.-]*$/.test(
        file.path,
      )
    )
      return [];
    const had = linesWith(file.before, known);
    return [...linesWith(file.after, known)]
      .filter(([line]) => !had.has(line))
      .slice(0, 5)
      .map(([, number]) =>
        make({
          subject: `${file.path}: a password that everybody knows`,
          text: "a default value stands where there was none",
          locations: [{ side: "after", path: file.path, startLine: number, endLine: number }],
          severity: "high",
          confidence: 70,
          rootCause: `credential:${file.path}`,
        }),
      );
  });
}

function names(text: string, pattern: RegExp): string[] {
  return text.length > 1_000_000
    ? []
    : Array.from(text.matchAll(pattern), ([, name = ""]) => name.toUpperCase());
}

function occurrences(text: string, pattern: RegExp): number {
  return text.length > 1_000_000
    ? 0
    : text.split("\n").filter((line) => line.length < 2000 && pattern.test(line)).length;
}

function linesWith(text: string, pattern: RegExp): Map<string, number> {
  const found = new Map<string, number>();
  if (text.length > 1_000_000) return found;
  for (const [i, line] of text.split("\n").entries()) {
    if (line.length < 500 && pattern.test(line)) found.set(line.trim(), i + 1);
  }
  return found;
}

function lineOf(file: { path: string; after?: string }, side: Side, name: string): Location[] {
  const at = (file.after ?? "").split("\n").findIndex((line) => line.toUpperCase().includes(name));
  return [{ side, path: file.path, startLine: at + 1 || 1, endLine: at + 1 || 1 }];
}

function make(facts: {
  readonly subject: string;
  readonly text: string;
  readonly locations: Finding["locations"];
  readonly severity: Finding["severity"];
  readonly confidence: number;
  readonly rootCause: string;
}): Finding {
  const { text, ...rest } = facts;
  return finding(secretStaticOrDefaultCredential, {
    implication: "secret.static-or-default-credential",
    direction: "worse",
    ...rest,
    evidence: [{ kind: "value", text }],
    clearBy: [statement("the value is injected at deployment, or the credential is short-lived")],
  });
}
