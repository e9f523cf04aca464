/**
 * One source of an import: its units into the file, what it covers, and what is
 * to be said about it. A unit that cannot be read is refused with a sentence; the
 * others are imported.
 */
import type { DatabaseSync } from "node:sqlite";
import { quoted } from "../git/error.ts";
import { type ListRead, readEpss, readKev } from "./exploitation.ts";
import type { ImportOptions } from "./import.ts";
import { readUnit } from "./read-unit.ts";
import { type AdvisoryRecord, distinct, instantOf } from "./record.ts";
import type { OpenSource, Source, Unit } from "./sources.ts";
import type { Writer } from "./writer.ts";
import { ZipError } from "./zip.ts";

export type SourceReport = {
  readonly place: string;
  /** Records by what became of them; `known`: there in the same or a newer form. */
  readonly added: number;
  readonly updated: number;
  readonly known: number;
  /** Files and entries that are as they were when they were read last. */
  readonly unchanged: number;
  readonly refused: number;
  /** Files and entries that hold no advisory. */
  readonly other: number;
  /** Entries of a list of attacks that were taken. */
  readonly exploited: number;
  readonly scored: number;
  /** The first twenty sentences about what was refused. */
  readonly problems: readonly string[];
  readonly covers: readonly Covered[];
};

export type Covered = {
  readonly ecosystem: string;
  readonly date: string;
  /** `said` by the user, the newest `modified` of the records, or the `file` times. */
  readonly datedBy: "said" | "modified" | "file";
};

/**
 * A source is taken to hold all advisories of an ecosystem if many of its records
 * are about it: an archive of npm also holds some of PyPI, and a handful of
 * records picked by hand holds all of nothing. Smaller ones are said by the user.
 */
export const coverage = { least: 100, enough: 500, oneIn: 20 } as const;

const mostProblems = 20;

type Work = {
  readonly database: DatabaseSync;
  readonly writer: Writer;
  readonly source: Source;
  readonly run: number;
  readonly pause: () => Promise<void>;
  readonly options: ImportOptions;
};

type Tally = { -readonly [K in keyof SourceReport]: SourceReport[K] } & { problems: string[] };

export class SourceImport {
  /** Whether anything of the file changed. */
  isNew = false;
  readonly #work: Work;
  readonly #said: string;
  readonly #tally: Tally;
  #id = 0;

