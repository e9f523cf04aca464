/** `countermand advisories [import|show|find]`: the advisory data that implications are judged by; nothing is fetched. */
import { existsSync } from "node:fs";
import { Command } from "commander";
import { freshness } from "../../undo/advisories/advisory-index.ts";
import { gravity, gravityText } from "../../undo/advisories/gravity.ts";
import { importAdvisories, type ImportReport } from "../../undo/advisories/import.ts";
import { openAdvisories, type OpenAdvisories } from "../../undo/advisories/open.ts";
import {
  ecosystems,
  fromPurl,
  type PackageVersion,
  wellKnown,
} from "../../undo/advisories/purl.ts";
import type { AffectedPackage } from "../../undo/advisories/record.ts";
import type { SourceReport } from "../../undo/advisories/source-import.ts";
import { count, number } from "../../undo/text.ts";
import { advisoriesFile, staleAfter } from "../advisories-file.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes, type ExitCode, usage } from "../exit.ts";
import { progressLine } from "../progress.ts";
import { columns, plain, style } from "../terminal.ts";
import { collect } from "./shared.ts";

interface Options {
  readonly file?: string;
  readonly maxAge?: string;
  readonly json?: true;
}

interface ImportChoices extends Options {
  readonly date?: string;
  readonly covers?: readonly string[];
  readonly fresh?: true;
}

type Exit = (code: ExitCode) => void;

export function advisoriesCommand(context: Context, exit: Exit): Command {
  return common(new Command("advisories"))
    .enablePositionalOptions()
    .summary("the advisory data that vulnerable dependencies are found by")
    .description(
      "Without a subcommand: what is there, how old it is, and what is missing. An ecosystem without data, or with data that are too old, is unknown, never clean. Nothing is fetched: docs/operations/advisories.md says where data come from.",
    )
    .action((options: Options) => showStatus(context, options))
    .addCommand(importCommand(context, exit))
    .addCommand(showCommand(context))
    .addCommand(findCommand(context, exit));
}

function common(command: Command): Command {
  return command
    .option("--file <path>", "the advisory file (or COUNTERMAND_ADVISORIES; with the user's data)")
    .option("--max-age <days>", "data older than this are unknown (30)")
    .option("--json", "print one JSON object");
}

function importCommand(context: Context, exit: Exit): Command {
  return new Command("import")
    .summary("take advisories from files, folders and zip archives")
    .description(
      "Reads OSV records (JSON, YAML; zip archives as OSV.dev has them), ruby-advisory-db, FriendsOfPHP/security-advisories, CISA's KEV catalogue (JSON) and EPSS scores (CSV, also gzipped). What is older than what is there is passed by. A run that is interrupted leaves the data as they were.",
    )
    .argument("<path...>", "files, folders, zip archives")
    .option("--file <path>", "the advisory file (or COUNTERMAND_ADVISORIES; with the user's data)")
    .option("--date <date>", "the data are as of this date (else the newest record's)")
    .option("--covers <ecosystem>", "the sources hold all advisories of it, repeatable", collect)
    .option("--fresh", "forget what was imported before")
    .option("--json", "print one JSON object")
    .action(async (paths: readonly string[], _: object, command: Command) => {
      const options = command.optsWithGlobals<ImportChoices>();
      const report = await runImport(context, paths, options);
      if (options.json === true) context.out(`${JSON.stringify(report)}\n`);
      else tellImport(context, report);
      const refused = report.sources.reduce((sum, source) => sum + source.refused, 0);
      exit(refused === 0 ? exitCodes.good : exitCodes.finding);
    });
}

