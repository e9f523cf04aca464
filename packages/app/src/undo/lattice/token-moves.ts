/**
 * Controls that source code states in one token of a line: `InsecureSkipVerify:
 * true`, `sslmode=verify-full`, `md5(`. Compared are the lines that only one side
 * of a file has, counted over the whole change, so that a line that moves is none.
 * Left out: what a token's line means where it stands; comments are skipped.
 */
import { isDocumentation, isTest } from "../rules/file-classes.ts";
import { compareText } from "../rules/order.ts";
import {
  type ChangedFile,
  type Direction,
  finding,
  type Finding,
  type Rule,
  type RuleInput,
  type Severity,
} from "../rules/rule.ts";
import { statement } from "../rules/clear.ts";

export type TokenRow = {
  readonly id: string;
  readonly implication: string;
  readonly severity: Severity;
  readonly source: string;
  readonly files: RegExp;
  /** How strong what a line says is; null: it says nothing of it. Higher is stronger. */
  readonly rank: (line: string) => number | null;
  /** The rank where a file says nothing; null: silence says nothing. */
  readonly absent: number | null;
  readonly clearBy: string;
};

export type Line = { readonly text: string; readonly line: number };

const code =
  /\.(?:go|rb|py|[cm]?[jt]sx?|java|kt|cs|php|rs|ex|exs|c|cc|cpp|h|scala|swift|sh|bash|tf|ya?ml|json|toml|cfg|ini|conf|env|properties|tpl|jsonnet)$|Dockerfile|Makefile/;
const program = /\.(?:go|rb|py|[cm]?[jt]sx?|java|kt|cs|php|rs|ex|exs|scala|swift|c|cc|cpp)$/;

function weakWhere(pattern: RegExp): (line: string) => number | null {
  return (line) => (pattern.test(line) ? 0 : null);
}

const modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
const modePattern =
  /sslmode["']?\s{0,4}(?:=>?|:|%3D|["'],)\s{0,4}["']?(disable|allow|prefer|require|verify-ca|verify-full)\b/i;
