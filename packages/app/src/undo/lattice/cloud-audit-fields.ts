/**
 * Columns that record who did something (`approved_by_id`), lost from a model that stays.
 * Read from declarations of SQLAlchemy, Django, Rails, Prisma and SQL schemas, line by line; a
 * model that loses no more columns than it gains was only renamed in part.
 */
import { statement } from "../rules/clear.ts";
import { isDocumentation, isTest } from "../rules/file-classes.ts";
import {
  type ChangedFile,
  finding,
  type Finding,
  type RuleInput,
  type Side,
} from "../rules/rule.ts";
import type { Say } from "./cloud-rows-engine.ts";

export function isModelPath(path: string): boolean {
  return (
    /(?:^|\/)(?:models?|entities|schema|structure)(?:\/[^\n]{1,200})?\.(?:py|rb|prisma|sql)$/.test(
      path,
    ) &&
    !isTest(path) &&
    !isDocumentation(path)
  );
}

const declarations: readonly RegExp[] = [
  /^\s+(\w{1,80})\s*=\s*(?:\w{1,20}\.)?(?:Column|mapped_column|ForeignKey|OneToOneField)\s*\(/,
  /^\s+t\.(?:references|belongs_to|bigint|integer|uuid|string)\s+[":](\w{1,80})/,
  /^\s+(\w{1,80})\s+(?:String|Int|BigInt)\b/,
  /^\s+["`]?(\w{1,80})["`]?\s+(?:uuid|u?int\w{0,8}|bigint|varchar|character|text)\b/i,
];
const owners = [
  /^class\s+(\w{1,80})/,
  /^\s*create_table\s+[":](\w{1,80})/,
  /^model\s+(\w{1,80})\s*\{/,
  /^\s*create\s+table\s+(?:if not exists\s+)?["`]?([\w.]{1,80})/i,
];
const actor =
  /^(?:created|updated|modified|changed|deleted|removed|cancell?ed|approved|rejected|reviewed|archived|revoked|granted|authori[sz]ed|signed|requested|performed|triggered|published|suspended|blocked|locked|unlocked|enabled|disabled|verified|confirmed|issued|executed)_?by(?:_|$|[A-Z])/i;

type Columns = Map<string, Map<string, number>>;

export function auditFields(say: Say, input: RuleInput): Finding[] {
  return input.files.flatMap((file) => {
    if (!isModelPath(file.path) || file.before === undefined || file.after === undefined) return [];
    const [before, after] = [columns(file.before), columns(file.after)];
    return [
      ...lost(before, after).flatMap((one) => told(say, input, file, one, true)),
      ...lost(after, before).flatMap((one) => told(say, input, file, one, false)),
    ];
  });
}

type Lost = { readonly model: string; readonly names: readonly string[]; readonly line: number };

function lost(from: Columns, to: Columns): Lost[] {
  return [...from].flatMap(([model, had]) => {
    const has = to.get(model);
    if (has === undefined) return [];
    const gone = [...had.keys()].filter((name) => !has.has(name));
    const come = [...has.keys()].filter((name) => !had.has(name));
    const names = gone.filter((name) => actor.test(name));
    const [first] = names;
    return first === undefined || come.length >= gone.length
      ? []
      : [{ model, names, line: had.get(first) ?? 1 }];
  });
}

function told(
  say: Say,
  input: RuleInput,
  { path }: ChangedFile,
  { model, names, line }: Lost,
  worse: boolean,
): Finding[] {
  const side: Side = worse ? "before" : "after";
  const other: Side = worse ? "after" : "before";
  // What another model of the change has under the same name has moved there.
  const moved = input.files.some(
    (file) =>
      file.path !== path &&
      isModelPath(file.path) &&
      names.every((name) => file[other]?.includes(name) === true),
  );
  if (moved) return [];
  return [
    finding(say.rule, {
      implication: say.rule.id,
      direction: worse ? "worse" : "better",
      subject: `${path}: ${model}`.slice(0, 300).toWellFormed(),
      locations: [{ side, path, startLine: line, endLine: line }],
      evidence: [
        {
          kind: "value",
          text: `${model}.${names.join(", ")}: ${worse ? "recorded to not" : "not to recorded"}`
            .slice(0, 300)
            .toWellFormed(),
        },
      ],
      severity: worse ? "medium" : "info",
      confidence: 80,
      rootCause: `model:${path}:${model}`,
      clearBy: say.clear.map(statement),
    }),
  ];
}

function columns(text: string): Columns {
  const found: Columns = new Map();
  let model = "";
  for (const [at, line] of text.split("\n").entries()) {
    const code = line.slice(0, 500);
    model = owners.map((one) => one.exec(code)?.[1]).find((one) => one !== undefined) ?? model;
    const name = declarations.map((one) => one.exec(code)?.[1]).find((one) => one !== undefined);
    if (model === "") continue;
    const names = found.get(model) ?? new Map<string, number>();
    if (name !== undefined) names.set(name, at + 1);
    found.set(model, names);
  }
  return found;
}