  constructor(work: Work) {
    this.#work = work;
    this.#said = instantOf(work.options.date);
    this.#tally = {
      place: work.source.place,
      added: 0,
      updated: 0,
      known: 0,
      unchanged: 0,
      refused: 0,
      other: 0,
      exploited: 0,
      scored: 0,
      problems: [],
      covers: [],
    };
  }

  async perform(): Promise<SourceReport> {
    const { source, database, run } = this.#work;
    const row = database
      .prepare("SELECT source.id, source.stamp FROM source WHERE source.place = ?")
      .get(source.place) as { id: number; stamp: string } | undefined;
    this.#id =
      row?.id ??
      Number(
        database
          .prepare("INSERT INTO source (place, stamp, run) VALUES (?, '', ?)")
          .run(source.place, run).lastInsertRowid,
      );
    if (row !== undefined && source.stamp !== "" && row.stamp === source.stamp) {
      this.#tally.unchanged = this.#countUnits();
    } else await this.#read();
    this.#cover();
    return this.#tally;
  }

  async #read(): Promise<void> {
    const { source, database, run } = this.#work;
    let open: OpenSource;
    try {
      open = source.open();
    } catch (error) {
      if (!(error instanceof ZipError)) throw error;
      this.#refuse(null, error.message);
      return;
    }
    try {
      this.#tally.other += open.other;
      await this.#readUnits(open.units);
    } finally {
      open.close();
    }
    const gone = database
      .prepare("DELETE FROM unit WHERE unit.source = ? AND unit.run <> ?")
      .run(this.#id, run);
    if (Number(gone.changes) > 0) this.isNew = true;
    database
      .prepare("UPDATE source SET stamp = ?, run = ? WHERE id = ?")
      .run(source.stamp, run, this.#id);
  }

  async #readUnits(units: readonly Unit[]): Promise<void> {
    const { database, run, pause, options, source } = this.#work;
    const known = database.prepare(
      "SELECT unit.stamp FROM unit WHERE unit.source = ? AND unit.name = ?",
    );
    const keep = database.prepare("UPDATE unit SET run = ? WHERE source = ? AND name = ?");
    const write = database.prepare(
      "INSERT OR REPLACE INTO unit (source, name, stamp, run, ecosystems, modified) VALUES (?, ?, ?, ?, ?, ?)",
    );
    let done = 0;
    for (const unit of units) {
      const was = known.get(this.#id, unit.name) as { stamp: string } | undefined;
      if (was?.stamp === unit.stamp) {
        keep.run(run, this.#id, unit.name);
        this.#tally.unchanged++;
      } else {
        const record = await this.#readOne(unit);
        if (record !== "refused") {
          this.isNew = true;
          const ecosystems = distinct(record?.packages.map(({ ecosystem }) => ecosystem) ?? []);
          write.run(
            this.#id,
            unit.name,
            unit.stamp,
            run,
            JSON.stringify(ecosystems),
            record?.modified ?? "",
          );
        }
      }
      if (++done % 64 === 0) {
        options.onProgress?.({ phase: "reading", place: source.place, done, total: units.length });
        await pause();
      }
    }
  }

  /** The record; null: a list or nothing of ours. */
  async #readOne(unit: Unit): Promise<AdvisoryRecord | null | "refused"> {
    const { database, pause, writer } = this.#work;
    if (unit.kind === "csv") {
      if (unit.path === null) return null;
      const take = (date: string) => this.#take("epss", date);
      const list = await readEpss(database, unit.path, unit.time, take, pause);
      return this.#noteList(unit, list, "scored");
    }
    const content = readUnit(unit);
    switch (content.kind) {
      case "record":
        this.#tally[writer.put(content.record, this.#said || unit.time)]++;
        return content.record;
      case "kev": {
        const list = readKev(database, content.value, (date) => this.#take("kev", date));
        return this.#noteList(unit, list, "exploited");
      }
      case "other":
        this.#tally.other++;
        return null;
      case "problem":
        this.#refuse(unit, content.problem);
        return "refused";
    }
  }

  /** A list is taken unless a newer one is there. */
  #take(list: "kev" | "epss", date: string): boolean {
    const { database } = this.#work;
    const known = database.prepare("SELECT meta.value FROM meta WHERE meta.name = ?").get(list) as
      | { value: string }
      | undefined;
    if (known !== undefined && known.value > date) return false;
    database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)").run(list, date);
    return true;
  }

  #noteList(unit: Unit, list: ListRead, into: "exploited" | "scored"): null | "refused" {
    if (typeof list === "string") {
      this.#refuse(unit, list);
      return "refused";
    }
    this.#tally[into] += list.entries;
    return null;
  }

  #refuse(unit: Unit | null, problem: string): void {
    this.#tally.refused++;
    if (this.#tally.problems.length >= mostProblems) return;
    const place = quoted(this.#tally.place, 300);
    const where = unit === null ? place : `${place}, ${quoted(unit.name, 200)}`;
    this.#tally.problems.push(`${where} is refused: ${quotedReason(problem)}.`);
  }

  #countUnits(): number {
    const row = this.#work.database
      .prepare("SELECT count(*) AS units FROM unit WHERE unit.source = ?")
      .get(this.#id) as { units: number };
    return row.units;
  }

  /** Which ecosystems this source holds all of, and as of when. A single file says nothing about that. */
  #cover(): void {
    const { database, source, options } = this.#work;
    const groups = database
      .prepare(
        `SELECT unit.ecosystems, count(*) AS records, max(unit.modified) AS modified FROM unit
         WHERE unit.source = ? AND unit.ecosystems <> '[]' GROUP BY unit.ecosystems`,
      )
      .all(this.#id) as { ecosystems: string; records: number; modified: string }[];
    const counts = new Map<string, number>();
    let [total, modified] = [0, ""];
    for (const group of groups) {
      total += group.records;
      if (group.modified > modified) modified = group.modified;
      for (const ecosystem of JSON.parse(group.ecosystems) as string[]) {
        counts.set(ecosystem, (counts.get(ecosystem) ?? 0) + group.records);
      }
    }
    const covered = [...counts]
      .filter(
        ([ecosystem, records]) =>
          source.kind !== "file" &&
          (options.covers?.includes(ecosystem) === true ||
            (records >= coverage.least &&
              (records >= coverage.enough || records * coverage.oneIn >= total))),
      )
      .map(([ecosystem]) => ecosystem);
    const [date, datedBy] =
      this.#said !== ""
        ? [this.#said, "said" as const]
        : modified !== ""
          ? [modified, "modified" as const]
          : [source.time, "file" as const];
    this.#tally.covers = covered.sort().map((ecosystem) => ({ ecosystem, date, datedBy }));
    this.#writeSnapshots();
  }

  #writeSnapshots(): void {
    const { database } = this.#work;
    const read = database.prepare(
      "SELECT snapshot.ecosystem, snapshot.date, snapshot.dated_by AS datedBy FROM snapshot WHERE snapshot.source = ? ORDER BY snapshot.ecosystem",
    );
    const before = read.all(this.#id) as Covered[];
    const now = this.#tally.covers;
    const isSame =
      before.length === now.length &&
      before.every((one, i) => {
        const other = now[i];
        return one.ecosystem === other?.ecosystem && one.date === other.date;
      });
    if (isSame) return;
    this.isNew = true;
    database.prepare("DELETE FROM snapshot WHERE source = ?").run(this.#id);
    const insert = database.prepare(
      "INSERT INTO snapshot (ecosystem, source, date, dated_by) VALUES (?, ?, ?, ?)",
    );
    for (const { ecosystem, date, datedBy } of now) insert.run(ecosystem, this.#id, date, datedBy);
  }
}

/** A reason is ours, but may quote a size or an id. */
function quotedReason(problem: string): string {
  return problem.replaceAll(/[^\x20-\x7e]/g, "?");
}