const versionPattern =
  /(?:min(?:imum)?_?(?:tls_?|ssl_?|protocol_?)?version|tls_?min|VersionTLS1|PROTOCOL_TLSv1)\w{0,12}["']?\s{0,4}(?::|=|,|\()?[^\n]{0,60}?(?:TLS|tls)[_v.]{0,2}(?:Version)?(?:TLS)?v?1[._]?([0-3])/i;
const hardened =
  "automountserviceaccounttoken=false runasnonroot=true readonlyrootfilesystem=true allowprivilegeescalation=false privileged=false hostnetwork=false hostpid=false".split(
    " ",
  );
const hardening =
  /\b(automountServiceAccountToken|runAsNonRoot|readOnlyRootFilesystem|allowPrivilegeEscalation|privileged|hostNetwork|hostPID)\b["']?\s{0,12}[:=]\s{0,4}(?:[\w.]{1,30}(?:\[bool\])?\()?(true|false)\b/i;

const notForSecurity =
  /checksum|etag|cache|fingerprint|dedup|shard|bucket|uuid|integrity|content.?hash|file.?hash|gravatar|git|usedforsecurity|hash_?key|idempot|partition|color|colour/i;

/** Hashes, ciphers and signatures from broken to sound (NIST SP 800-131A r2, OWASP ASVS 4.0.3 V6). */
const strengths: readonly [RegExp, number][] = [
  [
    /\b(?:md4|md5|rc4|arc4|arcfour|des-?cbc|des-?ecb|crypt_md5)\b|hashlib\.md5|MessageDigest\.getInstance\("MD5|NewCipher\(des|\bDES\.(?:new|create)/i,
    0,
  ],
  [
    /\b(?:sha-?1|3des|des-?ede3?|tripledes)\b|hashlib\.sha1|aes[-_/]?(?:128|192|256)?[-_/]ecb|MODE_ECB/i,
    1,
  ],
  [
    /\b(?:sha-?(?:224|256|384|512)|sha3|blake2[bs]?|blake3|aes[-_]?(?:128|192|256)?[-_]?(?:gcm|cbc|ctr)|chacha20|argon2(?:id)?|scrypt|bcrypt|hmac-?sha-?256)\b|MODE_GCM/i,
    2,
  ],
];

export const tokenRows: readonly TokenRow[] = [
  {
    id: "sslmode",
    implication: "crypto.tls-weakened",
    severity: "high",
    files: code,
    source: "https://www.postgresql.org/docs/18/libpq-ssl.html",
    rank: (line) => {
      const at = modePattern.exec(line)?.[1];
      return at === undefined ? null : modes.indexOf(at.toLowerCase());
    },
    absent: 2,
    clearBy: "the connection string that is deployed names the stronger mode",
  },
  {
    id: "certificate verification",
    implication: "crypto.tls-weakened",
    severity: "high",
    files: code,
    source: "CWE-295",
    rank: weakWhere(
      /InsecureSkipVerify["']?\s{0,12}[:=]\s{0,4}true|\bverify\s?=\s?False\b|rejectUnauthorized["']?\s?:\s?false|NODE_TLS_REJECT_UNAUTHORIZED["'\]]{0,2}\s?[:=]\s?["']?0|CURLOPT_SSL_VERIFY(?:PEER|HOST)\s?,\s?(?:false|0)|VERIFY_NONE\b|_create_unverified_context|danger_accept_invalid_certs\(true|CERT_NONE\b|\bcurl\s(?:[^|;&\n]{0,200}\s)?(?:-k|--insecure|-[a-zA-Z]{1,6}k)\s|--no-check-certificate|sslVerify["']?[\s=:]{1,4}["']?false|ServerCertificateValidationCallback[^\n]{0,100}true|--insecure-skip-tls-verify(?:=true)?\b(?!=false)|--skip-tls-verify|check_hostname\s?=\s?False/,
    ),
    absent: 1,
    clearBy: "the peer is only reached over a network that nobody else is on",
  },
  {
    id: "plain gRPC",
    implication: "crypto.tls-weakened",
    severity: "medium",
    files: program,
    source: "https://pkg.go.dev/google.golang.org/grpc/credentials/insecure",
    rank: weakWhere(
      /grpc\.WithInsecure\(|insecure\.NewCredentials\(|grpc\.insecure_channel\(|credentials\.createInsecure\(|usePlaintext\(/,
    ),
    absent: 1,
    clearBy: "a mesh encrypts the connection (mTLS is strict)",
  },
  {
    id: "TLS version",
    implication: "crypto.tls-weakened",
    severity: "high",
    files: program,
    source: "https://www.rfc-editor.org/rfc/rfc8996",
    rank: (line) => {
      const at = versionPattern.exec(line)?.[1];
      return at === undefined ? null : Number(at);
    },
    absent: null,
    clearBy: "the library or the proxy in front refuses older versions",
  },
  {
    id: "algorithm",
    implication: "crypto.algorithm-weakened",
    severity: "high",
    files: program,
    source: "NIST SP 800-131A r2",
    rank: (line) =>
      notForSecurity.test(line) || /^\s*(?:import|use|require|from)\b|["']sha\d+-/.test(line)
        ? null
        : (strengths.find(([pattern]) => pattern.test(line))?.[1] ?? null),
    absent: null,
    clearBy: "it is not used for security (checksum, cache key)",
  },
  {
    id: "key size",
    implication: "crypto.algorithm-weakened",
    severity: "high",
    files: program,
    source: "NIST SP 800-57 part 1 r5",
    rank: (line) =>
      Number(
        /(?:rsa\.GenerateKey\([^,\n]{1,60},\s?|RSA\.(?:new|generate)\(|generate_private_key\([^\n]{0,80}key_size\s?=\s?|modulusLength\s?:\s?|GenerateFromPassword\([^\n]{0,100},\s?|bcrypt\.(?:hash|gensalt|genSalt)\w{0,6}\((?:[^,\n]{1,60},\s?)?|iterations\s?[:=]\s?)(\d{1,7})/.exec(
          line,
        )?.[1] ?? "NaN",
      ) || null,
    absent: null,
    clearBy: "the smaller size meets the policy in force",
  },
  {
    id: "pod confinement",
    implication: "workload.hardening-removed",
    severity: "medium",
    files: /\.(?:go|tf|ts|py|jsonnet|libsonnet|cue|tpl)$/,
    source: "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
    rank: (line) => {
      const [, key, value] = hardening.exec(line) ?? [];
      return key === undefined
        ? null
        : hardened.includes(`${key}=${value ?? ""}`.toLowerCase())
          ? 2
          : 0;
    },
    absent: 1,
    clearBy: "an admission policy or the namespace's Pod Security level enforces it",
  },
];

/** Lines of each side that the other has not, comments and blank lines apart. */
export function changedLines(file: ChangedFile): { gone: Line[]; come: Line[] } {
  const lines = (text: string | undefined): Line[] =>
    (text ?? "").split("\n").flatMap((raw, i) => {
      const one = raw.trim();
      return one === "" || one.length > 2000 || /^(?:#|\/\/|\*|\/\*|<!--|--\s)/.test(one)
        ? []
        : [{ text: one, line: i + 1 }];
    });
  const beyond = (some: Line[], others: Line[]) => {
    const counts = new Map<string, number>();
    for (const { text } of others) counts.set(text, (counts.get(text) ?? 0) + 1);
    return some.filter(({ text }) => {
      const left = counts.get(text) ?? 0;
      if (left > 0) counts.set(text, left - 1);
      return left === 0;
    });
  };
  if (Math.max(file.before?.length ?? 0, file.after?.length ?? 0) > 1_000_000)
    return { gone: [], come: [] };
  const [before, after] = [lines(file.before), lines(file.after)];
  return { gone: beyond(before, after), come: beyond(after, before) };
}

/** Written by a program from something else that is read itself. */
const generated =
  /(?:^|\/)(?:vendor|node_modules|dist|third_party)\/|\.(?:gen|pb|generated|min)\.\w{1,5}$|(?:zz_generated|bindata|_generated)\b/;

export function tokenReads(implication: string): (path: string) => boolean {
  const rows = tokenRows.filter((row) => row.implication === implication);
  return (path) =>
    rows.some(({ files }) => files.test(path)) &&
    !isDocumentation(path) &&
    !isTest(path) &&
    !generated.test(path);
}

export function tokenFindings(rule: Rule, input: RuleInput, implication: string): Finding[] {
  const files = input.files.filter(({ path }) => tokenReads(implication)(path));
  const lines = files.map((file) => ({ file, ...changedLines(file) }));
  return tokenRows
    .filter((row) => row.implication === implication)
    .flatMap((row) => {
      const count = (side: "gone" | "come") =>
        lines.flatMap(({ file, [side]: some }) =>
          row.files.test(file.path) ? some.flatMap(({ text }) => row.rank(text) ?? []) : [],
        );
      // Over the whole change: what only moves has the same ranks on both sides.
      const [all, now] = [count("gone"), count("come")].map((ranks) =>
        ranks.toSorted((a, b) => a - b),
      );
      if (all === undefined || now === undefined) return [];
      if (all.join() === now.join()) return [];
      return lines.flatMap(({ file, gone, come }): Finding[] => {
        if (file.status !== "modified" || !row.files.test(file.path)) return [];
        const ranked = (some: readonly Line[]) =>
          some.flatMap((one) => {
            const rank = row.rank(one.text);
            return rank === null ? [] : [{ ...one, rank }];
          });
        const [from, to] = [ranked(gone), ranked(come)];
        const step = direction(
          row,
          from.map(({ rank }) => rank),
          to.map(({ rank }) => rank),
          all.length - now.length,
        );
        if (step === null) return [];
        const place = (side: "before" | "after", some: readonly Line[]) =>
          some
            .slice(0, 3)
            .map(({ line }) => ({ side, path: file.path, startLine: line, endLine: line }));
        return [
          finding(rule, {
            implication,
            direction: step,
            subject: `${file.path}: ${row.id}`,
            locations: [...place("before", from), ...place("after", to)],
            evidence: [
              ...from.slice(0, 3).map(({ text }) => ({
                kind: "value" as const,
                text: `was: ${text}`.slice(0, 200).toWellFormed(),
              })),
              ...to.slice(0, 3).map(({ text }) => ({
                kind: "value" as const,
                text: `is: ${text}`.slice(0, 200).toWellFormed(),
              })),
            ],
            severity: step === "better" ? "info" : row.severity,
            confidence: from.length > 0 && to.length > 0 ? 75 : 65,
            rootCause: `token:${file.path}#${row.id}`,
            clearBy: [statement(row.clearBy)],
          }),
        ];
      });
    })
    .sort((a, b) => compareText(a.subject, b.subject));
}

function direction(row: TokenRow, from: number[], to: number[], net: number): Direction | null {
  if (from.length === 0 && to.length === 0) return null;
  if (from.length > 0 && to.length > 0) {
    const [a, b] = [Math.min(...from), Math.min(...to)];
    return a === b ? null : b < a ? "worse" : "better";
  }
  if (row.absent === null || net === 0) return null;
  const { absent } = row;
  if (to.length === 0) {
    return from.some((rank) => rank > absent)
      ? "worse"
      : from.some((rank) => rank < absent)
        ? "better"
        : null;
  }
  return to.some((rank) => rank < absent)
    ? "worse"
    : to.some((rank) => rank > absent)
      ? "better"
      : null;
}
