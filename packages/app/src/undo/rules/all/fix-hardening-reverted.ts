/**
 * fix.hardening-reverted: an undone commit says in strict words that it makes
 * something safer, and going back loses something by structure outside of tests.
 * Neither alone gives a finding. It has the root cause of the place that is lost,
 * so it counts once with the rule that says what was lost there.
 *
 * Left out: fixes that say nothing, and words in pull requests.
 */
import { settingMoves } from "../../lattice/setting-moves.ts";
import { formatOf } from "../../models/settings/settings.ts";
import { revertDepth } from "../../message/revert-depth.ts";
import { meaningsOf } from "../../models/source/classify.ts";
import { locationsOf, placeOf, tell } from "../../models/source/findings.ts";
import { isComparedSource, type Loss, lossesOf } from "../../models/source/losses.ts";
import { isSchemaPath, limitsOf, weakerLimits } from "../../models/source/schema-limits.ts";
import { statement } from "../clear.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import {
  type ChangedFile,
  type Evidence,
  finding,
  type Finding,
  type Location,
  type Rule,
  type RuleInput,
} from "../rule.ts";

export const fixHardeningReverted: Rule = {
  id: "fix.hardening-reverted",
  version: 1,
  implications: ["fix.hardening-reverted"],
  reads: (path) =>
    isComparedSource(path) || isSchemaPath(path) || formatOf(path) !== null || isTrust(path),
  run(input): Finding[] {
    const words = wordsOfFix(input);
    if (words.length === 0) return [];
    const lost = ofSource(input) ?? ofSettings(input) ?? ofSchemas(input) ?? ofTrust(input);
    if (lost === null) return [];
    const { place, isStrong, evidence, locations } = lost;
    return [
      finding(fixHardeningReverted, {
        implication: "fix.hardening-reverted",
        direction: "worse",
        subject: place.slice(0, 300).toWellFormed(),
        locations,
        evidence: [...words.slice(0, 3), ...evidence],
        severity: isStrong ? "medium" : "low",
        confidence: isStrong ? 65 : 50,
        rootCause: place,
        clearBy: [
          statement("the author of what is undone says that it was no fix"),
          statement("a test that fails without the fix passes in the state gone back to"),
        ],
      }),
    ];
  },
};

/** Each says by itself that a commit is about attackers or about what they reach. */
const strict =
  /\b(?:vulnerab\w{2,8}|secur(?:e|es|ed|ing|ity)|insecure|harden(?:s|ed|ing)?|exploit\w{0,6}|xss|ssrf|csrf|xsrf|xxe|rce|sqli|(?:sql|command|code|header|log|template|html|script|ldap|object|prompt) injection|injections?|bypass(?:es|ed|ing)?|dos|redos|denial[ -]of[ -]service|brute[ -]?forc\w{1,3}|timing attacks?|open redirects?|path traversal|directory traversal|traversal|privilege escalation|privileges?|least privilege|enumeration|clickjack\w{0,5}|session fixation|spoof\w{0,5}|smuggl\w{1,5}|deseriali[sz]ation|attack(?:s|er|ers)?|malicious|untrusted|unsafe|safer|sanitiz\w{1,6}|sanitis\w{1,6}|unauthori[sz]ed|leak(?:s|ed|ing|age)? (?:of |the |any )?(?:secrets?|credentials?|tokens?|passwords?|keys?|user|private|sensitive)|sensitive data|(?:secret|credential|token|password|key)s? leak\w{0,4}|restrict(?:s|ed|ing|ions?)?|cve-\d{4}|ghsa-\w{4}|cwe-\d{1,4}|pen ?test\w{0,4}|hijack\w{0,4}|poisoning|overflow|use[ -]after[ -]free|out[ -]of[ -]bounds)\b/i;

/** The first strict word of each undone commit that does not itself take back. */
function wordsOfFix(input: RuleInput): Evidence[] {
  return input.undone.flatMap(({ commit, subject, message }): Evidence[] => {
    if (revertDepth(subject) % 2 === 1) return [];
    const text = message
      .slice(0, 8000)
      .split("\n")
      .filter(
        (line) =>
          !/^(?:[A-Z][\w-]{1,30}-[Bb]y|Co-authored|Signed-off|Change-Id|changelog):?/i.test(line),
      )
      .join(" ");
    const word = strict.exec(text)?.[0];
    return word === undefined
      ? []
      : [{ kind: "message", commit, text: `${subject.slice(0, 150).toWellFormed()} (${word})` }];
  });
}

