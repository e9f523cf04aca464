/**
 * Holds one commit after the other against what it could undo: what it claims, and
 * what has its inverse among the earlier ones.
 */
import {
  type ImplicationReader,
  messageReader,
  type ReversalChange,
  type ReversalFindings,
} from "../assess/reversal.ts";
import { invertsExactly } from "../content/patch.ts";
import { type Commit, isoTime, showPerson } from "../git/commit.ts";
import { isUnreadable } from "../git/error.ts";
import { flags, type History, none } from "../history/history.ts";
import type { CommitSource } from "../history/source.ts";
import { invertsInPlace } from "../inverse/in-place.ts";
import { isRevertSubject, parseClaims } from "../message/claims.ts";
import { messageFacts } from "../message/facts.ts";
import { riskOf } from "../risk/score.ts";
import { Candidates } from "./candidates.ts";
import { type Comparison, compare, type Undone } from "./match.ts";
import { ClaimResolver, type Resolution, type Target } from "./resolve.ts";
import { auditImplication, type AuditRisk, type Reversal } from "./reversal.ts";
import { isTelling, weigh } from "./weigh.ts";

/** A tree that goes back over more commits than this names the newest ones and says how many more. */
const mostUndone = 100;
/** How many commits a merge may bring for its own claim to be held against theirs. */
const mostBrought = 2000;

type Found = Resolution & Comparison & { readonly comparedTo: string | null };

type Compared = { readonly commit: Commit; readonly found: Found };

function riskIn(judged: ReversalFindings, found: Found): AuditRisk {
  const { score, level, coverage, weights } = riskOf(judged.findings, {
    ...judged,
    originUnresolved: !found.undone.some(isTakenBack),
  });
  return { score, level, coverage, weights };
}

function isTakenBack({ match }: Pick<Undone, "match">): boolean {
  return match === "exact" || match === "partial";
}

/** How many comparisons are under way at once. */
const comparedAhead = 6;

/** Compares rows, newest first; each reversal described is to be remembered before the next one. */
export class Auditor {
  readonly #history: History;
  readonly #source: CommitSource;
  readonly #candidates: Candidates;
  readonly #resolver: ClaimResolver;
  readonly #reader: ImplicationReader;
  /** Reversals by the commit that they undo, newest first. */
  readonly #undoneBy = new Map<string, number[]>();

  constructor(history: History, source: CommitSource, reader: ImplicationReader = messageReader) {
    this.#history = history;
    this.#source = source;
    this.#reader = reader;
    this.#candidates = new Candidates(history);
    this.#resolver = new ClaimResolver(history, source);
  }

  remember(reversal: Reversal): void {
    const row = this.#history.find(reversal.commit);
    for (const { commit, match, share } of reversal.undoes) {
      if (match !== "exact" && (match !== "partial" || share < 0.5)) continue;
      const known = this.#undoneBy.get(commit);
      if (known === undefined) this.#undoneBy.set(commit, [row]);
      else known.push(row);
    }
  }

  /**
   * The rows below `end`, newest first, each compared with what it could undo.
   * Comparing runs a few rows ahead of the caller, because most of its time is
   * waiting for git.
   */
  async *comparedRows(
    end: number,
  ): AsyncGenerator<{ readonly row: number; readonly compared: Compared | null }, void, void> {
    const ahead: { readonly row: number; readonly work: Promise<Compared | null> | null }[] = [];
    let working = 0;
    for (let row = end - 1; row >= 0 || ahead.length > 0;) {
      while (row >= 0 && working < comparedAhead && ahead.length < 1000) {
        const work = this.#compareRow(row);
        // If the caller leaves early, nobody waits for this one any more.
        work?.catch(() => {});
        if (work !== null) working++;
        ahead.push({ row, work });
        row--;
      }
      const next = ahead.shift();
      if (next === undefined) return;
      if (next.work !== null) working--;
      yield { row: next.row, compared: next.work === null ? null : await next.work };
    }
  }

  /** One row by itself: the reversal that it is, or null. What was re-applied since is told only of rows remembered. */
  async examine(row: number): Promise<Reversal | null> {
    const compared = await this.#compareRow(row);
    return compared === null ? null : await this.describe(row, compared);
  }

  /** Null at once for a commit that neither claims anything nor has an inverse or an older tree. */
  #compareRow(row: number): Promise<Compared | null> | null {
    const history = this.#history;
    const claims = history.has(row, flags.claims);
    const hasInverse = history.has(row, flags.empty | flags.boundary)
      ? false
      : this.#candidates.inverses(row).length > 0 ||
        this.#candidates.likelyInverses(row).length > 0;
    if (!claims && !hasInverse && this.#candidates.wayBack(row) === null) return null;
    if (history.has(row, flags.merge) && this.#isBroughtIn(row)) return null;
    return this.#compareContent(row, claims);
  }

  async #compareContent(row: number, claims: boolean): Promise<Compared | null> {
    const commit = await this.#source.commit(this.#history.oid(row));
    if (commit === null) return null;
    const found = claims ? await this.#claimed(row, commit) : await this.#unclaimed(row, commit);
    return found === null ? null : { commit, found };
  }

