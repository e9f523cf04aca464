/**
 * Runs scanners on both sides of going back and reports the difference: a result
 * that is in the state gone back to and not in the state left is worse, the
 * reverse is better, the rest is counted.
 *
 * A scanner says nothing about a control that is gone, and a baseline made at the
 * old state would hide what comes back; that is what the rules are for. Whatever
 * kept a scanner from having seen both sides alike is in `incomparable`: silence
 * is no clearance then.
 */
import type { Repository } from "../git/repository.ts";
import { pathText } from "../git/tree-diff.ts";
import { compareText } from "../rules/order.ts";
import type { Finding } from "../rules/rule.ts";
import { type CacheKey, readCached, type Scanned, writeCached } from "./cache.ts";
import { findingsOf } from "./findings.ts";
import { identify } from "./identity.ts";
import { detectIsolation, type Isolation } from "./isolation.ts";
import { matchResults } from "./match.ts";
import { materialise, type Materialised, TooMuch, type TreeLimits } from "./materialise.ts";
import type { Detected, ScannerPlugin } from "./plugin.ts";
import { readSarif } from "./sarif.ts";
import { treeOf } from "./tree-entries.ts";

export type ScanOptions = {
  /** Full ids of the commits: the state left and the state gone back to. */
  readonly before: string;
  readonly after: string;
  readonly plugins: readonly ScannerPlugin[];
  /** A private folder; absent: nothing is kept. */
  readonly cache?: string;
  /** Found out where it is not given. */
  readonly isolation?: Isolation;
  /** No isolation from the network, no scan. Default: scan, and say so. */
  readonly requireIsolation?: boolean;
  readonly limits?: TreeLimits;
  readonly signal?: AbortSignal | undefined;
};

export type ScannedBy = {
  readonly tool: string;
  readonly version: string;
  /** SHA-256, hexadecimal. */
  readonly commandDigest: string;
  readonly configDigest: string;
  readonly dataDigest: string;
  readonly added: number;
  readonly gone: number;
  readonly unchanged: number;
  /** What of the state gone back to was not written out for it. */
  readonly notShown: readonly string[];
};

export type Incomparable = {
  readonly tool: string;
  /** One sentence part, printable ASCII without text of the repository. */
  readonly reason: string;
};

export type ScanReport = {
  readonly isolation: Isolation;
  /** Tools that saw both sides, by name. */
  readonly scanned: readonly ScannedBy[];
  readonly findings: readonly Finding[];
  /** What lowers the coverage; also of tools in `scanned` that could not see everything. */
  readonly incomparable: readonly Incomparable[];
};

type SideName = "before" | "after";
const sideNames = { before: "the state left", after: "the state gone back to" } as const;

/** Rejects only where git fails or `signal` aborts; a scanner's failure is in the report. */
export async function scan(repo: Repository, options: ScanOptions): Promise<ScanReport> {
  const isolation = options.isolation ?? (await detectIsolation());
  const job = new ScanJob(repo, options, isolation);
  try {
    const trees = {
      before: await treeOf(repo, options.before),
      after: await treeOf(repo, options.after),
    };
    const renames = await renamesOf(repo, trees);
    for (const plugin of options.plugins) {
      options.signal?.throwIfAborted();
      await job.run(plugin, trees, renames);
      await job.removeFolders();
    }
    options.signal?.throwIfAborted();
    return job.report();
  } finally {
    await job.removeFolders();
  }
}

type Trees = Readonly<Record<SideName, string>>;

class ScanJob {
  readonly #repo: Repository;
  readonly #options: ScanOptions;
  readonly #isolation: Isolation;
  /** Of the scanner that is at work, by tree; what is left out of them is its own. */
  readonly #folders = new Map<string, Materialised>();
  readonly #scanned: ScannedBy[] = [];
  readonly #findings: Finding[] = [];
  readonly #incomparable: Incomparable[] = [];

  constructor(repo: Repository, options: ScanOptions, isolation: Isolation) {
    this.#repo = repo;
    this.#options = options;
    this.#isolation = isolation;
  }