type Lost = {
  readonly place: string;
  readonly isStrong: boolean;
  readonly evidence: readonly Evidence[];
  readonly locations: readonly Location[];
};

function value(text: string): Evidence {
  return { kind: "value", text: text.slice(0, 300).toWellFormed() };
}

/** The place with the gravest loss; the first of those. */
function ofSource(input: RuleInput): Lost | null {
  const losses = lossesOf(input, "before").filter(
    (loss) => isStructural(loss) || meaningsOf(loss).length > 0,
  );
  const rank = (loss: Loss): number => {
    const known = Math.max(0, ...meaningsOf(loss).map(({ confidence }) => confidence));
    return known + (loss.subjectStays ? 1 : 0);
  };
  const [first] = losses.toSorted((a, b) => rank(b) - rank(a));
  if (first === undefined) return null;
  const there = losses.filter((loss) => placeOf(loss) === placeOf(first));
  const what = meaningsOf(first)[0]?.what ?? "a refusal is gone or narrower";
  return {
    place: placeOf(first),
    isStrong: first.subjectStays,
    evidence: [value(tell(first, what, "worse"))],
    locations: locationsOf(there, "worse"),
  };
}

function isStructural({ kind, effect }: Loss): boolean {
  return (kind === "exit" || kind === "narrowed") && effect === "refuses";
}

function ofSettings(input: RuleInput): Lost | null {
  const move = settingMoves(input).find(
    ({ direction, file }) => direction === "worse" && !isTest(file.path),
  );
  if (move === undefined) return null;
  const { path } = move.file;
  const line = move.before?.line ?? 1;
  return {
    place: `setting:${path}#${move.key}`.slice(0, 300).toWellFormed(),
    isStrong: true,
    evidence: [value(move.text)],
    locations: [{ side: "before", path, startLine: line, endLine: move.before?.endLine ?? line }],
  };
}

function ofSchemas(input: RuleInput): Lost | null {
  for (const file of input.files) {
    if (!isSchemaPath(file.path) || isTest(file.path) || isDocumentation(file.path)) continue;
    const before = limitsOf(input.models, file, "before");
    const after = limitsOf(input.models, file, "after");
    const weaker = before === null || after === null ? undefined : weakerLimits(before, after)[0];
    if (weaker === undefined) continue;
    const { name, place, line } = weaker.before;
    return {
      place: `schema:${file.path}`,
      isStrong: true,
      evidence: [value(`${name} of ${place} is gone or wider`)],
      locations: [{ side: "before", path: file.path, startLine: line, endLine: line }],
    };
  }
  return null;
}

function isTrust(path: string): boolean {
  return /\.(?:tf|tf\.json)$/.test(path);
}

/**
 * Who may take a role: the branch, environment or event that a workload identity is
 * bound to, or an explicit denial. What goes with its role is no wider grant, but in
 * a commit that says it restricts, it is what is taken back.
 */
const binding =
  /:ref:refs\/(?:heads|tags)\/|:environment:[\w*-]|:pull_request\b|:job_workflow_ref:|^\s*effect\s*=\s*"Deny"|"Effect"\s*:\s*"Deny"/;

function ofTrust(input: RuleInput): Lost | null {
  const files = input.files.filter(({ path }) => isTrust(path) && !isTest(path));
  const count = (text: string | undefined) => bindings(text).length;
  const sum = (side: "before" | "after") => files.reduce((all, file) => all + count(file[side]), 0);
  if (sum("after") >= sum("before")) return null;
  const file = files.find((one: ChangedFile) => count(one.before) > count(one.after));
  if (file === undefined) return null;
  const left = new Set(bindings(file.after).map(({ text }) => text));
  const gone = bindings(file.before)
    .filter(({ text }) => !left.has(text))
    .slice(0, 5);
  const { path } = file;
  return {
    place: `trust:${path}`,
    isStrong: false,
    evidence: gone.map(({ text }) => value(`a restriction is gone: ${text.slice(0, 200)}`)),
    locations: gone.map(({ line }) => ({ side: "before", path, startLine: line, endLine: line })),
  };
}

function bindings(text: string | undefined): { text: string; line: number }[] {
  return (text ?? "").split("\n").flatMap((raw, index) => {
    const line = raw.slice(0, 2000);
    return binding.test(line) && !/^\s*(?:#|\/\/)/.test(line)
      ? [{ text: line.trim(), line: index + 1 }]
      : [];
  });
}
