/**
 * gate.ci-check-removed: a check of the GitHub workflows of the change is gone,
 * switched off or no longer fails. Looked for in all workflows, the
 * unchanged too, so a check that moves is no finding. Known scanners are gate.scanner-disabled's.
 * One finding a check, one root cause a job.
 */
import { statement } from "../clear.ts";
import { type Check, checksOf, strongest } from "../../lattice/checks.ts";
import { compare, tell } from "../../lattice/row.ts";
import { checkRow } from "../../lattice/workflow-rows.ts";
import { isWorkflowPath, type Job, jobsOf } from "../../lattice/workflows.ts";
import { compareText } from "../order.ts";
import { finding, type Finding, type Rule } from "../rule.ts";

/** The events at which a check can hold up a change. */
const gates = ["pull_request", "pull_request_target", "push", "merge_group", "workflow_call"];

export const gateCiCheckRemoved: Rule = {
  id: "gate.ci-check-removed",
  version: 2,
  implications: ["gate.ci-check-removed"],
  reads: isWorkflowPath,
  context: isWorkflowPath,
  run(input): Finding[] {
    const [before, after] = [
      jobsOf(input, "before", { everywhere: true }),
      jobsOf(input, "after", { everywhere: true }),
    ];
    const had = checksByName(before.jobs);
    const has = checksByName(after.jobs);
    return [...new Set([...had.keys(), ...has.keys()])].sort(compareText).flatMap((name) => {
      const [from, to] = [had.get(name), has.get(name)];
      // In a workflow that was not read the check may still be.
      if ((from === undefined && before.unread) || (to === undefined && after.unread)) return [];
      // `npm test:unit` for `npm test:all`: some of the family still runs.
      const family = familyOf(name);
      const narrowed =
        to === undefined && [...has.keys()].some((other) => familyOf(other) === family);
      return moved(name, from, to, narrowed);
    });
  },
};

function familyOf(name: string): string {
  return name.split(/[:@]/, 1)[0] ?? name;
}

function checksByName(jobs: readonly Job[]): Map<string, Check> {
  const checks = jobs
    .filter((job) => gates.some((event) => job.workflow.triggers.has(event)))
    .flatMap(checksOf);
  return strongest(checks, ({ key, scanner }) => (scanner === null ? key : null));
}

function moved(
  name: string,
  from: Check | undefined,
  to: Check | undefined,
  narrowed: boolean,
): Finding[] {
  const step = compare(checkRow, from?.reading.values ?? null, to?.reading.values ?? null);
  const { job } = from ?? to ?? {};
  if (step === null || step.direction === "changed" || job === undefined) return [];
  return [
    finding(gateCiCheckRemoved, {
      implication: checkRow.implication,
      direction: step.direction,
      subject: name,
      ...tell(
        `${name} (job ${job.id} in ${job.workflow.path})`,
        step,
        from?.reading ?? null,
        to?.reading ?? null,
      ),
      severity: step.direction === "better" ? "info" : narrowed ? "low" : checkRow.severity,
      confidence: to === undefined ? 70 : 90,
      rootCause: `ci-job:${job.workflow.path}#${job.id}`,
      clearBy: [
        statement("the same check runs in another job, script or required workflow"),
        statement("what was checked goes with the check"),
      ],
    }),
  ];
}
