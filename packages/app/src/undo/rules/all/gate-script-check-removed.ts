/**
 * gate.script-check-removed: a script of delivery that validates or checks (by its
 * path) stops in fewer cases than before: fewer `raise`, `exit 1`, `throw` and the
 * like, or it is gone. What the check was about is not known, only that it failed a
 * delivery and does not any more; so it is likely, never sure.
 */
import { statement } from "../clear.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import { type ChangedFile, finding, type Finding, type Rule } from "../rule.ts";

const delivery =
  /(?:^|\/)(?:deploy\w*|ci|\.ci|scripts?|tools?|hack|build|ops|release|gates?|pre-?commit)\//i;
const checks = /(?:validat|check|verif|lint|polic|guard|audit|compliance)/i;
/** Where such a script stops a delivery. */
const stops =
  /^\s*(?:raise\b|throw\b|sys\.exit\(|process\.exit\((?!0)|exit [1-9]|exit\(\s*[1-9]|fail\b|die\b|abort\b|panic\(|log\.Fatal|os\.Exit\((?!0)|return (?:errors?\.|fmt\.Errorf|err\b)|assert\b|deny\b|violation\b)/;

export const gateScriptCheckRemoved: Rule = {
  id: "gate.script-check-removed",
  version: 1,
  implications: ["gate.ci-check-removed"],
  reads: isCheck,
  run({ files }): readonly Finding[] {
    const added = files.filter(({ path, status }) => status === "added" && isCheck(path));
    return files.filter(({ path }) => isCheck(path)).flatMap((file) => compared(file, added));
  },
};

function isCheck(path: string): boolean {
  return (
    delivery.test(path) &&
    checks.test(path) &&
    /\.(?:py|sh|bash|rb|js|ts|mjs|go|rego|pl)$/.test(path) &&
    !isTest(path) &&
    !isDocumentation(path)
  );
}

function compared(
  { path, status, before, after }: ChangedFile,
  added: readonly ChangedFile[],
): Finding[] {
  if (before === undefined) return [];
  const [from, to] = [stopsIn(before), stopsIn(after ?? "")];
  const moved = added.some((other) => stopsIn(other.after ?? "").length >= from.length);
  if (from.length === to.length || (status === "removed" && moved)) return [];
  const worse = from.length > to.length;
  const kept = new Set(to.map(({ text }) => text));
  const gone = from.filter(({ text }) => !kept.has(text));
  return [
    finding(gateScriptCheckRemoved, {
      implication: "gate.ci-check-removed",
      direction: worse ? "worse" : "better",
      subject: path,
      locations: gone
        .slice(0, 5)
        .map(({ line }) => ({ side: "before", path, startLine: line, endLine: line })),
      evidence: [
        { kind: "value", text: `stops a delivery in ${from.length} places, then in ${to.length}` },
      ],
      severity: worse ? "medium" : "info",
      confidence: 55,
      reach: "ci",
      rootCause: `code:${path}`,
      clearBy: [statement("the same is checked elsewhere before production")],
    }),
  ];
}

function stopsIn(text: string): { line: number; text: string }[] {
  if (text.length > 1_000_000) return [];
  return text
    .split("\n")
    .map((line, i) => ({ line: i + 1, text: line.slice(0, 500).trim() }))
    .filter(({ text: one }) => stops.test(one));
}
