/** Compares the settings of cloud resources, by rows of data, and tells which controls are gone. */
import type { Value } from "../models/terraform/hcl.ts";
import type { Resource } from "../models/terraform/terraform.ts";
import { isDocumentation, isTest } from "../rules/file-classes.ts";
import { statement } from "../rules/clear.ts";
import {
  finding,
  type Finding,
  type Rule,
  type RuleInput,
  type Severity,
  type Side,
} from "../rules/rule.ts";
import {
  cloudView,
  type CloudView,
  folderOf,
  isCloudContext,
  isCloudPath,
  type Pair,
  references,
} from "./cloud-view.ts";
import { resolve, textOf, valuesIn } from "./cloud-values.ts";
import { compare, type Reading, type Row, type Scale, type Step, tell } from "./row.ts";

/** A number is stronger or weaker the more it is; without `absent` absence says nothing. */
export type NumberScale = {
  readonly kind: "number";
  readonly more: "stronger" | "weaker";
  readonly absent?: number;
  /** The value that means without end. */
  readonly endless?: number;
};

export type CloudRow = Omit<Row, "document" | "scale"> & {
  /** Types of resources. */
  readonly on: RegExp;
  readonly scale: Scale | NumberScale;
};

/** A resource that is a control by itself. */
export type CloudControl = {
  readonly on: RegExp;
  /** What else it must hold, as text. */
  readonly where?: RegExp;
  /** The attributes that name what it protects: if that goes too, nothing is lost. */
  readonly protects: readonly string[];
  readonly implication: string;
  readonly severity: Severity;
  readonly source: string;
};

export const cloudReads = {
  reads: isCloudPath,
  context: isCloudContext,
  wantsPaths: true,
} as const;

export type Say = {
  readonly rule: Pick<Rule, "id" | "version">;
  readonly clear: readonly string[];
};

export function ofRows(say: Say, input: RuleInput, rows: readonly CloudRow[]): Finding[] {
  const view = cloudView(input);
  return view.pairs.flatMap((pair) =>
    pair.before.isData
      ? []
      : rows.flatMap((row) =>
          row.on.test(pair.before.type) && row.on.test(pair.after.type)
            ? ofRow(say, view, row, pair)
            : [],
        ),
  );
}

function ofRow(say: Say, view: CloudView, row: CloudRow, pair: Pair): Finding[] {
  const from = read(row, view, pair.before, "before");
  const to = read(row, view, pair.after, "after");
  if (from === "unknown" || to === "unknown" || (from === null && to === null)) return [];
  const step = stepOf(row, from, to);
  if (step === null || step.direction === "changed") return [];
  const setting = row.path.filter((key) => key !== "**").join(".");
  return [
    tellCloud(say, {
      row,
      subject: `${pair.after.address}: ${setting}`,
      direction: step.direction,
      ...tell(setting, step, orPlace(from, pair.before), orPlace(to, pair.after)),
      path: pair.after.path,
      confidence: pair.guessed ? 70 : pair.after.type === "module" ? 75 : 95,
      resource: pair.after,
    }),
  ];
}

/** Where a setting is not written, the resource stands for it. */
function orPlace(reading: Reading | null, { path, body }: Resource): Reading {
  return reading ?? { values: [], path, startLine: body.line, endLine: body.line };
}

export function tellCloud(
  { rule, clear }: Say,
  told: {
    readonly row: { readonly implication: string; readonly severity: Severity };
    readonly subject: string;
    readonly direction: Finding["direction"];
    readonly locations: Finding["locations"];
    readonly evidence: Finding["evidence"];
    readonly path: string;
    readonly confidence: number;
    readonly resource: Resource;
  },
): Finding {
  const runs = !isTest(told.path) && !isDocumentation(told.path);
  return finding(rule, {
    implication: told.row.implication,
    direction: told.direction,
    subject: told.subject.slice(0, 300).toWellFormed(),
    locations: told.locations,
    evidence: told.evidence,
    severity: told.direction !== "worse" ? "info" : runs ? told.row.severity : "low",
    confidence: told.confidence,
    rootCause: `resource:${folderOf(told.path)}:${told.resource.address}`,
    clearBy: clear.map(statement),
  });
}

