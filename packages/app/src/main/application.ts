/** The application on its store: what the server and the embedded command line both are. */
import type { Config } from "../config/config.ts";
import { RollbackService } from "../rollbacks/service.ts";
import type { Store } from "../rollbacks/store.ts";
import { directoryBlobs } from "../storage/blobs.ts";
import { holdDataDirectory, type HeldDataDirectory } from "../storage/data-directory.ts";
import { openDatabase } from "../storage/open.ts";
import { ledgerHome, type HomeOptions } from "./home.ts";

export interface Application {
  readonly service: RollbackService;
  readonly store: Store;
  readonly directory: HeldDataDirectory;
  /** Where the ledger lives, for a person. */
  readonly place: string;
  close(): Promise<void>;
}

/** Takes the data directory and opens everything; on failure nothing stays open. */
export async function openApplication(
  config: Config,
  now: () => Date,
  options: HomeOptions = {},
): Promise<Application> {
  const directory = holdDataDirectory(config.data);
  try {
    const { databaseUrl } = config;
    const database = await openDatabase(
      databaseUrl === undefined ? { file: directory.database } : { url: databaseUrl },
    );
    try {
      const blobs = directoryBlobs(directory.blobs, { maxBytes: config.maxArtefactBytes });
      const store: Store = { database, blobs, now };
      const service = await RollbackService.start(store, ledgerHome(store, directory, options));
      return {
        service,
        store,
        directory,
        place:
          databaseUrl === undefined ? directory.root : `PostgreSQL (keys in ${directory.root})`,
        async close() {
          await service.opened?.ledger.close();
          await database.close();
          directory.release();
        },
      };
    } catch (error) {
      await database.close();
      throw error;
    }
  } catch (error) {
    directory.release();
    throw error;
  }
}
