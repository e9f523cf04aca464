/**
 * The command line's world, as it really is: this process, this terminal, this
 * machine's ledger. What only some commands need is imported when they run, so
 * that `verify` starts in a fraction of a second.
 */
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context, LedgerOptions, OpenLedger } from "../cli/context.ts";
import { readConfig } from "../config/config.ts";
import { findServer } from "../storage/data-directory.ts";
import { StorageError } from "../storage/error.ts";
import { readToken } from "./token-file.ts";

/** How long a command waits for another one to let go of the embedded ledger, in milliseconds. */
const patience = 10_000;

export function processContext(interrupted: AbortSignal): Context {
  const { env, stdin, stdout, stderr } = process;
  const context: Context = {
    env,
    cwd: process.cwd(),
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    outBytes: (bytes) => void stdout.write(bytes),
    errBytes: (bytes) => void stderr.write(bytes),
    outIsTerminal: stdout.isTTY,
    errIsTerminal: stderr.isTTY,
    // Some terminals say 0.
    columns: Math.max(stdout.columns ?? 100, 60),
    colour: stdout.isTTY && env["NO_COLOR"] === undefined && env["TERM"] !== "dumb",
    interrupted,
    ask: stdin.isTTY && stderr.isTTY ? ask : undefined,
    now: () => new Date(),
    open: (options) => open(context, options),
    serve: async (options) => (await import("./serve.ts")).serve(context, options),
    backup: async (options, file) => (await import("./backup.ts")).backup(context, options, file),
    restore: async (options, file) => (await import("./backup.ts")).restore(context, options, file),
    async *verifyMirror(place, options) {
      yield* (await import("./mirror.ts")).verifyMirror(context, place, options);
    },
    restoreMirror: async (place, options, onProgress) =>
      (await import("./mirror.ts")).restoreMirror(context, place, options, onProgress),
    rebuild: async (options, onProgress) =>
      (await import("./rebuild.ts")).rebuild(context, options, onProgress),
    async *fsck(options) {
      yield* (await import("./fsck.ts")).fsckStore(context, options);
    },
  };
  return context;
}

async function ask(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(question);
  } finally {
    reader.close();
  }
}

async function open(context: Context, options: LedgerOptions): Promise<OpenLedger> {
  const config = readConfig(context.env, options);
  const url = options.server ?? context.env["COUNTERMAND_SERVER"];
  if (url !== undefined && url !== "") {
    return remote(url, undefined);
  }
  const until = Date.now() + patience;
  for (;;) {
    const server = findServer(config.data);
    if (server !== undefined) {
      return remote(server.url, readToken(config.data));
    }
    try {
      const { openApplication } = await import("./application.ts");
      const application = await openApplication(config, context.now);
      return {
        countermand: application.service,
        place: application.place,
        close: () => application.close(),
      };
    } catch (error) {
      const waits = error instanceof StorageError && error.code === "in-use" && Date.now() < until;
      if (!waits) throw error;
      await sleep(100, undefined, { signal: context.interrupted });
    }
  }
}

async function remote(url: string, token: string | undefined): Promise<OpenLedger> {
  const { remoteCountermand } = await import("../cli/remote.ts");
  const countermand = remoteCountermand(url, token === undefined ? {} : { token });
  return { countermand, place: url, close: async () => {} };
}