function read(
  row: CloudRow,
  view: CloudView,
  on: Resource,
  side: Side,
): Reading | null | "unknown" {
  const found = valuesIn(on.body, row.path).map((value) =>
    resolve(value, view.named(side, on.path)),
  );
  const [first] = found;
  if (first === undefined) return null;
  const wild =
    row.scale.kind === "ordered" && row.scale.groups.some((group) => group.includes("*"));
  const items = row.scale.kind === "set" ? found.flatMap(itemsOf) : found;
  if (!wild && items.some((item) => item.kind === "expression")) return "unknown";
  const values = items.map((item) => textOf(item).trim());
  const { scale } = row;
  const weakest =
    scale.kind === "ordered"
      ? values.toSorted((a, b) => rank(scale.groups, a) - rank(scale.groups, b))
      : values;
  return { values: weakest, path: on.path, startLine: first.line, endLine: first.endLine };
}

function itemsOf(value: Value): readonly Value[] {
  return value.kind === "list" ? value.items : [value];
}

function rank(groups: readonly (readonly string[])[], value: string): number {
  const named = groups.findIndex((group) => group.includes(value));
  return named === -1 ? groups.findIndex((group) => group.includes("*")) : named;
}

function stepOf(row: CloudRow, from: Reading | null, to: Reading | null): Step | null {
  const { scale } = row;
  if (scale.kind !== "number") {
    return compare({ ...row, scale, document: "check" }, from?.values ?? null, to?.values ?? null);
  }
  const amount = (reading: Reading | null): number => {
    const given = reading === null ? scale.absent : Number(reading.values[0]);
    return given === undefined ? NaN : given === scale.endless ? Infinity : given;
  };
  const [a, b] = [amount(from), amount(to)];
  if (Number.isNaN(a) || Number.isNaN(b) || a === b) return null;
  const say = (reading: Reading | null, value: number) => reading?.values[0] ?? `absent (${value})`;
  return {
    direction: b > a === (scale.more === "stronger") ? "better" : "worse",
    from: say(from, a),
    to: say(to, b),
  };
}

/** Controls that are gone, or come, while what they protect stays. */
export function ofControls(
  say: Say,
  input: RuleInput,
  controls: readonly CloudControl[],
): Finding[] {
  const view = cloudView(input);
  const [leaving, coming] = [placesOf(view.gone), placesOf(view.come)];
  const isOf = (control: CloudControl, { type, name, body, isData }: Resource): boolean =>
    !isData && control.on.test(type) && control.where?.test(`${name} ${textOf(body)}`) !== false;
  return controls.flatMap((control) => {
    const mine = (one: Resource) => isOf(control, one);
    const [had, has] = [
      perFolder(view.all.before.filter(mine)),
      perFolder(view.all.after.filter(mine)),
    ];
    const gone = view.gone.filter((one) => mine(one) && !goesWith(control, one, leaving));
    const come = view.come.filter((one) => mine(one) && !goesWith(control, one, coming));
    // One that takes the place of another in its folder is no loss.
    const spare = (one: Resource, others: Counts, some: Counts) =>
      (others.get(folderOf(one.path)) ?? 0) >= (some.get(folderOf(one.path)) ?? 0);
    const lost = gone.filter((one) => !spare(one, has, had) && !view.isRetired(one.path));
    const won = come.filter((one) => !spare(one, had, has));
    return [
      ...lost.map((one) => ofControl(say, control, one, "before")),
      ...won.map((one) => ofControl(say, control, one, "after")),
    ];
  });
}

type Counts = ReadonlyMap<string, number>;

function perFolder(some: readonly Resource[]): Counts {
  const counts = new Map<string, number>();
  for (const { path } of some) counts.set(folderOf(path), (counts.get(folderOf(path)) ?? 0) + 1);
  return counts;
}

/** Folder and address of what is declared, data left out. */
function placesOf(some: readonly Resource[]): ReadonlySet<string> {
  return new Set(
    some.flatMap(({ isData, path, address }) => (isData ? [] : [`${folderOf(path)}:${address}`])),
  );
}

/** Whether what it protects moves with it. */
function goesWith(control: CloudControl, one: Resource, moving: ReadonlySet<string>): boolean {
  return control.protects
    .flatMap((key) => valuesIn(one.body, key.split(".")).flatMap(references))
    .some((target) => target !== one.address && moving.has(`${folderOf(one.path)}:${target}`));
}

function ofControl(say: Say, control: CloudControl, one: Resource, side: Side): Finding {
  const worse = side === "before";
  return tellCloud(say, {
    row: control,
    subject: one.address,
    direction: worse ? "worse" : "better",
    locations: [{ side, path: one.path, startLine: one.body.line, endLine: one.body.endLine }],
    evidence: [
      {
        kind: "value",
        text: `${one.address}: ${worse ? "there to gone" : "gone to there"}`.slice(0, 300),
      },
    ],
    path: one.path,
    confidence: 90,
    resource: one,
  });
}
