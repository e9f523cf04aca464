/**
 * What the pages are made of. The rows have the form that the API answers with;
 * they are declared here because the page stands on the record alone and not on
 * the server.
 */
import type { Opening, Registry, Status } from "@countermand/record";
import type { ListQuery } from "./paths.ts";

/** The open ledger. */
export interface LedgerView {
  readonly origin: string;
  readonly logKey: string;
  readonly registry: Registry;
  readonly openings: readonly Opening[];
}

export interface RecordRow {
  readonly id: string;
  readonly status: Status;
  readonly kind: string;
  readonly service: string;
  readonly environment: string;
  readonly reason: string;
  readonly target: string;
  readonly proposer: string;
  readonly proposedAt: string;
  readonly changedAt: string;
  readonly dueAt?: string;
}

export interface ReversalRow {
  readonly commit: string;
  readonly committedAt: string;
  readonly subject: string;
  readonly author: string;
  readonly undoes: readonly {
    readonly commit: string;
    readonly match: string;
    /** 0 to 1. */
    readonly share: number;
  }[];
  readonly reappliedBy: string | null;
  readonly reason: string | null;
  /** What the trailers of its message say; nobody has checked it. */
  readonly reviews: readonly { readonly trailer: string; readonly who: string }[];
  /** The worse and graver first. */
  readonly implications: readonly {
    readonly id: string;
    /** Rule and version. */
    readonly rule: string;
    readonly direction: "worse" | "better" | "changed";
    readonly subject: string;
    readonly severity: string;
    /** Per cent. */
    readonly confidence: number;
  }[];
  /** Of the implications together; null where no file was read. */
  readonly risk: {
    /** 0 to 100. */
    readonly score: number;
    readonly level: string;
    /** Per cent of what was to be looked at. */
    readonly coverage: number;
    readonly weights: number;
  } | null;
  /** What could not be found, read or compared. */
  readonly unknowns: readonly string[];
  /** Seconds from the undone commit to this one, where the audit knows. */
  readonly delay?: number | null;
}

export interface AuditRow {
  readonly repository: string;
  readonly head: string;
  readonly finishedAt: string;
  readonly commits: number;
  readonly reversals: number;
  readonly unknowns: readonly string[];
}

/** A page of rows, and the cursor of the next. */
export interface Rows<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

export interface AuditedRows {
  readonly audit: AuditRow;
  readonly reversals: Rows<ReversalRow>;
}

export interface HomeView {
  readonly ledger: LedgerView | undefined;
  readonly query: ListQuery;
  readonly records: Rows<RecordRow>;
  /** Mandatory and not run yet; shown above the whole list. */
  readonly owed: Rows<RecordRow>;
  readonly audits: readonly AuditedRows[];
  readonly now: Date;
}
