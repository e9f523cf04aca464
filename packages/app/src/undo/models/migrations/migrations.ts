/**
 * Database migrations of the usual frameworks: what a file's way up does to data and
 * schema, and whether there is a way down. Read by calls and statements, not run and
 * not parsed whole: a helper of the project's own is not seen, and says nothing.
 */
import { type Model, Unread } from "../model.ts";

export type Effect =
  | "drops-table"
  | "drops-column"
  | "renames"
  | "changes-type"
  | "requires-value"
  | "requires-unique"
  | "constrains"
  | "deletes-rows"
  | "rewrites-rows"
  | "adds";

export type Migration = {
  /** What the journal of applied migrations knows it by. */
  readonly id: string;
  readonly framework: string;
  /** With the 1-based line where each is first. */
  readonly up: readonly { readonly effect: Effect; readonly line: number }[];
  readonly down: "none" | "loses-data" | "written";
};

const frameworks: readonly (readonly [string, RegExp])[] = [
  ["rails", /(?:^|\/)db\/(?:[\w-]*migrate|post_migrate)\/(\d{8,14}_[\w-]+)\.rb$/],
  ["alembic", /(?:^|\/)(?:alembic|migrations)\/versions\/([\w-]+)\.py$/],
  ["django", /(?:^|\/)migrations\/(\d{4}_[\w-]+)\.py$/],
  ["flyway", /(?:^|\/)((?:V|U|R)\d*[\d._]*__[\w-]+)\.sql$/],
  ["diesel", /(?:^|\/)migrations\/([\w-]+)\/(?:up|down)\.sql$/],
  ["prisma", /(?:^|\/)prisma\/migrations\/([\w-]+)\/migration\.sql$/],
  ["ef", /(?:^|\/)Migrations\/(\d{14}_\w+)\.cs$/],
  ["laravel", /(?:^|\/)database\/migrations\/(\d{4}_\d{2}_\d{2}_\d{6}_[\w-]+)\.php$/],
  ["liquibase", /(?:^|\/)(?:db\/changelog|liquibase)\/([\w./-]+)\.(?:xml|ya?ml|json)$/],
  [
    "sql",
    /(?:^|\/)(?:migrations?|migrate|delta|deltas|schema_changes|changesets)\/(?:[\w.-]+\/){0,3}([\w.-]+)\.sql(?:\.\w+)?$/,
  ],
  ["script", /(?:^|\/)migrations?\/(?:[\w-]+\/){0,2}(\d[\w.-]*)\.(?:js|ts|mjs|cjs|go|php|py)$/],
];

/** The framework and the id of a migration by its path; null for any other file. */
export function migrationAt(path: string): { framework: string; id: string } | null {
  if (
    /(?:^|\/)(?:tests?|specs?|docs?|examples?|fixtures|testdata|vendor|node_modules)\//i.test(path)
  )
    return null;
  // The way down of a pair is read where the way up is; by itself it undoes nothing.
  if (/[._-]down\.sql$/i.test(path)) return null;
  for (const [framework, pattern] of frameworks) {
    const id = pattern.exec(path)?.[1];
    if (id !== undefined) return { framework, id };
  }
  return null;
}

