/**
 * Whom and what going back touches: parts of the project, who owns them, services
 * and whoever needs them, contracts that no longer hold. Structure, not harm: the
 * rules say what is worse, this says how far it goes.
 *
 * The result has no null, no fraction and a fixed order.
 */
import { components, isManifest } from "./components.ts";
import { isTest } from "../rules/file-classes.ts";
import { compareText } from "../rules/order.ts";
import type { RuleInput, Side } from "../rules/rule.ts";
import { count } from "../text.ts";
import type { Sided } from "../models/model.ts";
import {
  type Codeowners,
  codeownersModel,
  codeownersPaths,
  isCodeownersPath,
  ownersOf,
} from "./codeowners.ts";
import type { ContractBreak } from "./contracts/contract-break.ts";
import { contractBreaks, isContractPath } from "./contracts/contracts.ts";
import {
  dependentsOf,
  isServiceGraphPath,
  mergeGraphs,
  type Service,
  type ServiceGraph,
  serviceGraphModel,
  servicesOf,
} from "./service-graph.ts";

export const blastRadiusVersion = 1;

export type BlastRadius = {
  readonly version: number;
  /** By the number of changed files, the most first. */
  readonly components: readonly { readonly name: string; readonly files: number }[];
  /** Of the state left: who answers for what is changed now. By the number of files, the most first. */
  readonly owners: readonly { readonly owner: string; readonly files: number }[];
  /** Changed files that nobody owns; absent: there is no CODEOWNERS that could be read. */
  readonly unowned?: number;
  readonly services: readonly {
    readonly name: string;
    readonly files: number;
    readonly tier?: string;
    readonly owner?: string;
  }[];
  /** The nearest first. */
  readonly dependents: readonly {
    readonly name: string;
    readonly depth: number;
    readonly through: string;
    readonly tier?: string;
    readonly owner?: string;
  }[];
  /** The gravest first. */
  readonly contracts: readonly ContractBreak[];
  /** Changed test files, and how many of them are not there any more. */
  readonly tests: { readonly files: number; readonly removed: number };
  /** What could not be known, one sentence each, printable ASCII. */
  readonly unknowns: readonly string[];
};

/** Whether the blast radius needs the content of this file, changed or not. */
export function blastReads(path: string): boolean {
  return isCodeownersPath(path) || isServiceGraphPath(path) || isContractPath(path);
}

export type BlastInput = Pick<RuleInput, "files" | "unchanged" | "paths" | "models">;

export function blastRadius(input: BlastInput): BlastRadius {
  const { files, models } = input;
  const changed = files.map(({ path }) => path);
  const all: readonly Sided[] = [...files, ...input.unchanged];
  const unknowns = new Set<string>();
  const graph = graphOf(input, all);
  const touched = tally(changed, (path) => (graph === null ? [] : servicesOf(graph, path)));
  const facts = new Map(graph?.services.map((service) => [service.name, service]));
  const codeowners = codeownersOf(input, all);
  const ownersByPath = new Map(
    changed.map((path) => [path, codeowners === null ? [] : ownersOf(codeowners, path)]),
  );
  const owners = tally(changed, (path) => ownersByPath.get(path) ?? []);
  if (codeowners === null) unknowns.add("who owns the changed files: no CODEOWNERS was read");
  if (graph === null) unknowns.add("which services depend on this: no service graph was read");
  const contracts = contractBreaks(all, models);
  const read = new Set([
    "codeowners",
    "graphql",
    "json-schema",
    "openapi",
    "protobuf",
    "service-graph",
  ]);
  const unread = models.unread().filter(({ model }) => read.has(model));
  for (const [model, some] of Map.groupBy(unread, (one) => one.model)) {
    unknowns.add(`${count(some.length, "text")} of format ${model} not read`);
  }
  const tests = files.filter(({ path }) => isTest(path));
  return {
    version: blastRadiusVersion,
    components: components(changed, manifestFolders(input)),
    owners: owners.map(([owner, n]) => ({ owner, files: n })),
    ...(codeowners === null
      ? {}
      : { unowned: changed.filter((path) => ownersByPath.get(path)?.length === 0).length }),
    services: touched.map(([name, n]) => ({ name, files: n, ...labels(facts.get(name)) })),
    dependents:
      graph === null
        ? []
        : dependentsOf(
            graph,
            touched.map(([name]) => name),
          ).map((one) => ({ ...one, ...labels(facts.get(one.name)) })),
    contracts,
    tests: {
      files: tests.length,
      removed: tests.filter(({ status }) => status === "removed").length,
    },
    unknowns: [...unknowns].sort(compareText),
  };
}

/** Names with the number of paths that have them, the most first. */
function tally(
  paths: readonly string[],
  namesOf: (path: string) => readonly string[],
): [string, number][] {
  const counts = new Map<string, number>();
  for (const path of paths) {
    for (const name of namesOf(path)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([a, n], [b, m]) => m - n || compareText(a, b));
}

function labels(service: Service | undefined): { tier?: string; owner?: string } {
  return {
    ...(service?.tier === undefined ? {} : { tier: service.tier }),
    ...(service?.owner === undefined ? {} : { owner: service.owner }),
  };
}

function manifestFolders({ paths, files }: BlastInput): Set<string> {
  const known = [...paths.before, ...paths.after, ...files.map(({ path }) => path)];
  return new Set(
    known
      .filter((path) => isManifest(path) && path.includes("/"))
      .map((path) => path.slice(0, path.lastIndexOf("/"))),
  );
}

/** A dependency of either state counts: what is needed on one side is touched. Null: there is none. */
function graphOf({ models }: BlastInput, all: readonly Sided[]): ServiceGraph | null {
  const graphs = all
    .filter(({ path }) => isServiceGraphPath(path))
    .flatMap((file) =>
      (["before", "after"] as const).flatMap((side) => {
        const graph = models.of(serviceGraphModel, file, side);
        return graph === null ? [] : [graph];
      }),
    );
  const graph = mergeGraphs(graphs);
  return graph.services.length === 0 ? null : graph;
}

/** The one that the forge takes; of the state gone back to only where the state left has none. */
function codeownersOf({ models }: BlastInput, all: readonly Sided[]): Codeowners | null {
  const byPath = new Map(all.map((file) => [file.path, file]));
  const order = [...codeownersPaths.github, ...codeownersPaths.gitlab];
  for (const side of ["before", "after"] satisfies Side[]) {
    for (const path of order) {
      const file = byPath.get(path);
      if (file?.[side] === undefined) continue;
      return models.of(codeownersModel, file, side);
    }
  }
  return null;
}