async function runImport(
  context: Context,
  paths: readonly string[],
  options: ImportChoices,
): Promise<ImportReport> {
  const { date, covers, fresh } = options;
  if (date !== undefined && !/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,3})?Z)?$/.test(date)) {
    throw usage(`--date is a day such as 2026-11-23; found ${plain(date)}.`);
  }
  const unknown = covers?.find((one) => !ecosystems.some((ecosystem) => ecosystem === one));
  if (unknown !== undefined) {
    throw usage(`--covers takes one of ${ecosystems.join(", ")}; found ${plain(unknown)}.`);
  }
  const progress = progressLine(context);
  try {
    return await importAdvisories(advisoriesFile(context, options.file), paths, {
      ...(date === undefined ? {} : { date }),
      ...(covers === undefined ? {} : { covers }),
      ...(fresh === undefined ? {} : { fresh }),
      signal: context.interrupted,
      onProgress: ({ phase, place, done, total }) =>
        progress.show(
          phase === "merging"
            ? "merging what is the same flaw"
            : `${plain(place, 60)}: ${number(done)} of ${number(total)}`,
        ),
    });
  } finally {
    progress.clear();
  }
}

function tellImport(context: Context, report: ImportReport): void {
  for (const source of report.sources) {
    context.out(`${plain(source.place)}: ${counted(source)}\n`);
    for (const problem of source.problems) {
      context.err(`${style(context, "red", "refused")} ${plain(problem, 600)}\n`);
    }
    const unsaid = source.refused - source.problems.length;
    if (unsaid > 0) context.err(`and ${number(unsaid)} more were refused\n`);
    for (const { ecosystem, date, datedBy } of source.covers) {
      const by = {
        said: "as you say",
        modified: "its newest record",
        file: "the time of its files",
      };
      context.out(`  all of ${plain(ecosystem)} as of ${date.slice(0, 10)} (${by[datedBy]})\n`);
    }
  }
  context.out(
    `${report.written ? "" : "Nothing new. "}${count(report.records, "record")} about ${count(report.flaws, "flaw")}, ${report.digest}\n`,
  );
}

function counted(source: SourceReport): string {
  const passedBy = source.other === 1 ? "other file passed by" : "other files passed by";
  const parts: [number, string][] = [
    [source.added, "added"],
    [source.updated, "updated"],
    [source.known, "known already"],
    [source.unchanged, "unchanged since the last import"],
    [source.exploited, "known to be exploited"],
    [source.scored, "EPSS scores"],
    [source.other, passedBy],
    [source.refused, "refused"],
  ];
  const said = parts.filter(([n]) => n > 0).map(([n, what]) => `${number(n)} ${what}`);
  return said.length === 0 ? "nothing to import" : said.join(", ");
}

function withAdvisories<T>(
  context: Context,
  options: Options,
  work: (index: OpenAdvisories) => T,
): T {
  const index = openAdvisories(
    advisoriesFile(context, options.file),
    staleAfter(context, options.maxAge),
  );
  try {
    return work(index);
  } finally {
    index[Symbol.dispose]();
  }
}

function showStatus(context: Context, options: Options): void {
  const file = advisoriesFile(context, options.file);
  if (!existsSync(file)) {
    if (options.json === true) context.out(`${JSON.stringify({ file, digest: null })}\n`);
    else {
      context.out(
        `No advisory data at ${plain(file)}: whether vulnerable versions come back is unknown.\nImport some: countermand advisories import PATH... (docs/operations/advisories.md)\n`,
      );
    }
    return;
  }
  withAdvisories(context, options, (index) => {
    const asOf = context.now().toISOString();
    const rows = index.details.snapshots().map((row) => ({
      ...row,
      days:
        row.date === null ? null : Math.floor((Date.parse(asOf) - Date.parse(row.date)) / 864e5),
    }));
    const limit = index.staleAfterDays ?? 0;
    const missing = wellKnown.filter(
      (one) => !rows.some((row) => row.ecosystem === one && row.date !== null),
    );
    const stale = rows.filter((row) => row.days !== null && row.days > limit);
    const counts = index.details.counts();
    const lists = index.details.lists();
    if (options.json === true) {
      context.out(
        `${JSON.stringify({ file, digest: index.digest, ...counts, ecosystems: rows, ...lists, missing, staleAfterDays: limit })}\n`,
      );
      return;
    }
    const by: Readonly<Record<string, string>> = {
      said: "as you said",
      modified: "newest record",
      file: "time of the files",
    };
    context.out(
      columns([
        ["ecosystem", "records", "as of", "age", "dated by"],
        ...rows.map((row) => [
          plain(row.ecosystem, 40),
          number(row.records),
          row.date?.slice(0, 10) ?? "not all of it",
          row.days === null ? "" : `${row.days} d${row.days > limit ? " (stale)" : ""}`,
          by[row.datedBy ?? ""] ?? "",
        ]),
      ]),
    );
    context.out(
      `\n${count(counts.records, "record")} about ${count(counts.flaws, "flaw")} in ${plain(file)}\n${index.digest ?? ""}\n`,
    );
    const absent = [
      ...(lists.kev === null ? ["CISA's list of exploited vulnerabilities"] : []),
      ...(lists.epss === null ? ["EPSS scores"] : []),
    ];
    if (lists.kev !== null)
      context.out(`Known exploited vulnerabilities as of ${lists.kev.slice(0, 10)}\n`);
    if (lists.epss !== null) context.out(`EPSS scores of ${lists.epss.slice(0, 10)}\n`);
    const complaints = [
      ...(missing.length > 0 ? [`No data, so unknown: ${missing.join(", ")}.`] : []),
      ...(stale.length > 0
        ? [
            `Older than ${limit} days, so unknown: ${stale.map((row) => plain(row.ecosystem, 40)).join(", ")}.`,
          ]
        : []),
      ...(absent.length > 0 ? [`Not there: ${absent.join(", ")}.`] : []),
    ];
    for (const complaint of complaints) context.out(`${style(context, "yellow", complaint)}\n`);
  });
}

