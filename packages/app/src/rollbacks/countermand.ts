/**
 * What can be asked of a ledger of rollbacks, by a command line, a page or a
 * pipeline. Two things implement it: the service over an open ledger, and the
 * client that speaks HTTP to a server. Neither signs anything for anybody.
 */
import type {
  Artefact,
  AssessedRisk,
  Envelope,
  Identity,
  JsonObject,
  Mode,
  Opening,
  Policy,
  RecordState,
  Registry,
  Remark,
  Status,
  Predecessor,
} from "@countermand/record";

/** What a signer must know of the ledger before making a statement. */
export interface Instance {
  readonly origin: string;
  /** C2SP verifier key that signs now. */
  readonly logKey: string;
  readonly registry: Registry;
  /** Names and mail addresses that are not deleted: commitment to text. */
  readonly openings: readonly Opening[];
}

export interface Submission {
  readonly envelope: Envelope;
  /** Every commitment of the statement, opened. */
  readonly openings: readonly Opening[];
}

/** Where an accepted entry stands, and the proof. */
export interface Receipt {
  readonly index: number;
  /** In hex. */
  readonly leafHash: string;
  readonly type: string;
  /** A C2SP `.tlog-proof` file. */
  readonly proof: string;
}

export interface Accepted {
  /** `registry`, or the record's number. */
  readonly stream: string;
  readonly status?: Status;
  /** The statement's own entry first, then what followed from it. */
  readonly receipts: readonly Receipt[];
  /** It was in the ledger already; these are the first receipts. */
  readonly repeated: boolean;
  /** What its rationale could say more; nothing was refused for it. */
  readonly hints: readonly Remark[];
}

export interface RecordSummary {
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
  /** When time alone will change it. */
  readonly dueAt?: string;
}

export interface RecordQuery {
  readonly status?: readonly Status[];
  readonly service?: string;
  readonly environment?: string;
  /** `ordinary`: none of the others. */
  readonly mode?: "ordinary" | Mode;
  /** Only what is mandatory and has not run yet. */
  readonly mandatory?: boolean;
  /** Only what time changes by then. */
  readonly dueBy?: string;
  /** Cursor of the page before. */
  readonly after?: string;
  /** 1 to 200. */
  readonly limit?: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Cursor of the next page, if there is one. */
  readonly next?: string;
}

export interface RecordView {
  readonly state: RecordState;
  readonly openings: readonly Opening[];
}

/** One reversal of an audited repository's history, as `audit --json` prints it. */
export interface AuditedReversal {
  /** The repository it is of, as its `AuditSummary` names it. */
  readonly repository: string;
  readonly commit: string;
  readonly committedAt: string;
  readonly subject: string;
  readonly author: string;
  readonly undoes: readonly {
    readonly commit: string;
    readonly match: string;
    readonly share: number;
  }[];
  readonly reappliedBy: string | null;
  readonly reason: string | null;
  /** As they stand in the message. */
  readonly tickets: readonly string[];
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
  /** Seconds from the first undone commit to the reversal, where that is known. */
  readonly delay: number | null;
}

export interface AuditSummary {
  readonly repository: string;
  /** The commit that the audit started from. */
  readonly head: string;
  readonly finishedAt: string;
  readonly commits: number;
  readonly reversals: number;
  readonly unknowns: readonly string[];
}

export interface ReversalQuery {
  readonly repository?: string;
  readonly after?: string;
  /** 1 to 200. */
  readonly limit?: number;
}

export interface ExportOptions {
  /** Leave the artefacts' bytes out. */
  readonly withoutArtefacts?: boolean;
  /** Put the names and mail addresses of who is enrolled in, as far as they are not deleted. */
  readonly withNames?: boolean;
  /** Commitments whose openings are to be withheld, or all. */
  readonly withhold?: "all" | readonly string[];
}

export interface OpeningRequest {
  readonly origin: string;
  readonly policy: Policy;
  /** The first person, as `log-opened` carries them. */
  readonly administrator: JsonObject;
  readonly openings: readonly Opening[];
  /** The log that was closed and goes on here. */
  readonly predecessor?: Predecessor;
}

/** A deployment that asks to be let through. */
export interface GateRequest {
  /** A repeated request gets the same answer. */
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  /** What is to run. */
  readonly target: Identity;
  /** Who asks, for instance `argocd` or the name of a pipeline. */
  readonly caller: string;
  /** The record whose grant is to be used; without one the gate looks for it. */
  readonly record?: string;
  /** The caller knows that this goes back to an older state. */
  readonly older?: boolean;
  /** Only ask: nothing is used up or remembered. */
  readonly dryRun?: boolean;
  /** It was answered while the server could not be asked: when, and how. */
  readonly spooled?: { readonly at: string; readonly allowed: boolean };
}

export interface GateAnswer {
  readonly allowed: boolean;
  /** `grant`, `forward`, `unchanged`, `dangling`, `older`, or a rule of the constitution. */
  readonly rule: string;
  /** One sentence: why, and if not what would be right. */
  readonly reason: string;
  /** The record whose grant was used, or that stands against it. */
  readonly record?: string;
  /** It was told afterwards. */
  readonly late: boolean;
  /** It went through although the answer is no. */
  readonly bypassed: boolean;
  /** What a gate does here while the server cannot be asked. */
  readonly unreachable: "fail-open" | "fail-closed";
}

