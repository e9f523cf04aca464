/**
 * What a command needs from the world: streams, environment, questions, and the
 * ledger it talks to. Tests give their own; nothing in `cli` touches `process`.
 */
import type { Alarm } from "../ledger/alarm.ts";
import type { Countermand } from "../rollbacks/countermand.ts";

export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Results: what a script reads. */
  out(text: string): void;
  /** Progress, questions and errors: what a person reads. */
  err(text: string): void;
  /** Standard input to its end; a usage error beyond `limit` bytes. Undefined where there is none. */
  input?(limit: number): Promise<Uint8Array>;
  /** Raw bytes to standard output. */
  outBytes(bytes: Uint8Array): void;
  errBytes(bytes: Uint8Array): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly columns: number;
  readonly colour: boolean;
  /** Aborted by the first Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Asks a question; undefined where nobody is there to answer. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  readonly now: () => Date;
  /** The ledger: a server if one is named or running on the data directory, else the embedded one. */
  open(options: LedgerOptions): Promise<OpenLedger>;
  /**
   * The server that is named or runs on the data folder, and what this user has to
   * show it; a usage error where there is none. `local`: only on the data folder.
   */
  serverOf(options: LedgerOptions & { readonly local?: true }): ServerPlace;
  /** Opens a page in the person's browser, if there seems to be one; never fails. */
  readonly openPage?: (url: string) => void;
  /** Runs the server until it is interrupted; calls `ready` once it answers. */
  serve(options: ServeOptions): Promise<void>;
  /** Writes everything but keys, mark and artefacts to `file`, or refuses to overwrite it. */
  backup(options: Pick<LedgerOptions, "data">, file: string): Promise<BackupResult>;
  /** Reads such a file into an empty store. */
  restore(options: Pick<LedgerOptions, "data">, file: string): Promise<BackupResult>;
  /** Reads a whole mirror and trusts nothing but the log's key. */
  verifyMirror(place: string, options: MirrorOptions): AsyncIterable<MirrorMessage>;
  /** Makes an empty store from a mirror. */
  restoreMirror(
    place: string,
    options: MirrorOptions,
    onProgress: (done: number) => void,
  ): Promise<BackupResult>;
  /** Opens the ledger in a data folder although it is frozen, to have it go on. */
  openFrozen(options: Pick<LedgerOptions, "data">): Promise<OpenFrozen>;
  /** Opens the ledger in a data folder with its keys at hand; no server may run on it. */
  openKeys(options: Pick<LedgerOptions, "data">): Promise<OpenKeys>;
  /** Makes the key that follows, or the first one of a folder without: its verifier key. */
  newLogKey(options: Pick<LedgerOptions, "data">, origin?: string): Promise<string>;
  /** Makes the key of the checkpoints' second line, or finds it: its verifier key. */
  secondLogKey(options: Pick<LedgerOptions, "data">): Promise<string>;
  /** Writes every key file of a folder again: sealed, open, or with another passphrase. */
  sealKeys(
    options: Pick<LedgerOptions, "data">,
    how: { readonly kind: "seal" | "open" } | { readonly kind: "change"; readonly file: string },
  ): Promise<readonly string[]>;
  /** Holds a log's key for the servers of this machine, until it is interrupted. */
  signer(options: SignerOptions): Promise<void>;
  /** Moves a log's key from one folder to another; answers the verifier keys. */
  moveLogKeys(from: string, to: string): Promise<readonly string[]>;
  /** Stops the log for all servers; `already`: what it stands at instead, and nothing was changed. */
  freeze(
    options: Pick<LedgerOptions, "data">,
    reason: string,
  ): Promise<{ readonly origin: string; readonly already?: string }>;
  /** Drops every view and makes it again from the entries. */
  rebuild(
    options: Pick<LedgerOptions, "data">,
    onProgress: (done: number, total: number) => void,
  ): Promise<RebuildResult>;
  /** Makes a tenant's folder below the server's; refuses a name or an address that is taken. */
  addTenant(
    options: Pick<LedgerOptions, "data">,
    name: string,
    url: string,
  ): Promise<{ readonly data: string; readonly url: string; readonly serverRuns: boolean }>;
  tenants(options: Pick<LedgerOptions, "data">): readonly TenantFolder[];
  /** Checks the ledger's store; nothing of it is changed. */
  fsck(options: Pick<LedgerOptions, "data">): AsyncIterable<FsckMessage>;
}