function showCommand(context: Context): Command {
  return common(new Command("show"))
    .summary("one advisory, by any of its ids")
    .argument("<id>", "CVE-…, GHSA-…, GO-…, RUSTSEC-…, PYSEC-… or another")
    .action((id: string, _: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      withAdvisories(context, options, (index) => {
        const found = index.find(id);
        if (found === null) {
          throw new CommandError(
            exitCodes.finding,
            `No advisory of the data has the id ${plain(id)}.`,
          );
        }
        const records = index.details.records(id);
        if (options.json === true) {
          context.out(`${JSON.stringify({ ...found, records })}\n`);
          return;
        }
        const { advisory, withdrawn } = found;
        context.out(
          `${style(context, "bold", plain(advisory.id))}  ${plain(advisory.summary, 300)}\n`,
        );
        context.out(
          `also   ${plain(advisory.aliases.filter((one) => one !== advisory.id).join(", ") || "-", 1000)}\n`,
        );
        context.out(`weight ${gravity(advisory)}: ${gravityText(advisory)}\n`);
        if (withdrawn !== undefined) context.out(`withdrawn ${withdrawn.slice(0, 10)}\n`);
        for (const record of records) {
          const notes = [
            ...(record.withdrawn === "" ? [] : [`withdrawn ${record.withdrawn.slice(0, 10)}`]),
            ...(record.informational ? ["informational"] : []),
            ...(record.modified === "" ? [] : [`modified ${record.modified.slice(0, 10)}`]),
          ];
          context.out(
            `\n${plain(record.key)}${notes.length > 0 ? ` (${notes.join(", ")})` : ""}\n`,
          );
          for (const item of record.packages) {
            const release = item.release === "" ? "" : `:${item.release}`;
            context.out(
              `  ${plain(`${item.ecosystem}${release} ${item.name}`)}: ${plain(rangeText(item), 1000)}\n`,
            );
          }
          for (const commit of record.commits) context.out(`  commit ${plain(commit)}\n`);
          for (const pull of record.pulls) context.out(`  pull request ${plain(pull)}\n`);
        }
      });
    });
}

function rangeText(item: AffectedPackage): string {
  const parts = item.ranges.map((events) =>
    events.map(([kind, version]) => `${kind.replace("_", " ")} ${version}`).join(", "),
  );
  for (const bounds of item.within ?? [])
    parts.push(bounds.map((bound) => bound.join(" ")).join(", "));
  if (item.outside !== undefined) {
    const safe = item.outside.map((bounds) => bounds.map((bound) => bound.join(" ")).join(", "));
    parts.push(safe.length === 0 ? "every version" : `all but ${safe.join(" or ")}`);
  }
  if (parts.length === 0) return count(item.versions.length, "listed version");
  return parts.join("; ");
}

