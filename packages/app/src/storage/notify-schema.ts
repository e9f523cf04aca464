/**
 * The outbox as Kysely knows it. It belongs to the server and not to the ledger:
 * no export carries it, or a restored backup would tell old news again. Its thief
 * learns what a reader of the ledger knows, and no address.
 */
import type { ColumnType } from "kysely";

type Fixed<T> = ColumnType<T, T, never>;

/** What an entry is worth telling. */
export interface NoticeTable {
  log_id: Fixed<number>;
  idx: Fixed<number>;
  kind: Fixed<string>;
  recorded_at: Fixed<string>;
  record: Fixed<string | null>;
  /** Only this person is told. */
  person: Fixed<string | null>;
  /** JSON of notify's `Notice`. */
  notice: Fixed<string>;
  /** Null until it is known whom to tell. */
  routed_at: ColumnType<string | null, string | undefined, string>;
}

/** What became of telling it by one channel. */
export interface NoticeDeliveryTable {
  log_id: Fixed<number>;
  idx: Fixed<number>;
  kind: Fixed<string>;
  channel: Fixed<string>;
  state: "waiting" | "sent" | "dead" | "skipped";
  attempts: number;
  /** When it is tried next, or was last. */
  at: string;
  /** It is given up then. */
  until: string;
  /** Who is sending it, and until when nobody else does. */
  lease: ColumnType<string | null, string | undefined, string | null>;
  leased_until: ColumnType<string | null, string | undefined, string | null>;
  problem: string | null;
}

export interface NotifyTables {
  notice: NoticeTable;
  notice_delivery: NoticeDeliveryTable;
}
