/**
 * fix.advisory-reverted: an undone commit names a security advisory, so what is
 * undone is most likely its fix. Undoing a revert of a fix brings the fix back:
 * `better`. Not an advisory match: whether the state gone back to is vulnerable
 * is told by dep.vuln-reintroduced and people.
 *
 * Silent on changes of an advisory database (paths named after advisories), and
 * only `info` where nothing but documentation changes.
 */
import { statement } from "../clear.ts";
import { advisoryIds } from "../advisory-ids.ts";
import { revertDepth } from "../../message/revert-depth.ts";
import { isDocumentation } from "../file-classes.ts";
import { compareText } from "../order.ts";
import { type Evidence, finding, type Finding, type Rule } from "../rule.ts";

type Mention = { readonly brings: "back" | "away"; readonly evidence: Evidence[] };

export const fixAdvisoryReverted: Rule = {
  id: "fix.advisory-reverted",
  version: 1,
  implications: ["fix.advisory-reverted"],
  run(input): Finding[] {
    if (input.files.some((file) => advisoryIds(file.path).length > 0)) return [];
    const documentation =
      input.files.length > 0 && input.files.every((f) => isDocumentation(f.path));
    const mentions = new Map<string, Mention>();
    for (const undone of input.undone) {
      const brings = revertDepth(undone.subject) % 2 === 0 ? "away" : "back";
      for (const id of advisoryIds(undone.message)) {
        const evidence: Evidence = {
          kind: "message",
          text: lineWith(undone.message, id),
          commit: undone.commit,
        };
        const known = mentions.get(id);
        // A fix undone and its revert undone too: what is worse is told.
        if (known === undefined || (known.brings === "back" && brings === "away")) {
          mentions.set(id, { brings, evidence: [evidence] });
        } else if (known.brings === brings) known.evidence.push(evidence);
      }
    }
    return [...mentions]
      .sort(([a], [b]) => compareText(a, b))
      .map(([id, { brings, evidence }]) =>
        finding(fixAdvisoryReverted, {
          implication: "fix.advisory-reverted",
          direction: brings === "away" ? "worse" : "better",
          subject: id,
          locations: [],
          evidence: evidence.slice(0, 5),
          severity: documentation || brings === "back" ? "info" : "high",
          confidence: 90,
          rootCause: `advisory:${id}`,
          clearBy: [
            statement(`the state gone back to holds another fix for ${id} (version or code)`),
            statement(`${id} is withdrawn or does not apply here`),
            statement("the risk is accepted by a named person until a date"),
          ],
        }),
      );
  },
};

function lineWith(message: string, id: string): string {
  const line = message.split("\n").find((l) => l.toUpperCase().includes(id.toUpperCase())) ?? id;
  return line.trim().slice(0, 300).toWellFormed();
}
