/** What a verification found: the shape of its answer, and how one is put together. */
import type { RuleId } from "../constitution/refusal.ts";
import type { RecordState } from "../lifecycle/state.ts";
import type { AttestedEntry } from "./times.ts";

export interface Finding {
  /** Which part of the package: `entries/12.json`, `checkpoint`. */
  readonly where: string;
  /** One sentence. */
  readonly problem: string;
  readonly rule?: RuleId;
}

export interface Check {
  readonly what: string;
  readonly passed: number;
  readonly failed: number;
}

export interface VerifyReport {
  /** `unverifiable`: this is not a package, or its format is not known here. */
  readonly verdict: "good" | "finding" | "unverifiable";
  readonly record?: RecordState;
  readonly log?: {
    readonly origin: string;
    readonly key: string;
    /** The key was compared with one that the caller trusts. */
    readonly pinned: boolean;
    readonly size: number;
    readonly root: string;
  };
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
  readonly notChecked: readonly string[];
  readonly openings: {
    readonly opened: number;
    readonly withheld: number;
    readonly deleted: number;
  };
  /** Entries that were there by a time authority's clock, in order. */
  readonly times: readonly AttestedEntry[];
}

/** Counts checks by kind and keeps what failed. */
export class Tally {
  readonly findings: Finding[] = [];
  readonly #counts = new Map<string, { passed: number; failed: number }>();

  pass(what: string): void {
    this.#count(what).passed += 1;
  }

  fail(what: string, finding: Finding): void {
    this.#count(what).failed += 1;
    this.findings.push(finding);
  }

  /** Runs a check that throws when it fails; answers whether it passed. */
  async try(what: string, where: string, check: () => unknown): Promise<boolean> {
    try {
      await check();
    } catch (error) {
      if (error instanceof TypeError || !(error instanceof Error)) throw error;
      const rule = (error as { rule?: RuleId }).rule;
      this.fail(what, { where, problem: error.message, ...(rule === undefined ? {} : { rule }) });
      return false;
    }
    this.pass(what);
    return true;
  }

  checks(): readonly Check[] {
    return [...this.#counts].map(([what, count]) => ({ what, ...count }));
  }

  #count(what: string): { passed: number; failed: number } {
    const found = this.#counts.get(what) ?? { passed: 0, failed: 0 };
    this.#counts.set(what, found);
    return found;
  }
}
