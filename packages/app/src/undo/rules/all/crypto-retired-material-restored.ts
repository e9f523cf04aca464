/**
 * crypto.retired-material-restored: a certificate or key is back that the state left
 * had no more. Sure where the certificate has run out; likely where a message says
 * that it was retired. A certificate that both states have says nothing.
 */
import { X509Certificate } from "node:crypto";
import { type ClearCondition, statement } from "../clear.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import { finding, type Finding, type Rule, type RuleInput, type Side } from "../rule.ts";

const retired =
  /\b(?:rotat\w{0,4}|retir\w{0,4}|expir\w{0,4}|revok\w{0,3}|old|remov\w{0,3}|delet\w{0,3}|replac\w{0,3}|renew\w{0,3}|new)\b[^\n]{0,80}\b(?:cert|certificate|key|pin|jwk|ca)s?\b|\b(?:cert|certificate|key|pin|jwk)s?\b[^\n]{0,80}\b(?:rotat|retir|expir|revok|remov|replac|renew)/i;
const pem = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{100,20000}?-----END CERTIFICATE-----/g;
const keyIds = /"(?:kid|keyId|key_id)"\s*:\s*"([^"]{1,200})"|(arn:aws:kms:[\w:/-]{10,200})/g;
const mostCertificates = 200;

type Certificate = {
  readonly hash: string;
  readonly path: string;
  readonly line: number;
  readonly until: string;
};

export const cryptoRetiredMaterialRestored: Rule = {
  id: "crypto.retired-material-restored",
  version: 1,
  implications: ["crypto.retired-material-restored"],
  reads: (path) =>
    !isDocumentation(path) &&
    /\.(?:pem|crt|cer|cert|key|pub|jwks?|json|ya?ml|rb|py|go|ts|js|tf|conf|env|txt|asc)(?:\.enc)?$|(?:^|\/)(?:authorized_keys|known_hosts)$/.test(
      path,
    ),
  run(input): readonly Finding[] {
    return [...certificates(input), ...keyFiles(input), ...identifiers(input)];
  },
};

function certificates(input: RuleInput): Finding[] {
  const before = new Set(certificatesOn(input, "before").map(({ hash }) => hash));
  return certificatesOn(input, "after")
    .filter(({ hash }) => !before.has(hash))
    .map(({ hash, path, line, until }) => {
      const expired = until < input.asOf;
      const said = speaks(input);
      return make(input, {
        subject: `certificate ${hash.slice(0, 16)} in ${path}`,
        text: expired ? `it ran out at ${until}` : `it is valid until ${until}`,
        path,
        line,
        severity: expired ? "high" : "medium",
        confidence: expired ? 95 : said ? 70 : 50,
        clearBy: [
          {
            kind: "certificate-valid",
            certificate: hash,
            text: "the certificate is valid at the time of the rollback",
          },
          statement("it is not compromised and still in use, says its owner"),
        ],
      });
    });
}

function certificatesOn({ files }: RuleInput, side: Side): Certificate[] {
  const found: Certificate[] = [];
  for (const file of files) {
    const text = file[side];
    if (text === undefined || !text.includes("BEGIN CERTIFICATE") || text.length > 2_000_000)
      continue;
    for (const match of text.matchAll(pem)) {
      if (found.length >= mostCertificates) return found;
      try {
        const certificate = new X509Certificate(match[0]);
        found.push({
          hash: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
          path: file.path,
          line: text.slice(0, match.index).split("\n").length,
          until: certificate.validToDate.toISOString().replace(/\.\d+Z$/, "Z"),
        });
      } catch {
        // What calls itself a certificate and is none cannot be back.
      }
    }
  }
  return found;
}

/** A key file that comes with going back, encrypted or not: its content is not looked into. */
function keyFiles(input: RuleInput): Finding[] {
  return input.files
    .filter(
      ({ path, status }) =>
        status === "added" && /\.(?:key|pem|p12|pfx|jks)(?:\.enc)?$/.test(path) && !isTest(path),
    )
    .filter(({ after }) => after === undefined || !after.includes("BEGIN CERTIFICATE"))
    .map(({ path }) =>
      make(input, {
        subject: path,
        text: "a key file comes with the state gone back to",
        path,
        line: 1,
        severity: "medium",
        confidence: speaks(input) ? 70 : 50,
        clearBy: [statement("it is not compromised and still in use, says its owner")],
      }),
    );
}

function identifiers(input: RuleInput): Finding[] {
  if (!speaks(input)) return [];
  return input.files.flatMap((file) => {
    const ids = (text = "") =>
      text.length > 1_000_000
        ? []
        : Array.from(text.matchAll(keyIds), ([, kid, arn]) => kid ?? arn ?? "");
    const before = new Set(ids(file.before));
    const come = ids(file.after).filter((id) => !before.has(id));
    const [first] = come;
    if (first === undefined || file.before === undefined) return [];
    const line = (file.after ?? "").slice(0, (file.after ?? "").indexOf(first)).split("\n").length;
    return [
      make(input, {
        subject: `${file.path}: key id ${first.slice(0, 100)}`,
        text: `${come.length} key ${come.length === 1 ? "id is" : "ids are"} back`,
        path: file.path,
        line,
        severity: "medium",
        confidence: 60,
        clearBy: [statement("the key behind it is not retired, says its owner")],
      }),
    ];
  });
}

function speaks({ undone, undoing }: RuleInput): boolean {
  return [...undone, ...(undoing === null ? [] : [undoing])].some(({ message }) =>
    retired.test(message),
  );
}

function make(
  { undone }: RuleInput,
  facts: {
    readonly subject: string;
    readonly text: string;
    readonly path: string;
    readonly line: number;
    readonly severity: Finding["severity"];
    readonly confidence: number;
    readonly clearBy: readonly ClearCondition[];
  },
): Finding {
  const said = undone.find(({ message }) => retired.test(message));
  const { path, line, text, ...rest } = facts;
  return finding(cryptoRetiredMaterialRestored, {
    implication: "crypto.retired-material-restored",
    direction: "worse",
    ...rest,
    locations: [{ side: "after", path, startLine: line, endLine: line }],
    evidence: [
      { kind: "value", text },
      ...(said === undefined
        ? []
        : [{ kind: "message" as const, text: said.subject, commit: said.commit }]),
    ],
    rootCause: `material:${path.replace(/\.[^/]{1,20}$/, "")}`,
  });
}
