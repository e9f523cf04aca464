/**
 * gate.ci-privilege-widened: a GitHub workflow job that both sides have gets more
 * power or less gating: token permissions, triggers of outsiders, kept checkout
 * credentials, self-hosted runners, inherited secrets, a lost environment, a lost
 * condition on who sets it off. One root cause a workflow file.
 */
import { statement } from "../clear.ts";
import { compare, readRow, type Reading, type Row, type Step, tell } from "../../lattice/row.ts";
import {
  credentialsRow,
  environmentRow,
  guardRow,
  permissionRows,
  runnerRow,
  secretsRow,
  triggerRows,
} from "../../lattice/workflow-rows.ts";
import {
  isWorkflowPath,
  type Job,
  jobsOf,
  pairJobs,
  stepsOf,
  usedBy,
  type Workflow,
} from "../../lattice/workflows.ts";
import { textAt, valuesAt, type Yaml } from "../../lattice/yaml.ts";
import { compareText } from "../order.ts";
import { finding, type Finding, type Rule, severities } from "../rule.ts";

export const gateCiPrivilegeWidened: Rule = {
  id: "gate.ci-privilege-widened",
  version: 1,
  implications: ["gate.ci-privilege-widened"],
  reads: isWorkflowPath,
  run(input): Finding[] {
    const pairs = pairJobs(jobsOf(input, "before").jobs, jobsOf(input, "after").jobs);
    const found = new Map<string, Finding>();
    for (const { before, after } of pairs) {
      for (const one of [...ofTriggers(before.workflow, after.workflow), ...ofJob(before, after)]) {
        // The jobs of one file share its triggers.
        found.set(one.fingerprint, one);
      }
    }
    return [...found.values()].sort((a, b) => compareText(a.subject, b.subject));
  },
};

function ofTriggers(before: Workflow, after: Workflow): Finding[] {
  const read = (workflow: Workflow, event: string): Reading | null => {
    const at = workflow.triggers.get(event);
    return at === undefined ? null : place(workflow, at, "present");
  };
  return [...triggerRows].flatMap(([event, row]) =>
    moved(row, read(before, event), read(after, event), after.path, after.path),
  );
}

function ofJob(before: Job, after: Job): Finding[] {
  const subject = `${after.workflow.path} job ${after.id}`;
  const { path } = after.workflow;
  const found: Finding[] = [];
  found.push(...ofPermissions(before, after, subject));
  for (const [row, read] of [
    [runnerRow, runner],
    [environmentRow, environment],
    [secretsRow, secrets],
    [guardRow, guards],
  ] as const) {
    found.push(...moved(row, read(before), read(after), subject, path));
  }
  const [from, to] = [credentials(before), credentials(after)];
  if (from !== null && to !== null) found.push(...moved(credentialsRow, from, to, subject, path));
  return found;
}

/** One finding a direction, however many scopes `write-all` stands for. */
function ofPermissions(before: Job, after: Job, subject: string): Finding[] {
  const byDirection = new Map<string, { scopes: string[]; found: Finding[] }>();
  for (const [scope, row] of permissionRows) {
    const [from, to] = [permission(before, scope), permission(after, scope)];
    for (const one of moved(row, from, to, subject, after.workflow.path)) {
      const group = byDirection.get(one.direction) ?? { scopes: [], found: [] };
      group.scopes.push(scope);
      group.found.push(one);
      byDirection.set(one.direction, group);
    }
  }
  return [...byDirection.values()].flatMap(({ scopes, found }) => {
    const gravest = found.toSorted(
      (a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity),
    )[0];
    if (gravest === undefined) return [];
    const { rule: _rule, version: _version, fingerprint: _fingerprint, ...facts } = gravest;
    const evidence = found.flatMap((one) => one.evidence);
    const name = `${subject}: permissions ${scopes.join(", ")}`;
    return [finding(gateCiPrivilegeWidened, { ...facts, subject: name, evidence })];
  });
}