  /** A merge that brings a revert in is not a second one: the commits it brings are examined by themselves. */
  #isBroughtIn(row: number): boolean {
    const brought = this.#history.broughtBy(row, mostBrought);
    if (brought === null) return true;
    return brought.some(
      (other) =>
        this.#history.has(other, flags.claims) ||
        (!this.#history.has(other, flags.merge) && this.#candidates.inverses(other).length > 0),
    );
  }

  async #claimed(row: number, commit: Commit): Promise<Found | null> {
    const claims = parseClaims(commit.message);
    const resolution = await this.#resolver.resolve(row, claims);
    const comparedTo = commit.parents[0] ?? null;
    if (this.#history.has(row, flags.boundary)) {
      const unknown =
        "the parents of this commit were cut off (shallow clone): what it changed is unknown";
      const undone = resolution.targets.map((target): Undone => ({
        commit: target.oid,
        match: "claimed-only",
        share: 0,
      }));
      return { ...resolution, undone, comparedTo, unknowns: [...resolution.unknowns, unknown] };
    }
    const compared = await compare(this.#source, commit.oid, comparedTo, resolution.targets);
    const unknowns = [...resolution.unknowns, ...compared.unknowns];
    if (!isRevertSubject(commit.message) && this.#isSquashed(resolution, compared)) {
      return await this.#unclaimed(row, commit);
    }
    const verified = compared.undone.some(({ match }) => match !== "claimed-only");
    // The claim leads nowhere: the content may still say what is undone.
    const byContent = verified ? null : await this.#unclaimed(row, commit, true);
    const undone = [...(byContent?.undone ?? [])];
    for (const one of compared.undone) {
      if (!undone.some(({ commit: other }) => other === one.commit)) undone.push(one);
    }
    return {
      ...resolution,
      by: byContent === null ? resolution.by : null,
      undone,
      comparedTo,
      unknowns: byContent === null ? unknowns : [...resolution.unknowns, ...byContent.unknowns],
    };
  }