export interface GateEvent {
  readonly id: string;
  /** When it was asked; both clocks. */
  readonly at: string;
  readonly recordedAt: string;
  readonly service: string;
  readonly environment: string;
  /** The identity, short. */
  readonly target: string;
  readonly caller: string;
  readonly allowed: boolean;
  readonly rule: string;
  readonly reason: string;
  readonly record?: string;
  readonly late: boolean;
  readonly bypassed: boolean;
}

export interface GateQuery {
  /** Only what went through although the answer is no. */
  readonly bypassed?: boolean;
  readonly after?: string;
  /** 1 to 200. */
  readonly limit?: number;
}

/** Something that a tool reports about what runs: a CloudEvent, as much of it as is read. */
export interface SignalEvent {
  /** Who sends it. */
  readonly source: string;
  /** The sender's own: sent again with it, it is the same signal. */
  readonly id: string;
  readonly type: string;
  /** When it was found; when it arrived, if not given. */
  readonly time?: string;
  readonly data: {
    readonly service: string;
    readonly environment: string;
    readonly severity: AssessedRisk["level"];
    /** What it is about: CVE numbers and the like. */
    readonly ids?: readonly string[];
    /** What runs there and is affected. */
    readonly current?: Identity;
    /** What to go back to. */
    readonly target?: Identity;
    /** How; `redeploy-previous` if not given. */
    readonly kind?: string;
    readonly summary?: string;
    readonly url?: string;
  };
}

export interface SignalAnswer {
  /** `joined`: another signal about the same state made a rollback mandatory already. */
  readonly outcome: "mandatory" | "joined" | "no-rule";
  readonly record?: string;
  readonly owner?: string;
  readonly deadline?: string;
  /** The rules that made it mandatory. */
  readonly rules?: readonly string[];
  /** It was received before; this is what came of it then. */
  readonly repeated: boolean;
}

export interface Signal {
  readonly event: SignalEvent;
  readonly recordedAt: string;
  readonly outcome: SignalAnswer["outcome"];
  readonly record?: string;
}

export interface SignalQuery {
  readonly outcome?: SignalAnswer["outcome"];
  readonly after?: string;
  /** 1 to 200. */
  readonly limit?: number;
}

export type ProofLevel = "logged" | "witnessed";

export interface EntryTimes {
  readonly index: number;
  /** The server's clock, as it stands in the entry. */
  readonly recordedAt: string;
  /** Undefined until a time authority has signed a checkpoint over the entry. */
  readonly attested?: {
    /** The authority's clock: the entry was there by then. */
    readonly at: string;
    /** Address of the authority. */
    readonly authority: string;
    /** Entries under the checkpoint that it signed: the first one over this entry. */
    readonly size: number;
    /** That checkpoint, a signed note; what the token is over, byte for byte. */
    readonly checkpoint: string;
    /** RFC 3161 TimeStampToken, base64 of DER. */
    readonly token: string;
  };
}

export interface Countermand {
  /** Opens the ledger. Throws a `RollbacksError` "conflict" where it is open already. */
  openLedger(request: OpeningRequest): Promise<Instance>;
  instance(): Promise<Instance>;
  submit(submission: Submission): Promise<Accepted>;
  records(query: RecordQuery): Promise<Page<RecordSummary>>;
  record(id: string): Promise<RecordView>;
  /** Entries of a record with proofs against one checkpoint, packed: the evidence package. */
  exportRecord(id: string, options: ExportOptions): Promise<Uint8Array>;
  /**
   * A C2SP `.tlog-proof` of an entry: against the newest checkpoint (`logged`), or
   * against the newest that enough witnesses have signed (`witnessed`). Throws a
   * `RollbacksError` "not-found" or "not-witnessed".
   */
  entryProof(index: number, min: ProofLevel): Promise<Uint8Array>;
  /**
   * The two clocks of an entry: ours, and that of a time authority if it has signed a
   * checkpoint over the entry. Throws a `RollbacksError` "not-found".
   */
  entryTimes(index: number): Promise<EntryTimes>;
  /** Stores an artefact; statements then name its digest. */
  putArtefact(bytes: Uint8Array): Promise<Artefact>;
  getArtefact(digest: string): Promise<Uint8Array | undefined>;
  /** Whether this may be deployed now; uses the grant that lets it. */
  gate(request: GateRequest): Promise<GateAnswer>;
  /** What the gate answered, newest first. */
  gateEvents(query: GateQuery): Promise<Page<GateEvent>>;
  /** Takes in a signal; what a rule of the policy matches makes a rollback mandatory. */
  signal(event: SignalEvent): Promise<SignalAnswer>;
  /** Newest first. */
  signals(query: SignalQuery): Promise<Page<Signal>>;
  audits(): Promise<readonly AuditSummary[]>;
  reversals(query: ReversalQuery): Promise<Page<AuditedReversal>>;
}
