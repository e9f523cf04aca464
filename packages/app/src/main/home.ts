/**
 * Where a ledger's keys, mark and rows are: `keys/log.key` signs checkpoints, and in an
 * overlap `keys/next.key` too,
 * `keys/system.key` what follows from the entries. Roles of keys never mix.
 */
import { existsSync } from "node:fs";
import { LedgerError } from "../ledger/error.ts";
import { keyFiles, readHeldKeys, readSecondKey, type HeldKeys } from "../ledger/key-folder.ts";
import {
  createKeyFile,
  createLog,
  readKeyFile,
  readPublicKey,
  type LogSigner,
  type Passphrase,
} from "../ledger/keys.ts";
import { followLogKeys } from "../ledger/log-keys.ts";
import { findLog } from "../ledger/log-rows.ts";
import { remoteKeys } from "../ledger/signer/remote-signer.ts";
import type { MirrorSource } from "../ledger/mirror/target.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import type { Command, Decided } from "../rollbacks/batch.ts";
import { adoptAudits } from "../rollbacks/audits.ts";
import { alignLogKeys } from "../rollbacks/log-keys.ts";
import { rollbackDecider } from "../rollbacks/decider.ts";
import { rebuildStaleViews } from "../rollbacks/rebuild.ts";
import type { LedgerHome, OpenStore, Store } from "../rollbacks/store.ts";
import { systemSigner, type SystemSigner } from "../rollbacks/system-signer.ts";
import type { DataDirectory } from "../storage/data-directory.ts";

export interface HomeOptions {
  /** Take the database as it is where the high-water mark is missing: an operator's decision. */
  readonly adopt?: boolean;
  /** Open a frozen log too, to have it go on. */
  readonly thaw?: boolean;
  /** Other ledgers may be in the database, too: what it holds need not be of this one. */
  readonly shared?: boolean;
  /** It is one of a server's tenants: what stands beside no log is the server's. */
  readonly tenant?: boolean;
  /** None may be ahead of the database, or of another history. */
  readonly mirrors?: readonly MirrorSource[];
  /** Socket of the process that holds the log's key. */
  readonly logSigner?: string;
  /** Opens key files that are sealed. */
  readonly passphrase?: Passphrase;
  /** Told of a mirror that could not be asked. */
  readonly onUnreachable?: (problem: string) => void;
}

export function ledgerHome(
  store: Store,
  directory: DataDirectory,
  options: HomeOptions = {},
): LedgerHome {
  const { log: logKeyFile, system: systemKeyFile } = keyFiles(directory.keys);

  async function assemble({ signer: log, next }: HeldKeys, system: LogSigner): Promise<OpenStore> {
    const { database, now } = store;
    // Keys are made before the rows: a crash in between leaves keys without a log.
    const logId =
      (await findLog(database.read, log.name)) ?? (await createLog(database, log, now()));
    const signer = speaking(system);
    await rebuildStaleViews(database, logId);
    await alignLogKeys(database, logId);
    const { passphrase } = options;
    const second = await readSecondKey(directory.keys, log.name, () => now().getTime(), passphrase);
    const ledger = await openLedger<Command, Decided>({
      database,
      signer: log,
      second,
      ...(next === undefined ? {} : { more: [next] }),
      decider: rollbackDecider(signer, store.judges),
      markFolder: directory.marks,
      adopt: options.adopt === true,
      thaw: options.thaw === true,
      ...(options.mirrors === undefined ? {} : { mirrors: options.mirrors }),
      ...(options.onUnreachable === undefined ? {} : { onUnreachable: options.onUnreachable }),
      now,
    });
    const logKeys = await followLogKeys(database, logId, log.name);
    return { ...store, ledger, logId, origin: log.name, logKeys, signer };
  }

  return {
    async open() {
      if (!existsSync(logKeyFile)) {
        if (options.shared !== true) await refuseKeyless(store, logKeyFile);
        return undefined;
      }
      const held = await heldKeys(directory.keys, options);
      const system = existsSync(systemKeyFile)
        ? await readKeyFile(systemKeyFile, options.passphrase)
        : await createKeyFile(systemKeyFile, `${held.signer.name}/system`, options.passphrase);
      return assemble(held, system);
    },
    async create(origin) {
      if (options.logSigner !== undefined) {
        throw new LedgerError(
          "key-file",
          "a ledger is opened with its key here, which a signer then takes: leave COUNTERMAND_SIGNER out, open it, and run countermand signer take",
        );
      }
      const held = {
        signer: await createKeyFile(logKeyFile, origin, options.passphrase),
        next: undefined,
      };
      const opened = await assemble(
        held,
        await createKeyFile(systemKeyFile, `${origin}/system`, options.passphrase),
      );
      if (options.tenant !== true) await adoptAudits(store.database, opened.logId);
      return opened;
    },
  };
}

/** The keys as this process may use them: from their files, or through who holds them. */
async function heldKeys(folder: string, { logSigner, passphrase }: HomeOptions): Promise<HeldKeys> {
  if (logSigner === undefined) return readHeldKeys(folder, passphrase);
  const known = await readPublicKey(keyFiles(folder).log);
  const { signers } = await remoteKeys(logSigner);
  const [signer, next] = signers;
  if (signer === undefined || signer.name !== known.name) {
    throw new LedgerError(
      "key-file",
      `the signer at ${logSigner} signs for ${signer?.name ?? "nothing"}, and the ledger here is ${known.name}; name its signer in COUNTERMAND_SIGNER`,
    );
  }
  return { signer, next };
}

async function refuseKeyless(store: Store, file: string): Promise<void> {
  const row = await store.database.read.selectFrom("log").select("log.origin").executeTakeFirst();
  if (row === undefined) return;
  throw new LedgerError(
    "key-file",
    `the database holds the ledger ${row.origin}, and its key is not at ${file}; put the key back, or use the data directory that the ledger was opened with`,
  );
}

function speaking(system: LogSigner): SystemSigner {
  return systemSigner({
    publicKey: system.verifier.publicKey,
    sign(data) {
      const signature = system.sign(data);
      if (signature instanceof Promise)
        throw new TypeError("the system key signs under the lock, at once");
      return signature;
    },
  });
}