  async run(plugin: ScannerPlugin, trees: Trees, renames: ReadonlyMap<string, string>) {
    const tell = (reason: string) => this.#incomparable.push({ tool: plugin.id, reason });
    if (!this.#isolation.network) {
      if (this.#options.requireIsolation === true) {
        tell("it was not run: this machine cannot keep it from the network");
        return;
      }
      tell("nothing but its own settings kept it from the network");
    }
    const detected = await plugin.detect(this.#isolation, this.#options.signal);
    if (typeof detected === "string") {
      tell(detected);
      return;
    }
    const sides: Partial<Record<SideName, Scanned>> = {};
    for (const side of ["before", "after"] as const) {
      const result = await this.#scanSide(plugin, detected, trees[side]);
      if (typeof result === "string") tell(`on ${sideNames[side]}, ${result}`);
      else sides[side] = result;
    }
    const { before, after } = sides;
    if (before === undefined || after === undefined) return;
    const again = await plugin.detect(this.#isolation, this.#options.signal);
    if (JSON.stringify(again) !== JSON.stringify(detected)) {
      tell("its program, configuration or data changed while it ran");
      return;
    }
    const difference = differ(plugin, before, after);
    if (difference !== null) {
      tell(difference);
      return;
    }
    for (const side of ["before", "after"] as const) {
      for (const reason of doubts(sides[side])) tell(`on ${sideNames[side]}, ${reason}`);
    }
    this.#add(plugin, detected, before, after, renames);
  }

  #add(
    plugin: ScannerPlugin,
    detected: Detected,
    before: Scanned,
    after: Scanned,
    renames: ReadonlyMap<string, string>,
  ) {
    const matched = matchResults(before.results, after.results, renames);
    const { version, commandDigest, configDigest, dataDigest } = detected;
    this.#scanned.push({
      tool: plugin.id,
      version,
      commandDigest,
      configDigest,
      dataDigest,
      added: matched.added.length,
      gone: matched.gone.length,
      unchanged: matched.unchanged,
      notShown: after.notShown,
    });
    const tool = { id: plugin.id, version };
    const { findings, dropped } = findingsOf(tool, matched, [...after.rules, ...before.rules]);
    this.#findings.push(...findings);
    if (dropped > 0) {
      this.#incomparable.push({
        tool: plugin.id,
        reason: `${dropped} findings more are not named`,
      });
    }
  }

  async #scanSide(
    plugin: ScannerPlugin,
    detected: Detected,
    tree: string,
  ): Promise<Scanned | string> {
    const { cache, signal } = this.#options;
    const { version, commandDigest, configDigest, dataDigest } = detected;
    const key: CacheKey = {
      tree,
      tool: plugin.id,
      version,
      command: `${commandDigest} ${JSON.stringify([plugin.leftOut.toSorted(compareText), this.#options.limits ?? null])}`,
      config: configDigest,
      data: dataDigest,
    };
    const known = cache === undefined ? null : await readCached(cache, key);
    if (known !== null) return known;
    const made = await this.#folder(plugin, tree);
    if (typeof made === "string") return made;
    const output = await plugin.run({
      detected,
      tree: made.folder,
      isolation: this.#isolation,
      signal,
    });
    signal?.throwIfAborted();
    if (typeof output === "string") return output;
    const log = readSarif(output.sarif, made.folder, output.folder);
    if (typeof log === "string") return log;
    const value: Scanned = {
      drivers: [...log.drivers],
      rules: log.rules.map((rule) => ({ ...rule, cwe: [...rule.cwe] })),
      results: await identify(log.results, made.folder),
      outside: log.outside,
      errors: log.errors,
      notShown: [...made.notShown],
      missed: [...made.missed],
    };
    if (cache !== undefined) await writeCached(cache, key, value);
    return value;
  }

  /** The tree's folder, or why there is none. */
  async #folder(plugin: ScannerPlugin, tree: string): Promise<Materialised | string> {
    const known = this.#folders.get(tree);
    if (known !== undefined) return known;
    try {
      const { limits, signal } = this.#options;
      const made = await materialise(this.#repo, tree, new Set(plugin.leftOut), {
        ...(limits === undefined ? {} : { limits }),
        signal,
      });
      this.#folders.set(tree, made);
      return made;
    } catch (error) {
      if (error instanceof TooMuch) return `the tree has ${error.message}`;
      throw error;
    }
  }

  report(): ScanReport {
    return {
      isolation: this.#isolation,
      scanned: this.#scanned.toSorted((a, b) => compareText(a.tool, b.tool)),
      findings: this.#findings.toSorted(
        (a, b) =>
          compareText(a.rule, b.rule) ||
          compareText(a.direction, b.direction) ||
          compareText(a.subject, b.subject) ||
          compareText(a.fingerprint, b.fingerprint),
      ),
      incomparable: this.#incomparable.toSorted(
        (a, b) => compareText(a.tool, b.tool) || compareText(a.reason, b.reason),
      ),
    };
  }

  /** Two trees at a time are enough on disk. */
  async removeFolders(): Promise<void> {
    const made = [...this.#folders.values()];
    this.#folders.clear();
    await Promise.all(made.map((one) => one.remove()));
  }
}

/** Why the two runs were not the same run, or null. */
function differ(plugin: ScannerPlugin, before: Scanned, after: Scanned): string | null {
  if (JSON.stringify(before.drivers) !== JSON.stringify(after.drivers)) {
    return "the two results name different tools or versions";
  }
  const ids = ({ rules }: Scanned) => JSON.stringify(rules.map(({ id }) => id).sort(compareText));
  if (plugin.listsAllRules && ids(before) !== ids(after)) {
    return "the two sides were scanned with different rules";
  }
  return null;
}

function doubts(side: Scanned | undefined): string[] {
  if (side === undefined) return [];
  const found = side.missed.map((what) => `it was not shown ${what}`);
  if (side.errors > 0) found.push(`it says that ${side.errors} things went wrong`);
  if (side.outside > 0) found.push(`${side.outside} results are about places outside of the tree`);
  return found;
}

/** Path before to path after, as git pairs them; beyond 1,000 files only those with the same content. */
async function renamesOf(repo: Repository, trees: Trees): Promise<Map<string, string>> {
  const renames = new Map<string, string>();
  const { code, stdout } = await repo.run([
    "diff-tree",
    "-r",
    "-z",
    "--raw",
    "--no-abbrev",
    "-M",
    "-l1000",
    "--diff-filter=R",
    trees.before,
    trees.after,
  ]);
  if (code !== 0) return renames;
  const parts = stdout.toString("latin1").split("\0");
  for (let at = 0; at + 2 < parts.length; at += 3) {
    renames.set(pathText(parts[at + 1] ?? ""), pathText(parts[at + 2] ?? ""));
  }
  return renames;
}
