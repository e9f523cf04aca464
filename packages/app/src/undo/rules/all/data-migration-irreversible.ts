/**
 * data.migration-irreversible: going back deletes a migration that may have been
 * applied where the newer state ran. The database stays as the migration left it, the
 * journal names one that is not there any more, and the way down is gone with its file.
 */
import {
  destructive,
  type Migration,
  migrationAt,
  migrationModel,
} from "../../models/migrations/migrations.ts";
import { statement } from "../clear.ts";
import {
  type ChangedFile,
  finding,
  type Finding,
  type Rule,
  type RuleInput,
  type Severity,
} from "../rule.ts";

export const dataMigrationIrreversible: Rule = {
  id: "data.migration-irreversible",
  version: 1,
  implications: ["data.migration-irreversible"],
  reads: (path) => migrationAt(path) !== null,
  run(input): readonly Finding[] {
    const files = input.files.filter(({ path }) => migrationAt(path) !== null);
    const ids = new Set(
      files.filter(({ status }) => status !== "removed").map(({ path }) => migrationAt(path)?.id),
    );
    const contents = new Set(
      files.filter(({ status }) => status === "added").flatMap(({ after }) => after ?? []),
    );
    return files.flatMap((file) => {
      if (file.status === "added") return broughtBack(file, input);
      // Renamed or renumbered is another migration to the journal, but it is not lost.
      const moved = ids.has(migrationAt(file.path)?.id) || contents.has(file.before ?? "");
      return file.status === "removed" && !moved ? deleted(file, input) : [];
    });
  },
};

function deleted(file: ChangedFile, { models }: RuleInput): Finding[] {
  const migration = models.of(migrationModel, file, "before");
  if (migration === null || (migration.framework === "diesel" && file.path.endsWith("/down.sql")))
    return [];
  const effects = migration.up.map(({ effect }) => effect);
  const loses = effects.some((effect) => destructive.has(effect));
  const severity: Severity = loses ? "high" : "medium";
  return [
    finding(dataMigrationIrreversible, {
      implication: "data.migration-irreversible",
      direction: "worse",
      subject: migration.id,
      locations: placesOf(file.path, migration),
      evidence: [
        {
          kind: "value",
          text: `${migration.framework}: ${effects.join(", ") || "nothing that is known by name"}`,
        },
        { kind: "value", text: downText[migration.down] },
      ],
      severity,
      confidence: loses ? 85 : 75,
      rootCause: `migration:${migration.id}`,
      clearBy: [
        {
          kind: "migration-not-applied",
          migration: migration.id,
          text: `the journal of applied migrations lacks ${migration.id}`,
        },
        statement("a backup from before it was applied was restored in a test"),
      ],
    }),
  ];
}

const downText = {
  none: "there is no way down",
  "loses-data": "its way down deletes data, and goes with the file",
  written: "its way down goes with the file: run it first",
} as const satisfies Record<Migration["down"], string>;

function placesOf(path: string, { up }: Migration): Finding["locations"] {
  const lines = up.length === 0 ? [1] : up.slice(0, 5).map(({ line }) => line);
  return [...new Set(lines)].map((line) => ({
    side: "before",
    path,
    startLine: line,
    endLine: line,
  }));
}

/** A migration that comes back may be applied a second time, or stand before ones that were. */
function broughtBack(file: ChangedFile, { models }: RuleInput): Finding[] {
  const migration = models.of(migrationModel, file, "after");
  if (migration === null) return [];
  return [
    finding(dataMigrationIrreversible, {
      implication: "data.migration-irreversible",
      direction: "changed",
      subject: migration.id,
      locations: [{ side: "after", path: file.path, startLine: 1, endLine: 1 }],
      evidence: [{ kind: "path", text: "this migration comes with the state gone back to" }],
      severity: "info",
      confidence: 75,
      rootCause: `migration:${migration.id}`,
      clearBy: [statement("the order of migrations was looked at by a named person")],
    }),
  ];
}
