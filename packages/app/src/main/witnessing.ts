/**
 * Has the log witnessed while the server runs, if a policy was given: then only
 * what is witnessed is shown under `/log/`.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parsePolicy, TlogError } from "@countermand/tlog";
import type { Context } from "../cli/context.ts";
import { usage } from "../cli/exit.ts";
import { plain } from "../cli/terminal.ts";
import type { Config } from "../config/config.ts";
import type { LogReader } from "../ledger/log-reader.ts";
import { PolicyFile } from "../ledger/witnesses/policy-file.ts";
import {
  WitnessPublisher,
  type Evidence,
  type WitnessedHealth,
} from "../ledger/witnesses/publisher.ts";
import type { OpenStore } from "../rollbacks/store.ts";
import { syncFolder, writeDurably } from "../storage/durable-files.ts";
import type { Application } from "./application.ts";

export interface Witnessing {
  /** The log as it may be shown. */
  readonly log: () => LogReader | undefined;
  readonly health: () => WitnessedHealth | undefined;
  /** Until the server ends. */
  run(): Promise<void>;
}

/** Throws a `LedgerError` "witness-policy", or a usage error, for a policy that cannot be used. */
export async function startWitnessing(
  application: Application,
  config: Config,
  context: Context,
  ended: AbortSignal,
  /** Whether witnesses are asked by this server. */
  asks: () => boolean,
): Promise<Witnessing> {
  const { service, directory } = application;
  if (config.witnessPolicy === undefined) {
    return {
      log: () => service.opened?.ledger.log(),
      health: () => undefined,
      run: async () => {},
    };
  }
  const file = resolve(context.cwd, config.witnessPolicy);
  await checkReadable(file);
  let publisher: WitnessPublisher | undefined;
  service.witnessed = () => publisher?.witnessed();

  async function open({ ledger, database, logKeys, now }: OpenStore): Promise<WitnessPublisher> {
    const report = (line: string) =>
      context.err(`${context.now().toISOString()} ${plain(line, 500)}\n`);
    return await WitnessPublisher.open({
      database,
      log: ledger.log(),
      verifier: logKeys,
      policy: await PolicyFile.open(file, logKeys, report),
      look: () => ledger.look(),
      asks,
      freeze: (reason) => ledger.freeze(reason),
      keepEvidence: (evidence) => keep(join(directory.root, "evidence"), evidence),
      now,
      report,
    });
  }
  if (service.opened !== undefined) publisher = await open(service.opened);
  return {
    log: () => publisher?.log(),
    health: () => publisher?.health(),
    async run() {
      while (!ended.aborted) {
        if (publisher === undefined && service.opened !== undefined) {
          publisher = await open(service.opened);
        }
        if (publisher !== undefined) return await publisher.run(ended);
        await sleep(1_000, undefined, { signal: ended }).catch(() => undefined);
      }
    },
  };
}

/** Before there is a ledger there is no key to look for in it. */
async function checkReadable(file: string): Promise<void> {
  try {
    parsePolicy(await readFile(file));
  } catch (error) {
    if (error instanceof TlogError) throw usage(`The witness policy ${file}: ${error.message}.`);
    throw usage(`The witness policy ${file} cannot be read: ${(error as Error).message}.`);
  }
}

/** Never overwritten: names have the time in them. */
async function keep(folder: string, evidence: Evidence): Promise<string> {
  if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) {
    await syncFolder(join(folder, ".."));
  }
  const file = join(folder, `witness-${evidence.at.replaceAll(/[^0-9A-Za-z]/g, "")}.json`);
  await writeDurably(file, `${JSON.stringify(evidence, null, 2)}\n`, {
    mode: 0o600,
    replace: false,
  });
  return file;
}
