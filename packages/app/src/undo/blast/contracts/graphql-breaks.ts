/**
 * Two GraphQL schemas compared: which queries of clients that were written for
 * the one fail, or mean something else, against the other. All files of a side
 * are one schema.
 */
import { Breaks, type ContractBreak } from "./contract-break.ts";
import type { Graphql, GraphqlDefinition, GraphqlField, GraphqlInput } from "./graphql.ts";

export type GraphqlFile = { readonly path: string; readonly graphql: Graphql };

/** Names of directives that guard; no standard has any, these are what servers and gateways use. */
const guards =
  /^(?:.{0,40}(?:auth|authenticated|permission|policy|requiresScopes|scope|role|access|admin|private|internal|rateLimit|cost|constraint))s?$/i;

export function graphqlBreaks(
  before: readonly GraphqlFile[],
  after: readonly GraphqlFile[],
): ContractBreak[] {
  const found: ContractBreak[] = [];
  const now = index(after);
  for (const { path, definition } of index(before).values()) {
    const other = now.get(definition.name);
    const breaks = new Breaks("graphql", path, other?.path ?? null);
    const { name } = definition;
    if (other === undefined) {
      breaks.add(["type-removed", "breaking"], name, `${definition.kind} ${name} is gone`, {
        before: definition.line,
      });
    } else if (other.definition.kind !== definition.kind) {
      const text = `${name} is ${article(other.definition.kind)}, was ${article(definition.kind)}`;
      breaks.add(["kind-changed", "breaking"], name, text, {
        before: definition.line,
        after: other.definition.line,
      });
    } else {
      compareDefinitions(breaks, definition, other.definition);
    }
    found.push(...breaks.found);
  }
  return [...found, ...rootBreaks(before, after)];
}

/** One definition may be extended in several files; the first place counts. */
function index(
  files: readonly GraphqlFile[],
): Map<string, { path: string; definition: GraphqlDefinition }> {
  const parts = Map.groupBy(
    files.flatMap(({ path, graphql }) =>
      graphql.definitions.map((definition) => ({ path, definition })),
    ),
    ({ definition: { kind, name } }) => (kind === "directive" ? `@${name}` : name),
  );
  return new Map(
    [...parts].flatMap(([name, all]) => {
      const [first] = all;
      if (first === undefined) return [];
      const definition = {
        ...first.definition,
        name,
        directives: all.flatMap((one) => one.definition.directives),
        members: all.flatMap((one) => one.definition.members),
        fields: all.flatMap((one) => one.definition.fields),
      };
      return [[name, { path: first.path, definition }] as const];
    }),
  );
}

function rootBreaks(
  before: readonly GraphqlFile[],
  after: readonly GraphqlFile[],
): ContractBreak[] {
  const now = new Map(
    after.flatMap(({ graphql }) => graphql.roots.map((root) => [root.name, root])),
  );
  return before.flatMap(({ path, graphql }) => {
    const breaks = new Breaks("graphql", path, path);
    for (const root of graphql.roots) {
      const other = now.get(root.name);
      if (other?.type === root.type || after.length === 0) continue;
      const text =
        other === undefined
          ? `there is no ${root.name} any more`
          : `${root.name} is ${other.type}, was ${root.type}`;
      breaks.add(["root-changed", "breaking"], root.name, text, { before: root.line });
    }
    return breaks.found;
  });
}

function compareDefinitions(
  breaks: Breaks,
  before: GraphqlDefinition,
  after: GraphqlDefinition,
): void {
  const { kind, name } = before;
  const lines = { before: before.line, after: after.line };
  guardBreaks(breaks, name, before.directives, after.directives, lines);
  const members = new Set(after.members.map((member) => member.name));
  const known = new Set(before.members.map((member) => member.name));
  const word = kind === "enum" ? "value" : kind === "union" ? "member" : "interface";
  for (const member of before.members) {
    if (members.has(member.name)) continue;
    const subject = `${name}.${member.name}`;
    breaks.add(
      [`${word}-removed`, "breaking"],
      subject,
      `${name} has no ${word} ${member.name} any more`,
      {
        before: member.line,
      },
    );
  }
  for (const member of kind === "enum" || kind === "union" ? after.members : []) {
    if (known.has(member.name)) continue;
    const subject = `${name}.${member.name}`;
    const text = `${name} can be ${member.name}, which is not expected`;
    breaks.add([`${word}-added`, "risky"], subject, text, { after: member.line });
  }
  if (kind === "input")
    inputBreaks(breaks, name, before.fields.map(inputOf), after.fields.map(inputOf), lines);
  else if (kind === "directive") inputBreaks(breaks, name, before.args, after.args, lines);
  else fieldsBreaks(breaks, name, before.fields, after.fields);
}

