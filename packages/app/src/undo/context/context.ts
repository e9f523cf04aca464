/**
 * The context of a path, from all that speak of it, and what it does to findings.
 *
 * Who speaks: the operator's file, and the repository's own in both states. In the
 * state gone back to alone it would be whatever stood there once; in the state left
 * alone it would be undone with the rest. So the repository counts as saying what the
 * stricter of its two states says, and what only one of them says loosens nothing.
 * Where the repository and the operator both speak of a path, the stricter counts.
 *
 * What it does (docs/spec/risk.md): what runs only in development or tests reaches no
 * further than development; storage whose data are public may be public. Tier, data
 * class and tags are shown and weigh nothing: there is no number for them that would
 * be more than taste, and policy can ask for more where they stand.
 */
import { createHash } from "node:crypto";
import { canonicalBytes } from "@countermand/record";
import { parsePattern } from "../blast/codeowners-pattern.ts";
import { PatternIndex } from "../blast/pattern-index.ts";
import { compareText } from "../rules/order.ts";
import type { Finding, FindingContext } from "../rules/rule.ts";
import {
  type ContextFile,
  contextFileName,
  dataClasses,
  environments,
  parseContextFile,
  tiers,
} from "./context-file.ts";

/** What was given; `null`: the state has no such file. */
export type ContextSources = {
  readonly operator?: ContextFile | undefined;
  readonly repository?: {
    readonly before: ContextFile | null;
    readonly after: ContextFile | null;
  };
};

type Facts = Omit<FindingContext, "components">;
type Source = {
  readonly file: ContextFile;
  readonly patterns: PatternIndex;
  /** For each pattern the place of its component. */
  readonly components: readonly number[];
};

export class Context {
  readonly #operator: Source | undefined;
  readonly #before: Source | null;
  readonly #after: Source | null;
  /** A path that has many findings is looked up once. */
  readonly #known = new Map<string | null, FindingContext>();
  /** Over all that was given, `sha256:…`; undefined: nothing was. */
  readonly digest: string | undefined;
  /** One sentence each, printable ASCII without text of the repository. */
  readonly unknowns: readonly string[];

  constructor({ operator, repository }: ContextSources, unknowns: readonly string[] = []) {
    this.#operator = operator === undefined ? undefined : sourceOf(operator);
    this.#before = repository?.before ? sourceOf(repository.before) : null;
    this.#after = repository?.after ? sourceOf(repository.after) : null;
    this.unknowns = unknowns;
    const given = {
      ...(operator === undefined ? {} : { operator }),
      ...(this.#before === null ? {} : { before: this.#before.file }),
      ...(this.#after === null ? {} : { after: this.#after.file }),
    };
    this.digest =
      Object.keys(given).length === 0
        ? undefined
        : `sha256:${createHash("sha256").update(canonicalBytes(given)).digest("hex")}`;
  }

  /** What is said of these paths together; of none, what is said of the whole. */
  of(paths: readonly string[]): FindingContext | undefined {
    const said = (paths.length === 0 ? [null] : [...new Set(paths)]).map((path) =>
      this.#ofPath(path),
    );
    return present(strictest(said, "unsaid-is-strict"));
  }

  #ofPath(path: string | null): FindingContext {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const sides = [this.#before, this.#after];
    const repository = strictest(
      sides.map((side) => (side === null ? nothing : saidBy(side, path))),
      "unsaid-is-strict",
    );
    const operator = this.#operator === undefined ? nothing : saidBy(this.#operator, path);
    const said = strictest([repository, operator], "unsaid-is-silent");
    this.#known.set(path, said);
    return said;
  }
}

const nothing: FindingContext = {};

function sourceOf(file: ContextFile): Source {
  const places = file.components.flatMap(({ paths }, component) =>
    paths.map((text) => {
      const pattern = parsePattern(text, "github");
      if (typeof pattern === "string") throw new TypeError(pattern);
      return { pattern, component };
    }),
  );
  return {
    file,
    patterns: new PatternIndex(places.map(({ pattern }) => pattern)),
    components: places.map(({ component }) => component),
  };
}

/** What a file says of a path: of its components, the strictest; what they leave open, the file's own word. */
function saidBy({ file, patterns, components }: Source, path: string | null): FindingContext {
  const matched = new Set(
    path === null ? [] : [...patterns.matches(path)].map((at) => components[at]),
  );
  const found = file.components.filter((_, i) => matched.has(i));
  const own: Facts = file;
  const whole = (facts: Facts): FindingContext => ({
    ...pick("environment", facts.environment ?? own.environment),
    ...pick("tier", facts.tier ?? own.tier),
    ...pick("data", facts.data ?? own.data),
    threats: [...(own.threats ?? []), ...(facts.threats ?? [])],
    regulations: [...(own.regulations ?? []), ...(facts.regulations ?? [])],
  });
  if (found.length === 0) return whole({});
  return strictest(
    found.map((component) => ({ ...whole(component), components: [component.name] })),
    "unsaid-is-strict",
  );
}

function pick<K extends string, V>(key: K, value: V | undefined): { readonly [k in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [k in K]: V });
}

