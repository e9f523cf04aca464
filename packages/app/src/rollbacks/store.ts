/** What the service stands on: a database, artefacts, a clock, and a ledger once it is opened. */
import type { LogKeys } from "@countermand/tlog";
import type { Ledger } from "../ledger/ledger.ts";
import type { Blobs } from "../storage/blobs.ts";
import type { Database } from "../storage/database.ts";
import type { Command, Decided } from "./batch.ts";
import type { IsPublished } from "./identity-tokens.ts";
import type { Judges } from "./judges.ts";
import type { SystemSigner } from "./system-signer.ts";

export interface Store {
  readonly database: Database;
  readonly blobs: Blobs;
  readonly judges: Judges;
  readonly now: () => Date;
  /** Asks an issuer of identity tokens for its keys. */
  readonly isPublished: IsPublished;
}

export interface OpenStore extends Store {
  readonly ledger: Ledger<Command, Decided>;
  readonly logId: number;
  readonly origin: string;
  /** Who signs the log, and from which size to which; follows what other servers do. */
  readonly logKeys: LogKeys;
  readonly signer: SystemSigner;
}

/** Makes and finds the ledger's keys and log: files and rows, wired in `main`. */
export interface LedgerHome {
  /** The ledger here, or undefined where none was made. */
  open(): Promise<OpenStore | undefined>;
  /** Makes keys and log for `origin`; throws a `RollbacksError` "conflict" where another is. */
  create(origin: string): Promise<OpenStore>;
}