function guardBreaks(
  breaks: Breaks,
  subject: string,
  before: readonly string[],
  after: readonly string[],
  lines: { readonly before: number; readonly after: number },
): void {
  const kept = new Set(after);
  for (const directive of new Set(before)) {
    if (kept.has(directive) || !guards.test(directive)) continue;
    breaks.add(
      ["guard-removed", "security"],
      subject,
      `${subject} is without @${directive}`,
      lines,
    );
  }
}

function fieldsBreaks(
  breaks: Breaks,
  owner: string,
  before: readonly GraphqlField[],
  after: readonly GraphqlField[],
): void {
  const later = new Map(after.map((field) => [field.name, field]));
  for (const field of before) {
    const subject = `${owner}.${field.name}`;
    const other = later.get(field.name);
    if (other === undefined) {
      breaks.add(["field-removed", "breaking"], subject, `${subject} is gone`, {
        before: field.line,
      });
      continue;
    }
    const lines = { before: field.line, after: other.line };
    guardBreaks(breaks, subject, field.directives, other.directives, lines);
    // What is read may promise more, never less.
    if (!fits(other.type, field.type)) {
      breaks.add(
        ["field-type-changed", "breaking"],
        subject,
        `${subject} is ${other.type}, was ${field.type}`,
        lines,
      );
    }
    inputBreaks(breaks, subject, field.args, other.args, lines);
  }
}

function inputBreaks(
  breaks: Breaks,
  owner: string,
  before: readonly GraphqlInput[],
  after: readonly GraphqlInput[],
  lines: { readonly before: number; readonly after: number },
): void {
  const later = new Map(after.map((input) => [input.name, input]));
  const known = new Set(before.map(({ name }) => name));
  for (const input of before) {
    const subject = `${owner}(${input.name})`;
    const other = later.get(input.name);
    if (other === undefined) {
      breaks.add(["input-removed", "breaking"], subject, `${subject} is refused`, {
        before: input.line,
      });
    } else if (
      !fits(input.type, other.type) &&
      !(other.hasDefault && fits(`${input.type}!`, other.type))
    ) {
      const text = `${subject} takes ${other.type}, was ${input.type}`;
      breaks.add(["input-type-changed", "breaking"], subject, text, {
        before: input.line,
        after: other.line,
      });
    }
  }
  for (const input of after) {
    if (known.has(input.name) || input.hasDefault || !input.type.endsWith("!")) continue;
    const subject = `${owner}(${input.name})`;
    breaks.add(["input-required", "breaking"], subject, `${subject} is required`, {
      ...lines,
      after: input.line,
    });
  }
}

/** An input's field says its default in its type. */
function inputOf({ line, name, type }: GraphqlField): GraphqlInput {
  const hasDefault = type.endsWith("=");
  return { line, name, type: hasDefault ? type.slice(0, -1) : type, hasDefault };
}

/** Whether a value of type `given` is one of type `wanted`: non-null is narrower, at each level of lists. */
function fits(given: string, wanted: string): boolean {
  if (given === wanted) return true;
  if (wanted.endsWith("!"))
    return given.endsWith("!") && fits(given.slice(0, -1), wanted.slice(0, -1));
  if (given.endsWith("!")) return fits(given.slice(0, -1), wanted);
  if (given.startsWith("[") && wanted.startsWith("["))
    return fits(given.slice(1, -1), wanted.slice(1, -1));
  return false;
}

function article(kind: string): string {
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}