const effects: readonly (readonly [Effect, RegExp])[] = [
  [
    "drops-table",
    /\bdrop\s+table\b|\bdrop_table\b|\bDeleteModel\b|\bdropTable(?:IfExists)?\b|\bDropTable\b|\bdropIfExists\b/i,
  ],
  [
    "drops-column",
    /\bdrop\s+column\b|\bremove_columns?\b|\bremove_reference\b|\bdrop_column\b|\bRemoveField\b|\bdropColumns?\b|\bDropColumn\b/i,
  ],
  [
    "renames",
    /\brename\s+(?:column|table|to)\b|\brename_(?:column|table)\b|\bRename(?:Field|Model|Column|Table)\b|\brenameColumn\b|\brenameTable\b|new_column_name\s*=/i,
  ],
  [
    "changes-type",
    /\balter\s+column\s+\S{1,200}\s+(?:set\s+data\s+)?type\b|\bmodify\s+column\b|\bchange_column\b(?!_null|_default)|\btype_\s*=|\.alter\(\)|\bAlterColumn\b|\bchangeColumn\b/i,
  ],
  [
    "requires-value",
    /\bset\s+not\s+null\b|\bchange_column_null\b[^\n]{0,200}\bfalse\b|nullable\s*=\s*False|\bnot\s+null\b(?![^\n]{0,80}\bdefault\b)|notNullable\(\)|\bnull:\s*false\b|validate\s+constraint/i,
  ],
  [
    "requires-unique",
    /\bunique\b|\bcreate_unique_constraint\b|\bUniqueConstraint\b|\bunique_together\b/i,
  ],
  [
    "constrains",
    /\badd\s+constraint\b|\badd_check_constraint\b|\badd_foreign_key\b|\bcreate_foreign_key\b|\bcreate_check_constraint\b/i,
  ],
  [
    "deletes-rows",
    /\bdelete\s+from\b|\btruncate\b|\.delete_all\b|\.destroy_all\b|\bop\.execute\([^\n]{0,80}delete\b/i,
  ],
  [
    "rewrites-rows",
    /\bupdate\s+\S{1,200}\s+set\b|\bupdate_all\b|\bRunPython\b|\bbackfill\b|\bfind_each\b|background_updates/i,
  ],
  [
    "adds",
    /\bcreate\s+table\b|\badd\s+column\b|\bcreate_table\b|\badd_(?:column|reference|index)\b|\bcreate\s+(?:unique\s+)?index\b|\bCreateModel\b|\bAddField\b|\bcreateTable\b|\bAddColumn\b|\bCreateTable\b|\bSchema::create\b/i,
  ],
];

const longest = 1_000_000;

export const migrationModel: Model<Migration> = {
  id: "migration",
  version: 1,
  parse(text, path) {
    const at = migrationAt(path);
    if (at === null) return new Unread("no migration by its path");
    if (text.length > longest) return new Unread(`longer than ${longest} characters`);
    const { up, down } = ways(text, at.framework, path);
    return { ...at, up: effectsOf(up), down: wayDown(down, at.framework, path) };
  },
};

type Part = { readonly lines: readonly string[]; readonly first: number };

/** The lines of the way up and of the way down. */
function ways(text: string, framework: string, path: string): { up: Part; down: Part | null } {
  const lines = text.split("\n");
  const whole = { lines, first: 1 };
  const cut = (start: RegExp): number =>
    lines.findIndex((line) => line.length < 1000 && start.test(line));
  const between = (from: number, to: number): Part => ({
    lines: lines.slice(from, to > from ? to : undefined),
    first: from + 1,
  });
  const starts: Readonly<Record<string, readonly [RegExp, RegExp]>> = {
    rails: [/^\s*def\s+(?:self\.)?(?:up|change)\b/, /^\s*def\s+(?:self\.)?down\b/],
    alembic: [/^def\s+upgrade\b/, /^def\s+downgrade\b/],
    ef: [/\bvoid\s+Up\s*\(/, /\bvoid\s+Down\s*\(/],
    laravel: [/\bfunction\s+up\s*\(/, /\bfunction\s+down\s*\(/],
    script: [
      /\b(?:exports\.up|function\s+up|up\s*[:(=]|async\s+up)\b/,
      /\b(?:exports\.down|function\s+down|down\s*[:(=]|async\s+down)\b/,
    ],
    sql: [/--\s*(?:\+goose|migrate:)\s*up/i, /--\s*(?:\+goose|migrate:)\s*down/i],
  };
  if (framework === "diesel" && path.endsWith("/down.sql"))
    return { up: { lines: [], first: 1 }, down: whole };
  const found = starts[framework];
  if (found === undefined) return { up: whole, down: null };
  const [up, down] = [cut(found[0]), cut(found[1])];
  if (up === -1) return { up: whole, down: null };
  return {
    up: between(up, down > up ? down : lines.length),
    down: down === -1 ? null : between(down, down < up ? up : lines.length),
  };
}

function effectsOf({ lines, first }: Part): { effect: Effect; line: number }[] {
  const found: { effect: Effect; line: number }[] = [];
  for (const [effect, pattern] of effects) {
    const at = lines.findIndex(
      (line) => line.length < 4000 && !/^\s*(?:--|#|\/\/|\*)/.test(line) && pattern.test(line),
    );
    if (at !== -1) found.push({ effect, line: first + at });
  }
  return found;
}

function wayDown(down: Part | null, framework: string, path: string): Migration["down"] {
  if (down === null) {
    // Rails turns `change` around by itself; Django and Liquibase know the way back of most steps.
    if (framework === "rails" || framework === "django" || framework === "liquibase")
      return "written";
    return framework === "diesel" && path.endsWith("/up.sql") ? "written" : "none";
  }
  const text = down.lines.join("\n").slice(0, 100_000);
  if (/IrreversibleMigration|NotImplementedError|NotSupportedException|\bpass\s*$/.test(text))
    return "none";
  const effects = effectsOf(down).map(({ effect }) => effect);
  return effects.some((effect) => destructive.has(effect)) ? "loses-data" : "written";
}

/** Data or meaning is lost by these; going back does not bring it. */
export const destructive: ReadonlySet<Effect> = new Set([
  "drops-table",
  "drops-column",
  "deletes-rows",
  "rewrites-rows",
  "changes-type",
]);

/** What is written under these, older code may not be able to read, or may break. */
export const contractual: ReadonlySet<Effect> = new Set([
  "drops-table",
  "drops-column",
  "renames",
  "changes-type",
  "requires-value",
  "requires-unique",
  "constrains",
]);