function findCommand(context: Context, exit: Exit): Command {
  return common(new Command("find"))
    .summary("advisories that affect a package's version")
    .description(
      "Exit code 1 if some advisory affects it, 0 if none does, 3 if that is unknown: no data of the ecosystem, data that are too old, or versions that cannot be compared.",
    )
    .argument("<package>", "a package URL (pkg:npm/lodash@4.17.20), or NAME@VERSION")
    .option("--ecosystem <name>", "where NAME@VERSION is meant (all that know the name)")
    .action((text: string, _: object, command: Command) => {
      const options = command.optsWithGlobals<Options & { ecosystem?: string }>();
      withAdvisories(context, options, (index) => {
        const asked = askedFor(text, options.ecosystem);
        const asOf = context.now().toISOString();
        const answers = asked.map(({ ecosystem, name, version }) => ({
          ecosystem,
          name,
          version: version ?? "",
          affecting: index.affecting(ecosystem, name, version ?? ""),
          undecided: index.undecided?.(ecosystem, name, version ?? "") ?? [],
          data: freshness(index, ecosystem, asOf),
        }));
        const told = answers.filter(
          (one) => asked.length === 1 || one.affecting.length + one.undecided.length > 0,
        );
        if (options.json === true) context.out(`${JSON.stringify(told)}\n`);
        else tellAnswers(context, text, told);
        const isUnknown =
          told.some((one) => one.undecided.length > 0 || one.data !== "fresh") || told.length === 0;
        if (told.some((one) => one.affecting.length > 0)) exit(exitCodes.finding);
        else exit(isUnknown ? exitCodes.couldNot : exitCodes.good);
      });
    });
}

type Answered = {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  readonly affecting: ReturnType<OpenAdvisories["affecting"]>;
  readonly undecided: ReturnType<NonNullable<OpenAdvisories["undecided"]>>;
  readonly data: ReturnType<typeof freshness>;
};

function tellAnswers(context: Context, text: string, answers: readonly Answered[]): void {
  if (answers.length === 0) {
    context.out(
      `No advisory of the data affects ${plain(text)} in any ecosystem; name one with --ecosystem to hear whether its data say so.\n`,
    );
  }
  for (const { ecosystem, name, version, affecting, undecided, data } of answers) {
    context.out(`${style(context, "bold", plain(`${name} ${version}`))} (${ecosystem})\n`);
    for (const { advisory, fixed } of affecting) {
      context.out(
        `  ${plain(advisory.id)}  ${plain(advisory.summary, 100)}\n    ${gravity(advisory)}: ${gravityText(advisory)}${fixed === undefined ? "; no fixed version named" : `; fixed in ${plain(fixed)}`}\n`,
      );
    }
    for (const advisory of undecided) {
      context.out(`  ${plain(advisory.id)}  cannot be told: a version that cannot be compared\n`);
    }
    if (data === "none") context.out("  unknown: no data of this ecosystem\n");
    if (data === "stale")
      context.out("  unknown beyond that: the data of this ecosystem are too old\n");
    if (data === "fresh" && affecting.length + undecided.length === 0)
      context.out("  no advisory affects it\n");
  }
}

function askedFor(text: string, ecosystem: string | undefined): readonly PackageVersion[] {
  if (text.startsWith("pkg:")) {
    const found = fromPurl(text);
    if (found?.version === null || found === null) {
      throw usage(`${plain(text)} is no package URL with a version of an ecosystem that is known.`);
    }
    return [found];
  }
  const at = text.lastIndexOf("@");
  if (at <= 0 || at === text.length - 1) {
    throw usage(`Say NAME@VERSION or a package URL; found ${plain(text)}.`);
  }
  const known = ecosystems.find((one) => one === ecosystem);
  if (ecosystem !== undefined && known === undefined) {
    throw usage(`--ecosystem is one of ${ecosystems.join(", ")}; found ${plain(ecosystem)}.`);
  }
  const [name, version] = [text.slice(0, at), text.slice(at + 1)];
  return (known === undefined ? ecosystems : [known]).map((one) => ({
    ecosystem: one,
    name,
    version,
  }));
}
