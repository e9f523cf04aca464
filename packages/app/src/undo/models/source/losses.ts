/**
 * What functions and classes that stay lose between two states: exits, narrower
 * conditions, statements, marks, whole bodies. What a file of the change holds as
 * often on the other side has moved and is not lost; a function that goes takes
 * its contents with it. Whether a loss matters is not said here.
 */
import { isDocumentation, isTest } from "../../rules/file-classes.ts";
import { compareText } from "../../rules/order.ts";
import type { ChangedFile, RuleInput, Side } from "../../rules/rule.ts";
import { compareConditions } from "./condition.ts";
import { languageOf } from "./languages.ts";
import { sourceOf } from "./source.ts";
import type { Exit, Statement, Unit } from "./units.ts";
import { callsOf, namesOf, squash, wordsOf } from "./words.ts";

export type Loss = {
  /** `gained`: something that opens may be among what came; the classifier decides. */
  readonly kind: "exit" | "narrowed" | "statement" | "mark" | "emptied" | "gained";
  readonly path: string;
  readonly unit: string;
  readonly unitKind: Unit["kind"];
  /** The condition, statement or mark. */
  readonly text: string;
  /** For exits what they do; else the text again. */
  readonly body: string;
  readonly effect: Exit["effect"] | null;
  /** What stands in its place, where that can be said. */
  readonly instead: string | null;
  /** The statements and marks that came into the same unit. */
  readonly gains: readonly string[];
  /** What it is about is still used there; false: it goes with its subject. */
  readonly subjectStays: boolean;
  /** On the side that has it. */
  readonly at: Statement;
  readonly unitAt: { readonly path: string; readonly line: number; readonly endLine: number };
};

const seen = new WeakMap<RuleInput["files"], Map<Side, readonly Loss[]>>();

/** What the side `from` has and the other has not; `before` is what going back loses. */
export function lossesOf(input: RuleInput, from: Side): readonly Loss[] {
  let sides = seen.get(input.files);
  if (sides === undefined) seen.set(input.files, (sides = new Map()));
  let losses = sides.get(from);
  if (losses === undefined) sides.set(from, (losses = read(input, from)));
  return losses;
}

export function isComparedSource(path: string): boolean {
  return (
    languageOf(path) !== null &&
    !isTest(path) &&
    !isDocumentation(path) &&
    !/(?:^|\/)(?:vendor|node_modules|third[_-]party|examples?|samples?|fixtures|testdata|mocks?|migrations?|dist|build)\//.test(
      path,
    )
  );
}

/** More changed source than this is a change of everything. */
const mostFiles = 600;
const mostLosses = 2000;
/** Statements of one function that are weighed against each other, and exits. */
const mostOfUnit = 200;
const mostExits = 60;

type SidedUnits = { readonly file: ChangedFile; readonly from: Unit[]; readonly to: Unit[] };

function read(input: RuleInput, from: Side): Loss[] {
  const to: Side = from === "before" ? "after" : "before";
  const files = input.files.filter(({ path }) => isComparedSource(path)).slice(0, mostFiles);
  const sided = files.flatMap((file): SidedUnits[] => {
    const [had, has] = [sourceOf(input.models, file, from), sourceOf(input.models, file, to)];
    // A side that could not be read says nothing about what is gone.
    if ((had === null && file[from] !== undefined) || (has === null && file[to] !== undefined)) {
      return [];
    }
    return [{ file, from: [...(had ?? [])], to: [...(has ?? [])] }];
  });
  const balance = new Balance();
  for (const { from: had, to: has } of sided) {
    for (const unit of had) balance.count(unit, -1);
    for (const unit of has) balance.count(unit, 1);
  }
  const homeless = new Map<string, { unit: Unit; path: string }>();
  for (const { file, from: had, to: has } of sided) {
    const names = new Set(had.map(({ name }) => name));
    for (const unit of has) {
      const key = unit.name;
      if (key !== "" && !names.has(key)) homeless.set(key, { unit, path: file.path });
    }
  }
  const losses = sided.flatMap(({ file, from: had, to: has }) =>
    pairs(file.path, had, has, homeless).flatMap(([unit, other, path]) =>
      compareUnits(file.path, unit, other, path, balance),
    ),
  );
  return losses
    .sort(
      (a, b) => compareText(a.path, b.path) || a.at.line - b.at.line || compareText(a.text, b.text),
    )
    .slice(0, mostLosses);
}

