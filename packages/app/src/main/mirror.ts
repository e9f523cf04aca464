/** Mirrors wired to the application: opened before the ledger, fed while the server runs, read back by commands. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identityOf, parseEntry, parsePayload } from "@countermand/record";
import { formatNote, openLogCheckpoint, type LogVerifier } from "@countermand/tlog";
import type { Context, MirrorMessage, MirrorOptions } from "../cli/context.ts";
import { CommandError, exitCodes, usage } from "../cli/exit.ts";
import { plain } from "../cli/terminal.ts";
import { timesBy } from "../cli/time-roots.ts";
import { trusted } from "../cli/trust.ts";
import { readConfig, type Config } from "../config/config.ts";
import { readPublicKey } from "../ledger/keys.ts";
import type { LogReader } from "../ledger/log-reader.ts";
import { openMark } from "../ledger/mark.ts";
import {
  openMirrorSource,
  openMirrorTarget,
  type MirrorSurroundings,
} from "../ledger/mirror/open-mirror.ts";
import { MirrorPublisher, type MirrorHealth } from "../ledger/mirror/publisher.ts";
import { readWholeMirror } from "../ledger/mirror/read-mirror.ts";
import { restoreFromMirror } from "../ledger/mirror/restore-mirror.ts";
import { MirrorError, type MirrorTarget } from "../ledger/mirror/target.ts";
import { rebuildViews } from "../rollbacks/rebuild.ts";
import { dataDirectory, holdDataDirectory } from "../storage/data-directory.ts";
import { openDatabase } from "../storage/open.ts";
import type { Application } from "./application.ts";

/** Throws a usage error for an address that is none, and a `MirrorError` for a folder that cannot be made. */
export async function openMirrors(config: Config): Promise<MirrorTarget[]> {
  const targets: MirrorTarget[] = [];
  for (const text of config.mirrors) {
    targets.push(await openMirrorTarget(text, surroundings(config, process.cwd())).catch(asUsage));
  }
  const places = new Set(targets.map(({ place }) => place));
  if (places.size < targets.length) throw usage("A mirror is given twice.");
  return targets;
}

export interface Mirroring {
  readonly health: () => readonly MirrorHealth[] | undefined;
  /** Until the signal. */
  run(ended: AbortSignal): Promise<void>;
}

/** Mirrors have what may be shown: `log` is undefined before there is any. */
export function startMirroring(
  { service, mirrors }: Application,
  log: () => LogReader | undefined,
  context: Context,
): Mirroring {
  let publisher: MirrorPublisher | undefined;
  return {
    health: () =>
      publisher?.health() ??
      (mirrors.length === 0 ? undefined : mirrors.map(({ place }) => ({ place, behind: 0 }))),
    async run(ended) {
      while (mirrors.length > 0 && !ended.aborted) {
        const reader = log();
        const { opened } = service;
        if (reader !== undefined && opened !== undefined) {
          publisher = new MirrorPublisher({
            database: opened.database,
            log: reader,
            verifier: opened.logKeys,
            targets: mirrors,
            freeze: (reason) => opened.ledger.freeze(reason),
            now: context.now,
            report: (line) => context.err(`${context.now().toISOString()} ${plain(line, 1000)}\n`),
          });
          await publisher.run(ended);
          return;
        }
        await sleep(1_000, undefined, { signal: ended }).catch(() => undefined);
      }
    },
  };
}

/** `countermand mirror verify` */
export async function* verifyMirror(
  context: Context,
  place: string,
  options: MirrorOptions,
): AsyncGenerator<MirrorMessage> {
  const config = readConfig(context.env, options);
  const source = sourceOf(context, config, place);
  const verifier = await keyOf(context, config, options);
  const { timeRoots } = options;
  const checkTime = timeRoots === undefined ? undefined : await timesBy(context, timeRoots);
  let times = 0;
  for await (const message of readWholeMirror(source, verifier, checkTime)) {
    if (message.kind === "finding") yield message;
    if (message.kind === "done") {
      yield { kind: "done", entries: message.mirror.checkpoint.size, times };
    }
    if (message.kind !== "page") continue;
    times += message.times.length;
    if (options.anyEntries !== true) {
      for (const [i, leaf] of message.entries.entries()) {
        const problem = problemOf(leaf);
        if (problem !== undefined) {
          yield { kind: "finding", where: `entry ${message.from + i}`, problem };
        }
      }
    }
    yield { kind: "progress", done: message.from + message.entries.length };
    context.interrupted.throwIfAborted();
  }
}

/** `countermand mirror restore` */
export async function restoreMirror(
  context: Context,
  place: string,
  options: MirrorOptions,
  onProgress: (done: number) => void,
): Promise<{ readonly entries: number; readonly place: string }> {
  const config = readConfig(context.env, options);
  const source = sourceOf(context, config, place);
  const directory = holdDataDirectory(config.data);
  try {
    const verifier = await keyOf(context, config, options);
    const database = await openDatabase(
      config.databaseUrl === undefined ? { file: directory.database } : { url: config.databaseUrl },
    );
    try {
      const { logId, entries, note } = await restoreFromMirror({
        database,
        source,
        verifier,
        now: context.now(),
        describe,
        onProgress(done) {
          context.interrupted.throwIfAborted();
          onProgress(done);
        },
      });
      await rebuildViews(database, logId);
      await markAt(directory.marks, verifier, note);
      return { entries, place: directory.root };
    } finally {
      await database.close();
    }
  } finally {
    directory.release();
  }
}

/** The mark has room for the log's own signature, not for any number of witnesses'. */
async function markAt(folder: string, verifier: LogVerifier, note: string): Promise<void> {
  const { note: opened } = await openLogCheckpoint(Buffer.from(note), verifier);
  const mark = await openMark(folder, verifier.name);
  try {
    await mark.write(
      Buffer.from(formatNote({ text: opened.text, signatures: opened.verified })).toString("utf8"),
    );
  } finally {
    await mark.close();
  }
}

function describe(leaf: Uint8Array) {
  const { envelope, recordedAt } = parseEntry(leaf);
  const payload = Buffer.from(envelope.payload, "base64");
  return { identity: identityOf(parsePayload(payload).head.id), recordedAt };
}

function problemOf(leaf: Uint8Array): string | undefined {
  try {
    describe(leaf);
    return undefined;
  } catch (error) {
    return `it is no entry of Countermand: ${(error as Error).message}`;
  }
}

function sourceOf(context: Context, config: Config, place: string) {
  try {
    return openMirrorSource(place, surroundings(config, context.cwd));
  } catch (error) {
    return asUsage(error);
  }
}

/** The key or keys that were given, or the one in the data folder. */
async function keyOf(
  context: Context,
  config: Config,
  options: MirrorOptions,
): Promise<LogVerifier> {
  const given = await trusted(context, options);
  if (given !== undefined) return given;
  const file = join(dataDirectory(config.data).keys, "log.key");
  if (existsSync(file)) return await readPublicKey(file);
  throw usage(
    `--key is missing: the log's verifier key, as you know it from elsewhere; or --trust, a trust file.`,
  );
}

function surroundings(config: Config, cwd: string): MirrorSurroundings {
  return { cwd, s3: config.s3 };
}

function asUsage(error: unknown): never {
  if (!(error instanceof MirrorError)) throw error;
  if (error.code === "place") throw usage(`${error.message}.`);
  throw new CommandError(exitCodes.couldNot, `${error.message}.`, { cause: error });
}
