/**
 * The resources of a change: which are on both sides, which are gone, which come. A file
 * that one side could not be read of is left out on both, so that nothing in it seems to
 * be gone. What moved, by address, `moved` block or equal content, is on both sides.
 */
import type { Value } from "../models/terraform/hcl.ts";
import {
  isTemplatePath,
  isTerraformPath,
  type Resource,
  terraformModel,
} from "../models/terraform/terraform.ts";
import type { Sided } from "../models/model.ts";
import type { ChangedFile, RuleInput, Side } from "../rules/rule.ts";
import { type Named, textOf } from "./cloud-values.ts";

export type Pair = {
  readonly before: Resource;
  readonly after: Resource;
  /** Only a guess by type and file: it has another name and other content. */
  readonly guessed: boolean;
};

export type CloudView = {
  readonly pairs: readonly Pair[];
  readonly gone: readonly Resource[];
  readonly come: readonly Resource[];
  readonly all: Readonly<Record<Side, readonly Resource[]>>;
  /** The names that hold where a resource is declared. */
  named(side: Side, path: string): Named;
  /** Nothing of infrastructure is left in the folder. */
  isRetired(path: string): boolean;
};

export function isCloudPath(path: string): boolean {
  return (
    (isTerraformPath(path) || isTemplatePath(path)) &&
    !/(?:^|\/)(?:\.terraform|node_modules|vendor)\//.test(path)
  );
}

/** Files whose names hold what others refer to. */
export function isCloudContext(path: string): boolean {
  return /(?:^|\/)(?:variables?|locals?|vars|terraform|inputs)[^/]{0,80}\.(?:tf|tfvars)$/.test(
    path,
  );
}

const views = new WeakMap<readonly ChangedFile[], CloudView>();

/** One view an input, however many rules ask. */
export function cloudView(input: RuleInput): CloudView {
  let view = views.get(input.files);
  if (view === undefined) views.set(input.files, (view = makeView(input)));
  return view;
}

function makeView(input: RuleInput): CloudView {
  const resources: Record<Side, Resource[]> = { before: [], after: [] };
  const named: Record<Side, Map<string, Map<string, Value>>> = {
    before: new Map(),
    after: new Map(),
  };
  const moved = new Map<string, string>();
  const take = (file: Sided, side: Side, withResources: boolean): void => {
    const read = input.models.of(terraformModel, file, side);
    if (read === null) return;
    const folder = folderOf(file.path);
    if (withResources) resources[side].push(...read.resources);
    const names = named[side].get(folder) ?? new Map<string, Value>();
    for (const [name, value] of read.named) names.set(name, value);
    named[side].set(folder, names);
    if (side === "after") for (const [from, to] of read.moved) moved.set(`${folder}:${from}`, to);
  };
  const folders = new Set<string>();
  for (const file of input.files) {
    if (!isCloudPath(file.path) || !isWholeOn(input, file)) continue;
    folders.add(folderOf(file.path));
    take(file, "before", true);
    take(file, "after", true);
  }
  for (const file of input.unchanged) {
    if (!isTerraformPath(file.path) || !folders.has(folderOf(file.path))) continue;
    take(file, "before", false);
    take(file, "after", false);
  }
  const { pairs, gone, come } = pair(resources.before, resources.after, moved);
  const left = new Set(input.paths.after.filter(isTerraformPath).map(folderOf));
  return {
    pairs,
    gone,
    come,
    all: resources,
    named: (side, path) => named[side].get(folderOf(path)) ?? new Map(),
    isRetired: (path) => input.paths.after.length > 0 && !left.has(folderOf(path)),
  };
}

function isWholeOn(input: RuleInput, file: ChangedFile): boolean {
  const can = (side: Side, absent: ChangedFile["status"]) =>
    file.status === absent || input.models.of(terraformModel, file, side) !== null;
  return can("before", "added") && can("after", "removed");
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function pair(
  before: readonly Resource[],
  after: readonly Resource[],
  moved: ReadonlyMap<string, string>,
): { pairs: Pair[]; gone: Resource[]; come: Resource[] } {
  const pairs: Pair[] = [];
  let [from, to] = [[...before], [...after]];
  const match = (
    keyBefore: (one: Resource) => string,
    keyAfter: (one: Resource) => string,
    { only, guessed }: { only: boolean; guessed: boolean },
  ): void => {
    const waiting = Map.groupBy(to, keyAfter);
    const asking = only ? Map.groupBy(from, keyBefore) : null;
    const alone: Resource[] = [];
    for (const one of from) {
      const key = keyBefore(one);
      const queue = key === "" ? undefined : waiting.get(key);
      const single = asking === null || (asking.get(key)?.length === 1 && queue?.length === 1);
      const other = single ? queue?.shift() : undefined;
      if (other === undefined) alone.push(one);
      else pairs.push({ before: one, after: other, guessed });
    }
    from = alone;
    to = [...waiting.values()].flat();
  };
  const identity = (one: Resource) => `${one.isData ? "data." : ""}${one.address}`;
  const inFolder = (one: Resource) => `${folderOf(one.path)}:${identity(one)}`;
  const sure = { only: false, guessed: false };
  match(
    (one) => `${one.path}:${identity(one)}`,
    (one) => `${one.path}:${identity(one)}`,
    sure,
  );
  match(inFolder, inFolder, sure);
  const target = (one: Resource) => moved.get(inFolder(one));
  const byMove = (one: Resource) => {
    const to = target(one);
    return to === undefined ? "" : `${folderOf(one.path)}:${to}`;
  };
  match(byMove, inFolder, sure);
  match(identity, identity, { only: true, guessed: false });
  const content = (one: Resource) => `${one.type}:${textOf(one.body)}`;
  match(content, content, sure);
  // Another name and other content: the only one of its type that a file loses and gains.
  const kind = (one: Resource) =>
    /^(?:module|backend|inputs)$/.test(one.type) ? "" : `${one.path}:${one.isData}:${one.type}`;
  match(kind, kind, { only: true, guessed: true });
  return { pairs, gone: from, come: to };
}

/** The addresses that a value refers to. */
export function references(value: Value): readonly string[] {
  const text = textOf(value);
  return text.match(/\b(?:module|[a-z]{1,20}_[a-z0-9_]{1,80})\.[A-Za-z_][\w-]{0,100}/g) ?? [];
}
