/**
 * The tables as Kysely knows them. The truth is in `migrations/`; the golden
 * dump under test holds the two together. Sizes and indexes are safe integers
 * (both engines refuse to read a larger one), hashed bytes are bytes, times are
 * RFC 3339 text in UTC with milliseconds, which sorts as it reads.
 */
import type { ColumnType } from "kysely";
import type { LoginTables } from "./login-schema.ts";
import type { NotifyTables } from "./notify-schema.ts";

type AppendOnly<T> = ColumnType<T, T, never>;

/** One transparency log. Every other row of the ledger names its `log_id`. */
export interface LogTable {
  log_id: AppendOnly<number>;
  origin: AppendOnly<string>;
  state: "active" | "frozen" | "closed";
  /** Why it is not active. */
  reason: string | null;
  created_at: AppendOnly<string>;
}

/** Keys that sign or signed the log's checkpoints; the private halves are elsewhere. */
export interface LogKeyTable {
  log_id: AppendOnly<number>;
  /** C2SP verifier key: `name+id+base64`. */
  vkey: AppendOnly<string>;
  /** The key signs checkpoints of this size and above … */
  from_size: AppendOnly<number>;
  /** … and below this one; null while it signs. */
  until_size: number | null;
}

/** The only rows of the ledger that change. */
export interface LogHeadTable {
  log_id: AppendOnly<number>;
  size: number;
  root: Uint8Array;
  /** Roots of the perfect subtrees of `size`, as tlog's `encodeCompact` writes them. */
  compact: Uint8Array;
  /** The newest entry's time; the next is never earlier. */
  recorded_at: string;
  /** Raised by each process that takes the log over; a process with another one is stale. */
}

export interface EntryTable {
  log_id: AppendOnly<number>;
  idx: AppendOnly<number>;
  leaf: AppendOnly<Uint8Array>;
  leaf_hash: AppendOnly<Uint8Array>;
  identity_hash: AppendOnly<Uint8Array>;
}

/** Full tiles only: partial ones are derived from the rows below them. */
export interface TileTable {
  log_id: AppendOnly<number>;
  level: AppendOnly<number>;
  n: AppendOnly<number>;
  hashes: AppendOnly<Uint8Array>;
  root: AppendOnly<Uint8Array>;
}

/** Every checkpoint that was given out, but perhaps the newest. */
export interface CheckpointTable {
  log_id: AppendOnly<number>;
  size: AppendOnly<number>;
  root: AppendOnly<Uint8Array>;
  note: AppendOnly<string>;
  published_at: AppendOnly<string>;
}

/** Tokens of time authorities over checkpoints. */
export interface CheckpointTimeTable {
  log_id: AppendOnly<number>;
  size: AppendOnly<number>;
  /** The address that was asked. */
  authority: AppendOnly<string>;
  /** The authority's clock. */
  attested_at: AppendOnly<string>;
  /** Ours. */
  received_at: AppendOnly<string>;
  token: AppendOnly<Uint8Array>;
}

/** What witnesses said of our checkpoints; the newest line of each key for a size. */
export interface CosignatureTable {
  log_id: AppendOnly<number>;
  size: AppendOnly<number>;
  /** C2SP verifier key of the witness. */
  vkey: AppendOnly<string>;
  /** POSIX seconds of the witness's clock. */
  signed_at: number;
  /** The signature line, with its newline. */
  line: string;
}

/** Who may speak. A view. */
export interface RegistryTable {
  log_id: AppendOnly<number>;
  idx: number;
  /** Version of the rules that the log's views were made with. */
  fold: number;
  /** JSON of the record package's `Registry`. */
  state: string;
}

/** One row a record. A view. */
export interface RecordTable {
  log_id: AppendOnly<number>;
  year: AppendOnly<number>;
  number: AppendOnly<number>;
  id: AppendOnly<string>;
  uid: AppendOnly<string>;
  status: string;
  kind: string;
  service: string;
  environment: string;
  reason: string;
  target: string;
  proposer: string;
  proposed_at: string;
  changed_at: string;
  /** When time alone will change it. */
  due_at: string | null;
  /** 1: it is mandatory, and its target has not run yet. */
  mandatory: number;
  /** `emergency`, `exercise`, `plan`; null: an ordinary rollback. */
  mode: string | null;
  /** Who opened it. */
  opener: string;
  /** 1: its retrospective is overdue. */
  overdue: number;
  /** SHA-256 of the target's identity. */
  target_digest: string;
  /** SHA-256 of the identity that it took production back from, while that is dangling. */
  undone_digest: string | null;
  /** Index of its newest entry. */
  idx: number;
  /** JSON of the record package's `RecordState`. */
  state: string;
}