/** A tenant, as its folder shows it. */
export interface TenantFolder {
  readonly name: string;
  readonly data: string;
  /** Undefined where its settings do not say. */
  readonly url?: string;
  readonly state: "served" | "stopped" | "not served";
  /** When it was stopped, and why. */
  readonly problem?: string;
}

export interface ServeOptions {
  readonly data?: string;
  readonly port?: string;
  /** A repository to audit into the store once the server answers. */
  readonly audit?: string;
  /** File that says which witnesses are asked, and how many must have signed. */
  readonly witnessPolicy?: string;
  /** Copies of the log to keep: folders or s3:// addresses. */
  readonly mirror?: readonly string[];
  /** Take the database as it is where the high-water mark is missing. */
  readonly adopt?: true;
}

export interface MirrorOptions {
  readonly data?: string;
  /** The log's verifier key; without it that of the data folder. */
  readonly key?: string;
  /** Instead of `key`: a trust file. */
  readonly trust?: string;
  /** The entries need not be ones of Countermand. */
  readonly anyEntries?: true;
  /** PEM certificates of the time authorities that are believed. */
  readonly timeRoots?: string;
}

export type MirrorMessage =
  | { readonly kind: "progress"; readonly done: number }
  | { readonly kind: "finding"; readonly where: string; readonly problem: string }
  | {
      readonly kind: "done";
      readonly entries: number;
      /** Tokens of time authorities that are of this log, and true if roots were given. */
      readonly times: number;
    };

export interface OpenFrozen extends OpenLedger {
  /** Why it is frozen; absent: it is not. */
  readonly alarm?: Alarm;
}

export interface OpenKeys extends OpenLedger {
  /** Verifier key of `keys/log.key`, and of `keys/next.key` if there is one. */
  readonly held: { readonly current: string; readonly next?: string };
  /** Entries in the log. */
  readonly size: number;
  /** A C2SP signed note of both keys. */
  signWithBoth(text: string): Promise<string>;
  /** The next key takes the place of the first, whose file is gone then. */
  retire(): Promise<void>;
}

export interface BackupResult {
  readonly entries: number;
  /** In the file, or in the database, for a person. */
  readonly place: string;
}

export interface RebuildResult {
  readonly entries: number;
  /** Views that were not what the entries give. */
  readonly different: readonly string[];
}

export type FsckMessage =
  | {
      readonly kind: "progress";
      readonly done: number;
      readonly total: number;
      readonly what: string;
    }
  | { readonly kind: "finding"; readonly where: string; readonly problem: string }
  | { readonly kind: "done"; readonly entries: number; readonly checks: readonly string[] };

export interface SignerOptions {
  readonly data?: string;
  readonly socket: string;
  readonly adopt?: true;
  /** The group of the socket's folder may ask, too. */
  readonly group?: true;
}

export interface LedgerOptions {
  /** `--server` */
  readonly server?: string;
  /** `--data` */
  readonly data?: string;
}

export interface ServerPlace {
  /** Which of the ledgers behind that address, where several share it on loopback. */
  readonly tenant?: string;
  readonly url: string;
  /** The data folder's token, `COUNTERMAND_TOKEN`, or the session of `countermand login`. */
  readonly token?: string;
}

export interface OpenLedger {
  readonly countermand: Countermand;
  /** Where it is, for a person: a URL or a folder. */
  readonly place: string;
  close(): Promise<void>;
}
