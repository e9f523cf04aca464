/**
 * Which records are about the same flaw: those that share an id, transitively, so
 * that a flaw with a GHSA, a CVE and a GO entry counts once. The merge is rebuilt
 * from all records, so the order in which they came does not matter.
 *
 * A record that names more than three CVE ids joins nothing: it tells of a release
 * that repaired many flaws.
 */
import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { severities, type Severity } from "../rules/rule.ts";
import { mostJoinedCves, words } from "./writer.ts";

type RecordRow = {
  readonly id: number;
  readonly flaw: number;
  readonly key: string;
  readonly ids: string;
  readonly summary: string;
  readonly score: number | null;
  readonly severity: Severity | null;
  readonly published: string;
  readonly withdrawn: string;
};

/** Rebuilds the table `flaw` and the digest over all data. `pause` is awaited now and then. */
export async function rebuildFlaws(
  database: DatabaseSync,
  pause: () => Promise<void>,
): Promise<string> {
  await assignFlaws(database, pause);
  database.exec("DELETE FROM flaw");
  const insert = database.prepare(
    "INSERT INTO flaw (id, name, aliases, summary, score, severity, published, withdrawn) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const rows = database
    .prepare(
      `SELECT record.id, record.flaw, record.key, record.ids, record.summary, record.score, record.severity,
       record.published, record.withdrawn FROM record ORDER BY record.flaw`,
    )
    .iterate() as IterableIterator<RecordRow>;
  let group: RecordRow[] = [];
  const flush = () => {
    if (group.length > 0) insert.run(...mergedRow(group));
    group = [];
  };
  let done = 0;
  for (const row of rows) {
    if (group[0]?.flaw !== row.flaw) flush();
    group.push(row);
    if (++done % 5000 === 0) await pause();
  }
  flush();
  return digestOfAll(database);
}

async function assignFlaws(database: DatabaseSync, pause: () => Promise<void>): Promise<void> {
  const { most } = database.prepare("SELECT max(record.id) AS most FROM record").get() as {
    most: number | null;
  };
  // A forest over record ids; a root is the smallest id of its tree.
  const parents = new Int32Array((most ?? 0) + 1).map((_, i) => i);
  const rootOf = (id: number): number => {
    let root = id;
    while (parents[root] !== root) root = parents[root] ?? root;
    for (let at = id; at !== root;) {
      const next = parents[at] ?? root;
      parents[at] = root;
      at = next;
    }
    return root;
  };
  let [alias, first] = ["", 0];
  const aliases = database
    .prepare("SELECT alias.id, alias.record FROM alias WHERE alias.joins = 1 ORDER BY alias.id")
    .iterate() as IterableIterator<{ id: string; record: number }>;
  for (const { id, record } of aliases) {
    if (id !== alias) {
      [alias, first] = [id, record];
      continue;
    }
    const [a, b] = [rootOf(first), rootOf(record)];
    parents[Math.max(a, b)] = Math.min(a, b);
  }
  await pause();
  const update = database.prepare("UPDATE record SET flaw = ?1 WHERE id = ?2 AND flaw <> ?1");
  for (let id = 1; id < parents.length; id++) {
    update.run(rootOf(id), id);
    if (id % 5000 === 0) await pause();
  }
}

function mergedRow(group: readonly RecordRow[]) {
  const live = group.filter((row) => row.withdrawn === "");
  const told = (live.length > 0 ? live : group).toSorted(
    (a, b) => rankOf(a.key) - rankOf(b.key) || (a.key < b.key ? -1 : 1),
  );
  const aliases = [...new Set(group.flatMap((row) => words(row.ids)))].sort(byRank);
  // A record of many flaws is none of them: it goes by its own id.
  const isOfMany = aliases.filter((id) => id.startsWith("CVE-")).length > mostJoinedCves;
  const name = isOfMany && group.length === 1 ? group[0]?.key : aliases[0];
  const scores = told.map((row) => row.score).filter((score) => score !== null);
  const worst = Math.max(
    ...told.map((row) => (row.severity === null ? -1 : severities.indexOf(row.severity))),
  );
  const dates = told.map((row) => row.published).filter((date) => date !== "");
  return [
    group[0]?.flaw ?? 0,
    name ?? group[0]?.key ?? "",
    aliases.join(" "),
    told.find((row) => row.summary !== "")?.summary ?? "",
    scores.length === 0 ? null : Math.max(...scores),
    severities[worst] ?? null,
    dates.sort()[0] ?? "",
    live.length > 0
      ? ""
      : (group
          .map((row) => row.withdrawn)
          .sort()
          .at(-1) ?? ""),
  ] as const;
}

function rankOf(id: string): number {
  return id.startsWith("GHSA-") ? 0 : id.startsWith("CVE-") ? 1 : 2;
}

function byRank(a: string, b: string): number {
  return rankOf(a) - rankOf(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Over what was imported, not over where it was imported from or when. */
function digestOfAll(database: DatabaseSync): string {
  const parts: string[] = [];
  let part = "";
  const add = (line: string) => {
    part += `${line}\n`;
    // A hash of hashes of a fixed number of lines: no long string, the same for the same lines.
    if (part.length < 1_000_000) return;
    parts.push(hash("sha256", part, "hex"));
    part = "";
  };
  for (const query of [
    "SELECT record.key AS a, record.digest AS b FROM record ORDER BY record.key",
    "SELECT snapshot.ecosystem AS a, max(snapshot.date) AS b FROM snapshot GROUP BY snapshot.ecosystem ORDER BY snapshot.ecosystem",
    "SELECT exploited.cve AS a, exploited.since AS b FROM exploited ORDER BY exploited.cve",
    "SELECT epss.cve AS a, epss.permille AS b FROM epss ORDER BY epss.cve",
  ]) {
    const rows = database.prepare(query).iterate() as IterableIterator<{
      a: string;
      b: string | number;
    }>;
    for (const { a, b } of rows) add(JSON.stringify([a, b]));
    add("");
  }
  parts.push(hash("sha256", part, "hex"));
  return `sha256:${hash("sha256", parts.join("\n"), "hex")}`;
}
