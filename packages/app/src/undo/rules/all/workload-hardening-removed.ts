/**
 * workload.hardening-removed: a container, pod or image that both sides have is
 * less confined after. One finding a setting; a workload's findings have one root
 * cause. What is gone or new altogether is not compared.
 */
import { statement } from "../clear.ts";
import { dockerfileUser, isDockerfilePath } from "../../lattice/dockerfile.ts";
import {
  containerRows,
  dockerfileUserRow,
  inheritedRows,
  podRows,
  serviceAccountRow,
} from "../../lattice/kubernetes-rows.ts";
import {
  containers,
  isManifestPath,
  pairWorkloads,
  type Workload,
  workloads,
} from "../../lattice/kubernetes.ts";
import { compare, type Reading, readRow, type Row, tell } from "../../lattice/row.ts";
import { settingFindings } from "../../lattice/setting-moves.ts";
import { tokenFindings, tokenReads } from "../../lattice/token-moves.ts";
import { formatOf } from "../../models/settings/settings.ts";
import type { Yaml } from "../../lattice/yaml.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import { compareText } from "../order.ts";
import { type ChangedFile, finding, type Finding, type Rule } from "../rule.ts";

const inCode = tokenReads("workload.hardening-removed");

export const workloadHardeningRemoved: Rule = {
  id: "workload.hardening-removed",
  version: 2,
  implications: ["workload.hardening-removed"],
  reads: (path) =>
    isManifestPath(path) || isDockerfilePath(path) || formatOf(path) === "json" || inCode(path),
  run(input): Finding[] {
    const pairs = pairWorkloads(workloads(input, "before"), workloads(input, "after"));
    const objects = new Set(pairs.flatMap(({ before, after }) => [before.path, after.path]));
    const id = "workload.hardening-removed";
    return [
      ...pairs.flatMap(ofWorkload),
      ...input.files.flatMap(ofDockerfile),
      // Values of charts: the same settings under other paths, where no workload was read.
      ...settingFindings(workloadHardeningRemoved, input, id).filter(({ locations }) =>
        locations.every(({ path }) => !objects.has(path)),
      ),
      ...tokenFindings(workloadHardeningRemoved, input, id),
    ].sort((a, b) => compareText(a.subject, b.subject));
  },
};

type Place = {
  /** The workload or file, as people name it. */
  readonly subject: string;
  readonly rootCause: string;
  readonly path: string;
  readonly isTemplate: boolean;
  /** Whether an absent setting has its default. */
  readonly defaults: boolean;
};

function ofWorkload({ before, after }: { before: Workload; after: Workload }): Finding[] {
  const place = {
    subject: before.id,
    rootCause: `workload:${before.id}`,
    path: after.path,
    isTemplate: before.isTemplate || after.isTemplate,
    defaults: before.whole && after.whole,
  };
  const direct = (rows: readonly Row[], from: Yaml, to: Yaml, at: Place) =>
    rows.flatMap((row) =>
      moved(row, readRow(row, from, before.path), readRow(row, to, after.path), at),
    );
  if (!before.isPod) return direct([serviceAccountRow], before.node, after.node, place);
  const found = direct(podRows, before.node, after.node, place);
  const later = new Map(containers(after.node).map(({ name, node }) => [name, node]));
  for (const { name, node } of containers(before.node)) {
    const other = later.get(name);
    if (other === undefined) continue;
    const at = { ...place, subject: `${before.id} container ${name}` };
    found.push(...direct(containerRows, node, other, at));
    for (const row of inheritedRows) {
      const from = readRow(row, node, before.path) ?? readRow(row, before.node, before.path);
      const to = readRow(row, other, after.path) ?? readRow(row, after.node, after.path);
      found.push(...moved(row, from, to, at));
    }
  }
  return found;
}

function ofDockerfile(file: ChangedFile): Finding[] {
  if (!isDockerfilePath(file.path)) return [];
  if (file.before === undefined || file.after === undefined) return [];
  return moved(
    dockerfileUserRow,
    dockerfileUser(file.before, file.path),
    dockerfileUser(file.after, file.path),
    {
      subject: file.path,
      rootCause: `image:${file.path}`,
      path: file.path,
      isTemplate: false,
      defaults: true,
    },
  );
}

function moved(row: Row, before: Reading | null, after: Reading | null, at: Place): Finding[] {
  if (!at.defaults && (before === null || after === null)) return [];
  const step = compare(row, before?.values ?? null, after?.values ?? null);
  if (step === null) return [];
  const setting = row.path.filter((key) => key !== "*").join(".");
  const runs = !isTest(at.path) && !isDocumentation(at.path);
  return [
    finding(workloadHardeningRemoved, {
      implication: row.implication,
      direction: step.direction,
      subject: `${at.subject}: ${setting}`,
      ...tell(setting, step, before, after),
      severity: step.direction === "better" ? "info" : runs ? row.severity : "low",
      confidence: at.isTemplate ? 60 : before === null || after === null ? 80 : 95,
      rootCause: at.rootCause,
      clearBy: [
        statement(
          "an admission policy or the namespace's Pod Security level enforces the stronger setting",
        ),
        statement(
          "the same confinement is set elsewhere (service account, image, runtime default)",
        ),
      ],
    }),
  ];
}