  /**
   * The body of a squash lists what was tried and taken back on its branch. The
   * commits named there never were in this history, so nothing of it is undone.
   */
  #isSquashed(resolution: Resolution, compared: Comparison): boolean {
    return (
      resolution.targets.every(({ row }) => row === none) &&
      compared.undone.every(({ match, share }) => match !== "exact" && share < 0.9)
    );
  }

  async #unclaimed(row: number, commit: Commit, anyWeight = false): Promise<Found | null> {
    const history = this.#history;
    if (history.has(row, flags.empty | flags.boundary)) return null;
    const comparedTo = commit.parents[0] ?? null;
    const exact = this.#candidates.inverses(row);
    for (const candidate of [...exact, ...this.#candidates.likelyInverses(row)]) {
      if (history.isAncestor(candidate, row) !== true) continue;
      const target = await this.#resolver.target(candidate);
      if (!(await this.#inverts(commit.oid, comparedTo, target))) continue;
      const distance = {
        seconds: Math.abs(history.time(row) - history.time(candidate)),
        commits: row - candidate,
      };
      const weight = weigh(await this.#source.patch(target.parent, target.oid));
      if (!anyWeight && !isTelling(weight, distance)) return null;
      const undone: Undone = { commit: target.oid, match: "exact", share: 1 };
      return {
        claimed: [],
        targets: [target],
        by: null,
        comparedTo,
        undone: [undone],
        unknowns: [],
      };
    }
    return await this.#wentBack(row, commit, anyWeight);
  }

  async #inverts(oid: string, parent: string | null, target: Target): Promise<boolean> {
    try {
      const undone = await this.#source.changes(target.parent, target.oid);
      const own = await this.#source.changes(parent, oid);
      if (!(await invertsExactly(this.#source.filePatch, undone, own))) return false;
      return (await invertsInPlace(this.#source.objects, own, [undone])) === "yes";
    } catch (error) {
      if (isUnreadable(error)) return false;
      throw error;
    }
  }

  /** The tree of an older commit is back: every commit between is undone. */
  async #wentBack(row: number, commit: Commit, anyWeight: boolean): Promise<Found | null> {
    const back = this.#candidates.wayBack(row);
    if (back === null) return null;
    const older = await this.#source.commit(this.#history.oid(back.row));
    if (older === null || older.tree !== commit.tree) return null;
    const comparedTo = commit.parents[0] ?? null;
    const distance = {
      seconds: Math.abs(this.#history.time(row) - this.#history.time(back.row)),
      commits: back.between.length,
    };
    const weight = weigh(await this.#source.patch(comparedTo, commit.oid));
    if (!anyWeight && !isTelling(weight, distance)) return null;
    // What was already undone on the way is not undone again, and neither are commits without content.
    const undoneBetween = back.between.filter(
      (between) => !this.#history.has(between, flags.empty),
    );
    const named = undoneBetween.slice(0, mostUndone);
    const unknowns = [`the tree of commit ${older.oid} is back`];
    if (undoneBetween.length > named.length) {
      unknowns.push(
        `${undoneBetween.length} commits lie between; the newest ${named.length} are named`,
      );
    }
    return {
      claimed: [],
      targets: [],
      by: null,
      comparedTo,
      undone: named.map((at) => ({ commit: this.#history.oid(at), match: "exact", share: 1 })),
      unknowns,
    };
  }

  /** The reversal; those of all later rows must have been remembered, since they tell what was re-applied. */
  async describe(row: number, { commit, found }: Compared): Promise<Reversal> {
    const facts = messageFacts(commit.message);
    const judged = await this.#implications(commit, found);
    const unknowns = [...found.unknowns, ...judged.unknowns];
    if (commit.messageCut) unknowns.push("the message is longer than what is read of it");
    return {
      commit: commit.oid,
      committedAt: isoTime(commit.committer.at),
      subject: commit.subject,
      claims: found.claimed,
      undoes: found.undone,
      reappliedBy: await this.#reappliedBy(row, found.undone),
      author: showPerson(commit.author),
      reason: facts.reason,
      tickets: facts.tickets,
      reviews: facts.reviews,
      implications: judged.findings.map(auditImplication),
      risk: this.#reader === messageReader ? null : riskIn(judged, found),
      unknowns: [...new Set(unknowns)],
    };
  }

  /**
   * The earliest later commit that undoes this reversal, or that does again what
   * the first undone commit did; both must come after it on the same line.
   */
  async #reappliedBy(row: number, undone: readonly Undone[]): Promise<string | null> {
    const history = this.#history;
    const undoing = this.#undoneBy.get(history.oid(row)) ?? [];
    const reverted = undoing.findLast((later) => history.isAncestor(row, later) === true);
    const first = undone.find(({ match }) => match === "exact" || match === "partial");
    const target = first === undefined ? none : history.find(first.commit);
    const again = target === none ? none : await this.#repeated(target, row, reverted);
    if (reverted === undefined) return again === none ? null : history.oid(again);
    return history.oid(again === none ? reverted : Math.min(again, reverted));
  }

  async #repeated(target: number, row: number, before = this.#history.size): Promise<number> {
    const history = this.#history;
    for (const later of this.#candidates.repeats(target, row)) {
      if (later >= before || history.isAncestor(row, later) !== true) continue;
      const [one, other] = [
        await this.#resolver.target(target),
        await this.#resolver.target(later),
      ];
      if (await this.#sameContent(one, other)) return later;
    }
    return none;
  }

  async #sameContent(
    a: { readonly oid: string; readonly parent: string | null },
    b: { readonly oid: string; readonly parent: string | null },
  ): Promise<boolean> {
    try {
      const [one, other] = [
        await this.#source.patch(a.parent, a.oid),
        await this.#source.patch(b.parent, b.oid),
      ];
      if (one.files.size !== other.files.size) return false;
      for (const [path, lines] of one.files) {
        const same = other.files.get(path);
        if (same === undefined || same.size !== lines.size) return false;
        for (const [line, n] of lines) if (same.get(line) !== n) return false;
      }
      return true;
    } catch (error) {
      if (isUnreadable(error)) return false;
      throw error;
    }
  }

  async #implications(commit: Commit, found: Found): Promise<ReversalFindings> {
    const undone: ReversalChange["undone"][number][] = [];
    const shares: number[] = [];
    for (const { commit: oid, match, share } of found.undone) {
      if (!isTakenBack({ match })) continue;
      const target = await this.#source.commit(oid);
      if (target === null) continue;
      const { subject, message } = target;
      const named = found.targets.find((one) => one.oid === oid);
      const parent = named === undefined ? (target.parents[0] ?? null) : named.parent;
      undone.push({ commit: oid, parent, subject, message });
      shares.push(share);
    }
    const of: ReversalChange = {
      commit,
      parent: found.comparedTo,
      undone,
      resolvedBy: undone.length === 0 ? "none" : (found.by ?? "content"),
      exact: found.undone.length > 0 && found.undone.every(({ match }) => match === "exact"),
      share: Math.floor((100 * shares.reduce((sum, one) => sum + one, 0)) / (shares.length || 1)),
    };
    return await this.#reader(this.#source, of);
  }
}
