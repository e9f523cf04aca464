/**
 * The body of dep.vuln-reintroduced: what `compareFlaws` tells, as findings. Which
 * files hold dependencies and how they are read is given, so that this folder
 * depends on no reader.
 */
import type { PackageSet } from "../dependencies/package-set.ts";
import type { Model } from "../models/model.ts";
import { type ClearCondition, statement } from "../rules/clear.ts";
import { type Evidence, finding, type Finding, type Rule, type RuleInput } from "../rules/rule.ts";
import { gravity, gravityText } from "./gravity.ts";
import { purlOf } from "./purl.ts";
import { compareFlaws, type DependencyFile, type FlawChange, unjudged } from "./reintroduced.ts";

/** Places that are named of one finding. */
const mostPlaces = 20;

export function flawRule(
  model: Model<PackageSet>,
  isDependencyFile: (path: string) => boolean,
): Rule {
  const rule: Rule = {
    id: "dep.vuln-reintroduced",
    version: 2,
    implications: ["dep.vuln-reintroduced"],
    reads: isDependencyFile,
    run(input) {
      if (input.advisories.digest === null) return [];
      const { worse, better } = compareFlaws(setsOf(input), input.advisories, input.asOf);
      return [
        ...worse.map((change) => report(rule, change, "worse")),
        // What vanishes with its package is not repaired by going back; only another version of it is better.
        ...better
          .filter((change) => change.others.length > 0)
          .map((change) => report(rule, change, "better")),
      ];
    },
    // That there are no data at all is said once, for all rules.
    unknowns: ({ advisories, asOf, ...input }) =>
      advisories.digest === null ? [] : unjudged(setsOf(input), advisories, asOf),
  };
  return rule;

  function setsOf({ files, models }: Pick<RuleInput, "files" | "models">): DependencyFile[] {
    return files
      .filter(({ path }) => isDependencyFile(path))
      .map((file) => ({
        path: file.path,
        before: models.of(model, file, "before"),
        after: models.of(model, file, "after"),
        // A side that is there and cannot be read says nothing about what is new.
        isRead: (["before", "after"] as const).every(
          (side) => file[side] === undefined || models.of(model, file, side) !== null,
        ),
      }))
      .filter(({ isRead }) => isRead);
  }
}

function report(rule: Rule, change: FlawChange, direction: "worse" | "better"): Finding {
  const { advisory, ecosystem, name, versions, others, fixed } = change;
  const purl = purlOf(ecosystem, name);
  const side = direction === "worse" ? "after" : "before";
  const [from, to] = direction === "worse" ? [others, versions] : [versions, others];
  const moved = `${purl}: ${from.join(", ") || "not there"} -> ${to.join(", ")}`;
  const aliases = advisory.aliases.filter((alias) => alias !== advisory.id).slice(0, 5);
  const evidence: Evidence[] = [
    { kind: "value", text: `${moved}${fixed === null ? "" : `, fixed in ${fixed}`}` },
    {
      kind: "value",
      text: `${[advisory.id, ...aliases].join(", ")}: ${advisory.summary.slice(0, 200).toWellFormed()} (${gravityText(advisory)})`,
    },
  ];
  return finding(rule, {
    implication: "dep.vuln-reintroduced",
    direction,
    subject: `${advisory.id} in ${purl}`,
    locations: change.places
      .slice(0, mostPlaces)
      .map(({ path, line }) => ({ side, path, startLine: line, endLine: line })),
    evidence,
    severity: direction === "better" ? "info" : gravity(advisory),
    confidence: change.locked ? 95 : 90,
    rootCause: `advisory:${advisory.id}`,
    ...(change.dev ? { reach: "development" as const } : {}),
    clearBy: direction === "better" ? [] : clearBy(change, purl),
  });
}

function clearBy({ advisory, fixed }: FlawChange, purl: string): ClearCondition[] {
  const conditions: ClearCondition[] = [
    statement(
      `a VEX statement says that ${advisory.id} does not affect the product, with its justification`,
    ),
    statement("the risk is accepted by a named person until a date"),
  ];
  if (fixed === null) return conditions;
  const text = `${purl} is there in ${fixed} or later`;
  return [{ kind: "package-at-least", package: purl, version: fixed, text }, ...conditions];
}
