/**
 * fix.advisory-reverted: an undone commit is the fix of a known flaw. Either its
 * message names an advisory, or advisory data name the commit: its id, the commit
 * that it was picked from, or its pull request. Undoing a revert of a fix brings
 * the fix back: `better`. Not an advisory match: whether the state gone back to is
 * vulnerable is told by dep.vuln-reintroduced and people.
 *
 * Silent on changes of an advisory database (paths named after advisories), and
 * only `info` where nothing but documentation changes or the advisory is withdrawn.
 */
import type { Advisory } from "../../advisories/advisory-index.ts";
import { gravity, gravityText, isPublic } from "../../advisories/gravity.ts";
import { pullNumber } from "../../message/claims.ts";
import { revertDepth } from "../../message/revert-depth.ts";
import { advisoryIds } from "../advisory-ids.ts";
import { statement } from "../clear.ts";
import { isDocumentation } from "../file-classes.ts";
import { compareText } from "../order.ts";
import { type Evidence, finding, type Finding, type Rule, type RuleInput } from "../rule.ts";

type Brings = "back" | "away";

type Mention = {
  readonly brings: Brings;
  readonly evidence: Evidence[];
  /** Null: not in the data. */
  readonly advisory: Advisory | null;
  readonly withdrawn: string | null;
  /** The data name the commit, rather than the commit's message the advisory. */
  readonly named: boolean;
};

export const fixAdvisoryReverted: Rule = {
  id: "fix.advisory-reverted",
  version: 2,
  implications: ["fix.advisory-reverted"],
  run(input): Finding[] {
    if (input.files.some((file) => advisoryIds(file.path).length > 0)) return [];
    const documentation =
      input.files.length > 0 && input.files.every((f) => isDocumentation(f.path));
    return [...mentionsOf(input)]
      .sort(([a], [b]) => compareText(a, b))
      .map(([id, mention]) => report(id, mention, documentation));
  },
};

function report(id: string, mention: Mention, documentation: boolean): Finding {
  const { brings, advisory, withdrawn, named } = mention;
  const about: Evidence[] =
    advisory === null ? [] : [{ kind: "value", text: describe(advisory, withdrawn) }];
  const isHarmless = documentation || brings === "back" || withdrawn !== null;
  return finding(fixAdvisoryReverted, {
    implication: "fix.advisory-reverted",
    direction: brings === "away" ? "worse" : "better",
    subject: id,
    locations: [],
    evidence: [...mention.evidence.slice(0, 5), ...about],
    severity: isHarmless ? "info" : advisory === null ? "high" : gravity(advisory),
    confidence: named ? 95 : 90,
    rootCause: `advisory:${id}`,
    clearBy: [
      statement(`the state gone back to holds another fix for ${id} (version or code)`),
      statement(`${id} is withdrawn or does not apply here`),
      statement("the risk is accepted by a named person until a date"),
    ],
  });
}

function describe(advisory: Advisory, withdrawn: string | null): string {
  const others = advisory.aliases.filter((alias) => alias !== advisory.id);
  const names = [advisory.id, ...others.slice(0, 5)].join(", ");
  const state = withdrawn === null ? gravityText(advisory) : `withdrawn ${withdrawn.slice(0, 10)}`;
  return `${names}: ${advisory.summary.slice(0, 200).toWellFormed()} (${state})`;
}

/** By the id that the advisory is told by. */
function mentionsOf(input: RuleInput): Map<string, Mention> {
  const mentions = new Map<string, Mention>();
  const note = (id: string, brings: Brings, named: boolean, evidence: Evidence) => {
    const found = input.advisories.find(id);
    const name = found?.advisory.id ?? id;
    const known = mentions.get(name);
    // A fix undone and its revert undone too: what is worse is told.
    if (known !== undefined && (known.brings === brings || brings === "back")) {
      if (known.brings !== brings) return;
      known.evidence.push(evidence);
      if (named && !known.named) mentions.set(name, { ...known, named });
      return;
    }
    mentions.set(name, {
      brings,
      evidence: [evidence],
      advisory: found?.advisory ?? null,
      withdrawn: found?.withdrawn ?? null,
      named,
    });
  };
  for (const { commit, subject, message } of input.undone) {
    const brings = revertDepth(subject) % 2 === 0 ? "away" : "back";
    for (const id of advisoryIds(message)) {
      note(id, brings, false, { kind: "message", text: lineWith(message, id), commit });
    }
    for (const { advisory, by } of naming(input, commit, message)) {
      const text = `${advisory.id} refers to ${by}`;
      // The data say that this very commit is the fix, whatever its subject is.
      note(advisory.id, "away", true, { kind: "value", text, commit });
    }
  }
  return mentions;
}

/** Advisories whose data name the commit, the one it was picked from or its pull request. */
function naming(input: RuleInput, commit: string, message: string) {
  const { advisories, repository, asOf } = input;
  const found: { advisory: Advisory; by: string }[] = [];
  const add = (some: readonly Advisory[], by: string) => {
    for (const advisory of some) {
      const isKnown = found.some((one) => one.advisory.id === advisory.id);
      if (!isKnown && isPublic(advisory, asOf)) found.push({ advisory, by });
    }
  };
  add(advisories.fixedByCommit(commit), `commit ${commit}`);
  for (const origin of pickedFrom(message)) {
    add(advisories.fixedByCommit(origin), `commit ${origin}, which this one was picked from`);
  }
  const number = pullNumber(message);
  if (number !== null && repository !== null) {
    add(advisories.fixedByPullRequest(repository, number), `pull request ${repository}#${number}`);
  }
  return found;
}

/** What `git cherry-pick -x` leaves; shorter ids than twelve digits name too many commits. */
function pickedFrom(message: string): string[] {
  const lines = message
    .slice(-65_536)
    .matchAll(/^\(cherry picked from commit ([0-9a-f]{12,64})\)/gm);
  return [...new Set([...lines].map((line) => line[1] ?? ""))].slice(0, 20);
}

function lineWith(message: string, id: string): string {
  const line = message.split("\n").find((l) => l.toUpperCase().includes(id.toUpperCase())) ?? id;
  return line.trim().slice(0, 300).toWellFormed();
}
