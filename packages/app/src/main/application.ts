/** The application on its store: what the server and the embedded command line both are. */
import type { Config } from "../config/config.ts";
import type { MirrorTarget } from "../ledger/mirror/target.ts";
import { issuerKeys } from "../identity/issuer-keys.ts";
import { judgesOf } from "../rollbacks/judges.ts";
import { RollbackService } from "../rollbacks/service.ts";
import type { Store } from "../rollbacks/store.ts";
import { directoryBlobs } from "../storage/blobs.ts";
import { holdDataDirectory, type HeldDataDirectory } from "../storage/data-directory.ts";
import type { Database } from "../storage/database.ts";
import { openDatabase } from "../storage/open.ts";
import { ledgerHome, type HomeOptions } from "./home.ts";
import { passphraseFrom } from "./key-passphrase.ts";
import { openMirrors } from "./mirror.ts";

export interface Application {
  readonly service: RollbackService;
  readonly store: Store;
  readonly directory: HeldDataDirectory;
  /** Copies of the log to keep. */
  readonly mirrors: readonly MirrorTarget[];
  /** Where the ledger lives, for a person. */
  readonly place: string;
  close(): Promise<void>;
}

export interface ApplicationOptions extends HomeOptions {
  /** Opened already, and closed by whoever did. */
  readonly database?: Database;
}

/** Takes the data directory and opens everything; on failure nothing stays open. */
export async function openApplication(
  config: Config,
  now: () => Date,
  { database: given, ...options }: ApplicationOptions = {},
): Promise<Application> {
  const directory = holdDataDirectory(config.data);
  try {
    const { databaseUrl } = config;
    const database =
      given ??
      (await openDatabase(
        databaseUrl === undefined ? { file: directory.database } : { url: databaseUrl },
      ));
    try {
      const issuers = issuerKeys(now);
      const blobs = directoryBlobs(directory.blobs, { maxBytes: config.maxArtefactBytes });
      const store: Store = {
        database,
        blobs,
        judges: judgesOf(blobs),
        isPublished: (issuer, keys) => issuers.isPublished(issuer, keys),
        now,
      };
      const mirrors = await openMirrors(config);
      const passphrase = passphraseFrom(config.keyPassphrase);
      const home = ledgerHome(store, directory, {
        ...options,
        mirrors,
        ...(passphrase === undefined ? {} : { passphrase }),
        ...(config.logSigner === undefined ? {} : { logSigner: config.logSigner }),
      });
      const service = await RollbackService.start(store, home);
      return {
        service,
        store,
        directory,
        mirrors,
        place:
          databaseUrl === undefined ? directory.root : `PostgreSQL (keys in ${directory.root})`,
        async close() {
          await service.opened?.ledger.close();
          if (given === undefined) await database.close();
          directory.release();
        },
      };
    } catch (error) {
      if (given === undefined) await database.close();
      throw error;
    }
  } catch (error) {
    directory.release();
    throw error;
  }
}