/** How often each statement, condition and called name is there; less than nothing: lost. */
class Balance {
  readonly #counts = new Map<string, number>();

  count(unit: Unit, by: number): void {
    for (const { text } of [...unit.statements, ...unit.marks]) this.#add(`s ${squash(text)}`, by);
    for (const { condition } of unit.exits) this.#add(`c ${squash(condition)}`, by);
    for (const text of [unit.header, ...unit.statements.map((one) => one.text)]) {
      for (const call of callsOf(text)) this.#add(`n ${call}`, by);
    }
    for (const { text } of unit.marks) for (const call of callsOf(text)) this.#add(`n ${call}`, by);
  }

  lost(kind: "s" | "c" | "n", text: string): boolean {
    return (this.#counts.get(`${kind} ${text}`) ?? 0) < 0;
  }

  #add(key: string, by: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
  }
}

function pairs(
  path: string,
  had: readonly Unit[],
  has: readonly Unit[],
  homeless: ReadonlyMap<string, { unit: Unit; path: string }>,
): [Unit, Unit, string][] {
  const byName = Map.groupBy(has, ({ name }) => name);
  const taken = new Map<string, number>();
  return had.flatMap((unit): [Unit, Unit, string][] => {
    const index = taken.get(unit.name) ?? 0;
    taken.set(unit.name, index + 1);
    const same = byName.get(unit.name)?.[index];
    if (same !== undefined) return [[unit, same, path]];
    const moved = homeless.get(unit.name);
    return moved === undefined ? [] : [[unit, moved.unit, moved.path]];
  });
}

function compareUnits(
  path: string,
  from: Unit,
  to: Unit,
  toPath: string,
  balance: Balance,
): Loss[] {
  const [gone, come] = [
    difference([...from.marks, ...from.statements], [...to.marks, ...to.statements]),
    difference([...to.marks, ...to.statements], [...from.marks, ...from.statements]),
  ];
  if (gone.length === 0 && come.length === 0 && squash(from.header) === squash(to.header))
    return [];
  const gains = come.slice(0, mostOfUnit).map(({ text }) => text);
  if (squash(from.header) !== squash(to.header)) gains.push(to.header);
  const used = namesOf([to.header, ...to.statements.map(({ text }) => text)].join(" "));
  const about = {
    path,
    unit: from.name,
    unitKind: from.kind,
    gains,
    effect: null,
    instead: null,
    unitAt: { path: toPath, line: to.line, endLine: to.endLine },
  };
  const stays = (text: string): boolean => {
    // A command's own name is what is called, not what it is about.
    const calls = new Set(callsOf(text));
    const roots = [...namesOf(text, { roots: true })].filter((name) => !calls.has(name));
    return roots.length === 0 || roots.some((root) => used.has(root));
  };
  if (isEmptied(from, to)) {
    const at = { text: from.header, line: from.line, endLine: from.endLine };
    const instead = to.statements[0]?.text ?? "nothing";
    const text = from.header;
    return [{ ...about, kind: "emptied", text, body: text, instead, subjectStays: true, at }];
  }
  const exits = ofExits(from, to, balance).map(({ exit, instead }): Loss => ({
    ...about,
    kind: instead === null ? "exit" : "narrowed",
    text: exit.condition,
    body: exit.body,
    effect: exit.effect,
    instead,
    subjectStays: stays(exit.condition),
    at: exit,
  }));
  const marks = new Set(from.marks);
  const statements = gone
    .slice(0, mostOfUnit)
    .filter(({ text }) => balance.lost("s", squash(text)))
    .map((at): Loss => ({
      ...about,
      kind: marks.has(at) ? "mark" : "statement",
      text: at.text,
      body: at.text,
      subjectStays: from.kind === "class" || marks.has(at) || stays(at.text),
      at,
    }));
  const header: Loss[] =
    squash(from.header) === squash(to.header)
      ? []
      : [
          {
            ...about,
            kind: "statement",
            text: from.header,
            body: from.header,
            instead: to.header,
            subjectStays: true,
            at: { text: from.header, line: from.line, endLine: from.line },
          },
        ];
  const lostTexts = gone.slice(0, mostOfUnit).map(({ text }) => text);
  const opened = come.slice(0, mostOfUnit).map((at): Loss => ({
    ...about,
    kind: "gained",
    text: at.text,
    body: at.text,
    gains: lostTexts,
    subjectStays: true,
    at,
  }));
  return [...exits, ...header, ...statements, ...opened];
}