/**
 * Tags of all. Of each other fact the strictest that anybody says; but a word that
 * loosens (`development`, `public`) counts only if nobody else is silent.
 */
function strictest(
  all: readonly FindingContext[],
  unsaid: "unsaid-is-strict" | "unsaid-is-silent",
): FindingContext {
  const of = <T extends string>(
    order: readonly T[],
    values: readonly (T | undefined)[],
    loosens: readonly NoInfer<T>[],
  ) => {
    const said = order.find((one) => values.includes(one));
    if (said === undefined || unsaid === "unsaid-is-silent" || !loosens.includes(said)) return said;
    return values.includes(undefined) ? undefined : said;
  };
  const union = (lists: readonly (readonly string[] | undefined)[]) =>
    [...new Set(lists.flatMap((list) => list ?? []))].sort(compareText);
  const places = all.map(({ environment }) => environment);
  const classes = all.map(({ data }) => data);
  const levels = all.map(({ tier }) => tier);
  return {
    ...pick("environment", of(environments, places, ["development", "test"])),
    ...pick("tier", of(tiers, levels, [])),
    ...pick("data", of(dataClasses, classes, ["public"])),
    components: union(all.map(({ components }) => components)),
    threats: union(all.map(({ threats }) => threats)),
    regulations: union(all.map(({ regulations }) => regulations)),
  };
}

/** Without empty lists; undefined where nothing is left. */
function present(context: FindingContext): FindingContext | undefined {
  const entries = Object.entries(context).filter(([, value]) => value.length > 0);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The findings with what is said of where they are; what only runs in development reaches no further. */
export function inContext(findings: readonly Finding[], context: Context): Finding[] {
  if (context.digest === undefined) return [...findings];
  return findings.map((one) => {
    const said = context.of(one.locations.map(({ path }) => path));
    if (said === undefined) return one;
    const aside = said.environment === "development" || said.environment === "test";
    const reach = aside && one.reach === "runtime" ? "development" : one.reach;
    return { ...one, reach, context: said };
  });
}

/** The context of two states; `before` and `after` are the text of the repository's file, null where there is none. */
export function contextOf(
  operator: ContextFile | undefined,
  before: string | null,
  after: string | null,
): Context {
  const unknowns: string[] = [];
  const read = (text: string | null, state: string): ContextFile | null => {
    if (text === null) return null;
    const file = parseContextFile(text);
    if (typeof file !== "string") return file;
    const says = file.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
    unknowns.push(`${contextFileName} of the ${state} is not taken into account: ${says}`);
    return null;
  };
  const repository = {
    before: read(before, "state left"),
    after: read(after, "state gone back to"),
  };
  return new Context({ operator, repository }, unknowns);
}

/** One line for a person, the strictest facts first; empty where nothing is said. */
export function contextLine(context: FindingContext | undefined): string {
  if (context === undefined) return "";
  const { components = [], environment, tier, data, threats = [], regulations = [] } = context;
  return [
    ...components,
    ...(environment === undefined ? [] : [environment]),
    ...(tier === undefined ? [] : [`tier ${tier}`]),
    ...(data === undefined ? [] : [`${data} data`]),
    ...threats.map((one) => `threat ${one}`),
    ...regulations,
  ].join(", ");
}
