/**
 * The GitHub workflows of one side of a change: jobs, their steps and triggers.
 * A job is known by its file and id. Left out: workflows of other hosts, composite
 * actions, reusable workflows' own content, matrix values.
 */
import { compareText } from "../rules/order.ts";
import { yamlModel } from "../models/manifests/yaml-model.ts";
import type { RuleInput, Side } from "../rules/rule.ts";
import { readYaml, textAt, valuesAt, type Yaml } from "./yaml.ts";

export type Job = { readonly id: string; readonly node: Yaml; readonly workflow: Workflow };
export type Workflow = {
  readonly path: string;
  readonly node: Yaml;
  /** Names of events with the place that names them. */
  readonly triggers: ReadonlyMap<string, Yaml>;
};

export function isWorkflowPath(path: string): boolean {
  return /^\.github\/workflows\/[^/]{1,200}\.ya?ml$/i.test(path);
}

/** Why a workflow is not read, or null. */
export function unreadWorkflow(text: string): string | null {
  const documents = readYaml(text);
  return typeof documents === "string" ? documents : null;
}

/** All jobs of one side by path, those of unchanged workflows too where `everywhere`; `unread` where a workflow could not be read, so that a job not found may still be there. */
export function jobsOf(
  input: Pick<RuleInput, "files" | "unchanged" | "models">,
  side: Side,
  { everywhere = false }: { readonly everywhere?: boolean } = {},
): { jobs: readonly Job[]; unread: boolean } {
  const jobs: Job[] = [];
  let unread = false;
  const files = [
    ...input.files,
    ...(everywhere
      ? input.unchanged.map((file) => ({ ...file, status: "modified" as const }))
      : []),
  ];
  for (const file of files.toSorted((a, b) => compareText(a.path, b.path))) {
    if (!isWorkflowPath(file.path)) continue;
    const there = file.status !== (side === "before" ? "added" : "removed");
    const documents = input.models.of(yamlModel, file, side);
    if (documents === null) {
      unread ||= there;
      continue;
    }
    const [node] = documents;
    if (node === undefined) continue;
    const workflow = { path: file.path, node, triggers: triggersOf(node) };
    for (const [id, job] of mapAt(node, "jobs")) jobs.push({ id, node: job, workflow });
  }
  return { jobs, unread };
}

/** The jobs that both sides have: in the same file, else the only ones left with their id. */
export function pairJobs(
  before: readonly Job[],
  after: readonly Job[],
): { before: Job; after: Job }[] {
  const place = (job: Job) => JSON.stringify([job.workflow.path, job.id]);
  const there = new Map(after.map((job) => [place(job), job]));
  const had = new Set(before.map(place));
  const moved = new Map<string, Job[]>();
  for (const job of after) {
    if (!had.has(place(job))) moved.set(job.id, [...(moved.get(job.id) ?? []), job]);
  }
  return before.flatMap((job) => {
    const others = moved.get(job.id) ?? [];
    const other = there.get(place(job)) ?? (others.length === 1 ? others[0] : undefined);
    return other === undefined ? [] : [{ before: job, after: other }];
  });
}

export function stepsOf(job: Job): readonly Yaml[] {
  return valuesAt(job.node, ["steps", "*"]);
}

/** The action of a step or the workflow that a job calls, without its version, in lower case. */
export function usedBy(node: Yaml): string | undefined {
  return textAt(node, "uses")?.split("@")[0]?.toLowerCase();
}

export function mapAt(node: Yaml, key: string): ReadonlyMap<string, Yaml> {
  const [found] = valuesAt(node, [key]);
  return found?.kind === "map" ? found.entries : new Map<string, Yaml>();
}

function triggersOf(node: Yaml): Map<string, Yaml> {
  // A YAML 1.1 writer turns the key `on` into `true`; GitHub reads both.
  const [on] = [...valuesAt(node, ["on"]), ...valuesAt(node, ["true"])];
  if (on?.kind === "map") return new Map(on.entries);
  const names = on?.kind === "list" ? on.items : on === undefined ? [] : [on];
  return new Map(
    names.flatMap((name): [string, Yaml][] =>
      name.kind === "scalar" && name.text !== null ? [[name.text, name]] : [],
    ),
  );
}