/** The job's own block, else its workflow's; a scope that a block leaves out is none. */
function permission(job: Job, scope: string): Reading | null {
  const own = valuesAt(job.node, ["permissions"])[0];
  const block = own ?? valuesAt(job.workflow.node, ["permissions"])[0];
  if (block === undefined) return null;
  if (block.kind === "map") {
    const at = block.entries.get(scope);
    return place(job.workflow, at ?? block, textAt(at) ?? "none");
  }
  const all = textAt(block);
  if (all !== "read-all" && all !== "write-all") return null;
  // The identity token cannot be read, only asked for.
  const read = scope === "id-token" ? "none" : "read";
  return place(job.workflow, block, all === "write-all" ? "write" : read);
}

function runner(job: Job): Reading | null {
  const [at] = valuesAt(job.node, ["runs-on"]);
  if (at === undefined) return null;
  const labels = [at, ...valuesAt(at, ["*"]), ...valuesAt(at, ["labels"])]
    .concat(valuesAt(at, ["labels", "*"]))
    .flatMap((label) => textAt(label) ?? []);
  if (labels.includes("self-hosted")) return place(job.workflow, at, "self-hosted");
  const computed = labels.length === 0 || labels.some((label) => label.includes("${{"));
  return place(job.workflow, at, computed ? "unknown" : labels.join(", "));
}

function environment(job: Job): Reading | null {
  const [at] = valuesAt(job.node, ["environment"]);
  const name = textAt(at) ?? textAt(at, "name");
  return at === undefined || name === undefined ? null : place(job.workflow, at, name);
}

function secrets(job: Job): Reading | null {
  const [at] = valuesAt(job.node, ["secrets"]);
  return at === undefined ? null : place(job.workflow, at, textAt(at) ?? "listed");
}

/** What a condition may ask of the person or the repository. */
const guardPattern =
  /author_association|github\.actor|github\.triggering_actor|sender\.login|user\.login|github\.repository(?:_owner)?|head\.repo\.(?:full_name|fork)/g;

function guards(job: Job): Reading | null {
  const conditions = [job.node, ...stepsOf(job)].flatMap((node) => valuesAt(node, ["if"]));
  const values = conditions.flatMap((at) => (textAt(at) ?? "").match(guardPattern) ?? []);
  const [first] = conditions;
  return first === undefined || values.length === 0
    ? null
    : { ...place(job.workflow, first, ""), values };
}

/** The weakest of the job's checkouts; null where it has none. */
function credentials(job: Job): Reading | null {
  const found = stepsOf(job)
    .filter((step) => usedBy(step) === "actions/checkout")
    .map((step) => {
      const row = { ...credentialsRow, path: ["with", "persist-credentials"] };
      return readRow(row, step, job.workflow.path) ?? place(job.workflow, step, "true");
    });
  return found.find(({ values }) => values[0] !== "false") ?? found[0] ?? null;
}

function place(workflow: Workflow, at: Yaml, value: string): Reading {
  const single = at.kind === "scalar";
  return {
    values: [value],
    path: workflow.path,
    startLine: at.line,
    endLine: single ? at.endLine : at.line,
  };
}

function moved(
  row: Row,
  before: Reading | null,
  after: Reading | null,
  subject: string,
  path: string,
): Finding[] {
  const step: Step | null = compare(row, before?.values ?? null, after?.values ?? null);
  // Other conditions or names of the same strength say nothing of privilege.
  if (step === null || step.direction === "changed") return [];
  const setting = row.path.join(".");
  return [
    finding(gateCiPrivilegeWidened, {
      implication: row.implication,
      direction: step.direction,
      subject: `${subject}: ${setting}`,
      ...tell(setting, step, before, after),
      severity: step.direction === "better" ? "info" : row.severity,
      confidence: 90,
      rootCause: `ci:${path}`,
      clearBy: [
        statement("no event that an outsider can cause reaches the job"),
        statement("the job cannot work without it, and a named person accepts that"),
      ],
    }),
  ];
}
