/**
 * Puts records into the advisory file. The newer of two records with one key
 * wins, whichever comes first; at the same time the one with the greater digest,
 * so that the order of imports never shows.
 */
import type { DatabaseSync } from "node:sqlite";
import { type AdvisoryRecord, recordDigest } from "./record.ts";

export type Put = "added" | "updated" | "known";

/** More CVE ids than this in one record: it tells of several flaws, and joining them all would make one of them. */
export const mostJoinedCves = 3;

export class Writer {
  readonly #find;
  readonly #insert;
  readonly #update;
  readonly #restamp;
  readonly #addAffected;
  readonly #addAlias;
  readonly #addCommit;
  readonly #addPull;
  readonly #removals;

  constructor(database: DatabaseSync) {
    this.#find = database.prepare(
      "SELECT record.id, record.stamp, record.digest, record.ids, record.commits, record.pulls FROM record WHERE record.key = ?",
    );
    this.#insert = database.prepare(
      `INSERT INTO record (key, stamp, digest, modified, published, withdrawn, summary, score, severity, informational, ids, commits, pulls, flaw)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
    );
    this.#update = database.prepare(
      `UPDATE record SET key = ?, stamp = ?, digest = ?, modified = ?, published = ?, withdrawn = ?, summary = ?,
       score = ?, severity = ?, informational = ?, ids = ?, commits = ?, pulls = ? WHERE id = ?`,
    );
    this.#restamp = database.prepare("UPDATE record SET stamp = ? WHERE id = ?");
    this.#addAffected = database.prepare(
      "INSERT INTO affected (record, place, package, body) VALUES (?, ?, ?, ?)",
    );
    this.#addAlias = database.prepare("INSERT INTO alias (id, record, joins) VALUES (?, ?, ?)");
    this.#addCommit = database.prepare("INSERT INTO fix_commit (id, record) VALUES (?, ?)");
    this.#addPull = database.prepare("INSERT INTO fix_pull (pull, record) VALUES (?, ?)");
    this.#removals = {
      affected: database.prepare("DELETE FROM affected WHERE record = ?"),
      alias: database.prepare("DELETE FROM alias WHERE id = ? AND record = ?"),
      commit: database.prepare("DELETE FROM fix_commit WHERE id = ? AND record = ?"),
      pull: database.prepare("DELETE FROM fix_pull WHERE pull = ? AND record = ?"),
    };
  }

  /** `time`: of the source; stands in for records that do not say when they were modified. */
  put(record: AdvisoryRecord, time: string): Put {
    const digest = recordDigest(record);
    const stamp = record.modified === "" ? time : record.modified;
    const known = this.#find.get(record.key) as
      | { id: number; stamp: string; digest: string; ids: string; commits: string; pulls: string }
      | undefined;
    if (known !== undefined) {
      const isNewer = stamp > known.stamp || (stamp === known.stamp && digest > known.digest);
      if (!isNewer || digest === known.digest) {
        if (isNewer) this.#restamp.run(stamp, known.id);
        return "known";
      }
      this.#clear(known);
    }
    const ids = record.ids.join(" ");
    const row = [
      record.key,
      stamp,
      digest,
      record.modified,
      record.published,
      record.withdrawn,
      record.summary,
      record.score,
      record.severity,
      record.informational ? 1 : 0,
      ids,
      record.commits.join(" "),
      record.pulls.join(" "),
    ] as const;
    const id = known === undefined ? Number(this.#insert.run(...row).lastInsertRowid) : known.id;
    if (known !== undefined) this.#update.run(...row, id);
    this.#addParts(id, record);
    return known === undefined ? "added" : "updated";
  }

  #addParts(id: number, record: AdvisoryRecord): void {
    let place = 0;
    for (const { ecosystem, name, ...body } of record.packages) {
      this.#addAffected.run(id, place++, packageKey(ecosystem, name), JSON.stringify(body));
    }
    const cves = record.ids.filter((alias) => alias.startsWith("CVE-")).length;
    for (const alias of record.ids) {
      const joins = cves <= mostJoinedCves || alias === record.key ? 1 : 0;
      this.#addAlias.run(alias, id, joins);
    }
    for (const commit of record.commits) this.#addCommit.run(commit, id);
    for (const pull of record.pulls) this.#addPull.run(pull, id);
  }

  #clear(known: { id: number; ids: string; commits: string; pulls: string }): void {
    this.#removals.affected.run(known.id);
    for (const alias of words(known.ids)) this.#removals.alias.run(alias, known.id);
    for (const commit of words(known.commits)) this.#removals.commit.run(commit, known.id);
    for (const pull of words(known.pulls)) this.#removals.pull.run(pull, known.id);
  }
}

/** How a package is looked up. No ecosystem has a slash in its name. */
export function packageKey(ecosystem: string, name: string): string {
  return `${ecosystem}/${name}`;
}

/** What `join(" ")` put together. */
export function words(text: string): string[] {
  return text === "" ? [] : text.split(" ");
}
