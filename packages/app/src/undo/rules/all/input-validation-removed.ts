/**
 * input.validation-removed: a function, model or schema stays and takes what it
 * refused, or does not clean it. One root cause a function or schema file.
 */
import { sourceFindings } from "../../models/source/findings.ts";
import { isComparedSource } from "../../models/source/losses.ts";
import {
  isSchemaPath,
  type Limit,
  limitsOf,
  type Weaker,
  weakerLimits,
} from "../../models/source/schema-limits.ts";
import { statement } from "../clear.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import { type ChangedFile, finding, type Finding, type Rule, type RuleInput } from "../rule.ts";

const clear = ["an equal check stands behind it", "the input cannot come from outside"];

export const inputValidationRemoved: Rule = {
  id: "input.validation-removed",
  version: 1,
  implications: ["input.validation-removed"],
  reads: (path) => isComparedSource(path) || isSchemaPath(path),
  run(input) {
    const implication = "input.validation-removed";
    return [
      ...sourceFindings({ rule: inputValidationRemoved, implication, clear }, input),
      ...input.files.flatMap((file) => ofSchema(input, file)),
    ];
  },
};

function ofSchema(input: RuleInput, file: ChangedFile): Finding[] {
  if (!isSchemaPath(file.path) || isTest(file.path) || isDocumentation(file.path)) return [];
  const before = limitsOf(input.models, file, "before");
  const after = limitsOf(input.models, file, "after");
  if (before === null || after === null) return [];
  return [
    ...told(file.path, weakerLimits(before, after), "worse"),
    ...told(file.path, weakerLimits(after, before), "better"),
  ];
}

/** A value more to choose from, or one that need not be there, is a change of shape first. */
function isBound({ before }: Weaker): boolean {
  return before.name !== "enum" && before.name !== "required";
}

function told(path: string, weaker: readonly Weaker[], direction: "worse" | "better"): Finding[] {
  if (weaker.length === 0) return [];
  const [had, has] =
    direction === "worse" ? (["before", "after"] as const) : (["after", "before"] as const);
  const at = (side: "before" | "after", { line }: Limit) => ({
    side,
    path,
    startLine: line,
    endLine: line,
  });
  return [
    finding(inputValidationRemoved, {
      implication: "input.validation-removed",
      direction,
      subject: path,
      locations: weaker
        .slice(0, 8)
        .flatMap(({ before, after }) => [
          at(had, before),
          ...(after === null ? [] : [at(has, after)]),
        ]),
      evidence: weaker.slice(0, 8).map(({ before, after }) => ({
        kind: "value",
        text: `${before.name} of ${before.place.split(/[/.]/).slice(-3).join(".")}: ${before.value.slice(0, 150)}, ${direction === "worse" ? "now" : "before"} ${after === null ? "none" : after.value.slice(0, 150)}`.toWellFormed(),
      })),
      severity: direction === "better" ? "info" : weaker.some(isBound) ? "medium" : "low",
      confidence: 75,
      rootCause: `schema:${path}`,
      clearBy: clear.map((text) => statement(text)),
    }),
  ];
}