/** Those of `one` that `other` has less often, white space aside. */
function difference<T extends Statement>(one: readonly T[], other: readonly Statement[]): T[] {
  const left = new Map<string, number>();
  for (const { text } of other) left.set(squash(text), (left.get(squash(text)) ?? 0) + 1);
  return one.filter(({ text }) => {
    const count = left.get(squash(text)) ?? 0;
    left.set(squash(text), count - 1);
    return count <= 0;
  });
}

type LostExit = { readonly exit: Exit; readonly instead: string | null };

function ofExits(from: Unit, to: Unit, balance: Balance): LostExit[] {
  const key = ({ condition, effect, body }: Exit) => squash(`${effect} ${condition} ${body}`);
  const as = (exits: readonly Exit[]) => exits.map((exit) => ({ ...exit, text: key(exit) }));
  const lost = difference(as(from.exits), as(to.exits)).filter(
    ({ effect }) => effect !== "accepts",
  );
  const gained = difference(as(to.exits), as(from.exits))
    .slice(0, mostExits)
    .map((exit) => ({
      exit,
      body: squash(exit.body),
      condition: squash(exit.condition),
      names: namesOf(exit.condition),
    }));
  const result: LostExit[] = [];
  const rest: Exit[] = [];
  for (const exit of lost.slice(0, mostExits)) {
    const [body, condition] = [squash(exit.body), squash(exit.condition)];
    const same = gained.findIndex((one) => one.condition === condition);
    const found = same === -1 ? gained.findIndex((one) => one.body === body) : same;
    const [other] = found === -1 ? [] : gained.splice(found, 1);
    if (other === undefined) rest.push(exit);
    else result.push(...narrowed(exit, other.exit));
  }
  for (const exit of rest) {
    const names = namesOf(exit.condition);
    const like = gained.findIndex((one) => overlap(names, one.names) >= 0.4);
    const [other] = like === -1 ? [] : gained.splice(like, 1);
    if (other !== undefined) {
      if (other.exit.effect !== "accepts") result.push(...narrowed(exit, other.exit));
    } else if (balance.lost("c", squash(exit.condition))) result.push({ exit, instead: null });
  }
  return result;
}

function narrowed(exit: Exit, other: Exit): LostExit[] {
  return compareConditions(exit.condition, other.condition) === "narrower"
    ? [{ exit, instead: other.condition }]
    : [];
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const all = new Set([...a, ...b]).size;
  return all === 0 ? 0 : [...a].filter((name) => b.has(name)).length / all;
}

/** A function that checks by its name and now only says yes. */
function isEmptied(from: Unit, to: Unit): boolean {
  const words = wordsOf(from.name.split(".").at(-1) ?? "");
  const checks = words.some((word) =>
    /^(?:valid(?:ate|ates|ator|ation)?|sanitiz\w*|check|checks|verify|verifies|ensure|authori[sz]e\w*|authenticate|can|allowed|is|has|permit\w*|require)$/.test(
      word,
    ),
  );
  if (from.kind !== "function" || !checks || from.statements.length < 2) return false;
  if (to.statements.length > 1) return false;
  const only = to.statements[0]?.text ?? "";
  const refuses =
    from.exits.some(({ effect }) => effect !== "accepts") || from.statements.length > 2;
  return (
    refuses &&
    /^(?:|pass|(?:return )?(?:nil|null|None|true|True|next\(\)|Ok\(\(\)\)|\[\]|nil, nil|null, null|true, nil|undefined)?;?)$/.test(
      only,
    )
  );
}