/** What was seen running where, first. A view. */
export interface SeenRunningTable {
  log_id: AppendOnly<number>;
  service: AppendOnly<string>;
  environment: AppendOnly<string>;
  /** SHA-256 of its identity. */
  digest: AppendOnly<string>;
  idx: number;
}

/** Which statement each entry holds. A view. */
export interface RecordEntryTable {
  log_id: AppendOnly<number>;
  idx: AppendOnly<number>;
  stream: AppendOnly<string>;
  type: AppendOnly<string>;
  statement: AppendOnly<string>;
  payload_digest: AppendOnly<string>;
  actor: AppendOnly<string>;
  occurred_at: AppendOnly<string>;
}

/** Texts behind commitments: kept beside the ledger, deleted one by one. */
export interface OpeningTable {
  log_id: AppendOnly<number>;
  commitment: AppendOnly<string>;
  /** The entry whose statement made the commitment. */
  idx: AppendOnly<number>;
  /** Base64 of 32 bytes. */
  salt: AppendOnly<string>;
  /** JSON. */
  value: AppendOnly<string>;
}

export interface AuditTable {
  /** 0 before there is a log. */
  log_id: number;
  repository: AppendOnly<string>;
  head: string;
  finished_at: string;
  commits: number;
  reversals: number;
  /** JSON array of strings. */
  unknowns: string;
}

export interface ReversalTable {
  log_id: number;
  repository: AppendOnly<string>;
  commit_id: AppendOnly<string>;
  committed_at: AppendOnly<string>;
  /** The object that `audit --json` prints. */
  finding: AppendOnly<string>;
}

/** States that the gate let through, each once for a service and environment. */
export interface DeploymentTable {
  log_id: AppendOnly<number>;
  service: AppendOnly<string>;
  environment: AppendOnly<string>;
  digest: AppendOnly<string>;
  first_at: AppendOnly<string>;
  last_at: string;
}

/** What tools reported, and what the rules made of it. */
export interface SignalTable {
  log_id: AppendOnly<number>;
  source: AppendOnly<string>;
  id: AppendOnly<string>;
  recorded_at: AppendOnly<string>;
  occurred_at: AppendOnly<string>;
  service: AppendOnly<string>;
  environment: AppendOnly<string>;
  type: AppendOnly<string>;
  severity: AppendOnly<string>;
  /** SHA-256 of what runs, empty where the signal does not say. */
  current_digest: AppendOnly<string>;
  /** Changes once at most, from `no-rule`. */
  outcome: string;
  record: string | null;
  /** JSON. */
  event: AppendOnly<string>;
  digest: AppendOnly<string>;
}

/** What the gate was asked and answered, but for what changed nothing. */
export interface GateEventTable {
  log_id: AppendOnly<number>;
  id: AppendOnly<string>;
  at: AppendOnly<string>;
  recorded_at: AppendOnly<string>;
  service: AppendOnly<string>;
  environment: AppendOnly<string>;
  /** The identity, short. */
  target: AppendOnly<string>;
  digest: AppendOnly<string>;
  caller: AppendOnly<string>;
  allowed: AppendOnly<number>;
  rule: AppendOnly<string>;
  reason: AppendOnly<string>;
  record: AppendOnly<string | null>;
  late: AppendOnly<number>;
  bypassed: AppendOnly<number>;
}

export interface Tables extends LoginTables, NotifyTables {
  log: LogTable;
  log_key: LogKeyTable;
  log_head: LogHeadTable;
  entry: EntryTable;
  tile: TileTable;
  checkpoint: CheckpointTable;
  cosignature: CosignatureTable;
  checkpoint_time: CheckpointTimeTable;
  registry: RegistryTable;
  record: RecordTable;
  record_entry: RecordEntryTable;
  seen_running: SeenRunningTable;
  deployment: DeploymentTable;
  gate_event: GateEventTable;
  signal: SignalTable;
  opening: OpeningTable;
  audit: AuditTable;
  reversal: ReversalTable;
}
