/**
 * Secret values in text: where they are and of what kind. The values pass through
 * and are kept nowhere: not a model (models may be cached), a function that a rule
 * calls and whose results it hashes at once. Forms are those that issuers document;
 * a literal beside a telling name is less sure. Placeholders and documented example
 * keys are left out.
 */
export type SecretFound = {
  readonly kind: string;
  readonly line: number;
  /** Per cent. */
  readonly confidence: number;
  readonly value: string;
};

const forms: readonly (readonly [string, RegExp, number])[] = [
  ["AWS access key id", /\b((?:AKIA|ASIA)[A-Z0-9]{16})\b/g, 85],
  [
    "GitHub token",
    /\b((?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36,80}|github_pat_[A-Za-z0-9_]{60,100})\b/g,
    95,
  ],
  ["GitLab token", /\b(gl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,60})\b/g, 95],
  ["Slack token", /\b(xox[abprs]-[A-Za-z0-9-]{10,100})\b/g, 90],
  ["Stripe key", /\b((?:sk|rk)_live_[A-Za-z0-9]{20,120})\b/g, 95],
  ["Google API key", /\b(AIza[A-Za-z0-9_-]{35})\b/g, 85],
  ["npm token", /\b(npm_[A-Za-z0-9]{36})\b/g, 95],
  ["PyPI token", /\b(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,300})\b/g, 95],
  ["SendGrid key", /\b(SG\.[A-Za-z0-9_-]{16,40}\.[A-Za-z0-9_-]{30,60})\b/g, 95],
  ["Anthropic key", /\b(sk-ant-[A-Za-z0-9_-]{30,150})\b/g, 95],
  ["OpenAI key", /\b(sk-(?:proj-)?[A-Za-z0-9]{32,160})\b/g, 85],
  ["Vault token", /\b(hvs\.[A-Za-z0-9_-]{24,150})\b/g, 90],
  ["age key", /\b(AGE-SECRET-KEY-1[A-Z0-9]{58})\b/g, 95],
  [
    "password in a URL",
    /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@"'`]{1,100}:([^\s/@"'`${}<>]{6,100})@[\w.-]{1,200}/g,
    75,
  ],
];

const literal =
  /(?:^|[\s"'{,_.-])((?:[\w-]{0,40}[_-])?(?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|private[_-]?key|client[_-]?secret))["']?\s*(?::=|=>|[:=])\s*["']([^"'\s]{8,200})["']/i;

/** Documented by their issuers as examples. */
const examples = new Set(["AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"]);
/** UTF-16 units. */
export const longestText = 2_000_000;
const longestLine = 20_000;
const mostFound = 500;

/** What any form begins with or has in it: most texts have none of it, and are read once. */
const anyForm =
  /AKIA|ASIA|gh[pousr]_|github_pat_|gl(?:pat|dt|rt|ptt)-|xox[abprs]-|[sr]k_live_|AIza|npm_|pypi-AgE|SG\.|sk-|hvs\.|AGE-SECRET|:\/\/[^\s/@]{1,200}@|PRIVATE KEY/;
const anyLiteral =
  /passw(?:or)?d|secret|api[_-]?key|access[_-]?key|auth[_-]?token|private[_-]?key/i;

/** Null: too long to be read, which is no clearance. */
export function secretsIn(text: string): readonly SecretFound[] | null {
  if (text.length > longestText) return null;
  const [hasForm, hasLiteral] = [anyForm.test(text), anyLiteral.test(text)];
  if (!hasForm && !hasLiteral) return [];
  const found: SecretFound[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length && found.length < mostFound; i++) {
    const whole = lines[i] ?? "";
    const line = whole.length > longestLine ? whole.slice(0, longestLine) : whole;
    if (hasForm && anyForm.test(line)) {
      const key = privateKeyAt(lines, i);
      if (key !== null) found.push(key);
      for (const [kind, pattern, confidence] of forms) {
        for (const [, value = ""] of line.matchAll(pattern)) {
          if (!examples.has(value) && !isPlaceholder(value)) {
            found.push({ kind, line: i + 1, confidence, value });
          }
        }
      }
    }
    if (!hasLiteral || !anyLiteral.test(line)) continue;
    const said = literal.exec(line);
    const value = said?.[2] ?? "";
    if (said !== null && !examples.has(value) && isRandom(value)) {
      found.push({
        kind: `${(said[1] ?? "secret").toLowerCase()} as text`,
        line: i + 1,
        confidence: 55,
        value,
      });
    }
  }
  return found;
}

/** A whole block: its header, lines of base64, its end. A header alone is a string in code. */
function privateKeyAt(lines: readonly string[], at: number): SecretFound | null {
  if (!/-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----/.test(lines[at] ?? "")) return null;
  // Also on one line, with escaped line feeds, as JSON and environments hold it.
  const inline = /PRIVATE KEY-----((?:\\n|[A-Za-z0-9+/=]){100,8000})-----END/.exec(
    lines[at] ?? "",
  )?.[1];
  const value = inline ?? blockAfter(lines, at);
  return value === null || value.length < 60
    ? null
    : { kind: "private key", line: at + 1, confidence: 95, value };
}

/** The lines of base64 up to the end of the block; null where something else stands there. */
function blockAfter(lines: readonly string[], at: number): string | null {
  const body: string[] = [];
  for (const whole of lines.slice(at + 1, at + 201)) {
    const line = whole.trim().replace(/^["'>|]+|["',\\n]+$/g, "");
    if (line.startsWith("-----END")) break;
    if (/^(?:Proc-Type|DEK-Info):/.test(line) || line === "") continue;
    if (!/^[A-Za-z0-9+/=]{1,100}$/.test(line)) return null;
    body.push(line);
  }
  return body.join("");
}

function isPlaceholder(value: string): boolean {
  return /(.)\1{7}|example|changeme|placeholder|dummy|xxxx|your[_-]|<|\$\{|\{\{/i.test(value);
}

/** Words and names are no secrets: of three kinds of characters, and not of few. */
function isRandom(value: string): boolean {
  if (
    isPlaceholder(value) ||
    value.length < 12 ||
    /^[a-z_.-]+$/i.test(value) ||
    /[\s/]{2}|^https?:/.test(value)
  )
    return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  return kinds >= 3 && entropy(value) > 3.2 && !/^(?:[A-Z_]+|[a-z-]+\.[a-z.-]+)$/.test(value);
}

/** Bits a character, by the characters' own frequencies. */
function entropy(value: string): number {
  const counts = new Map<string, number>();
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const n of counts.values()) bits -= (n / value.length) * Math.log2(n / value.length);
  return bits;
}
