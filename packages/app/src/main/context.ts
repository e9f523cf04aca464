/**
 * The command line's world, as it really is: this process, this terminal, this
 * machine's ledger. What only some commands need is imported when they run, so
 * that `verify` starts in a fraction of a second.
 */
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { spawn } from "node:child_process";
import type { Context, LedgerOptions, OpenLedger, ServerPlace } from "../cli/context.ts";
import { findCredential } from "../cli/credentials.ts";
import { usage } from "../cli/exit.ts";
import { readConfig } from "../config/config.ts";
import { findServer, type RunningServer } from "../storage/data-directory.ts";
import { StorageError } from "../storage/error.ts";
import { addTenant, tenantFolders } from "./tenant-folders.ts";
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
    input,
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
    serverOf: (options) => serverOf(context, options),
    ...(stderr.isTTY ? { openPage } : {}),
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
    signer: async (options) => (await import("./log-signer.ts")).runSigner(context, options),
    moveLogKeys: async (from, to) =>
      (await import("./log-signer.ts")).moveLogKeys(context, from, to),
    freeze: async (options, reason) =>
      (await import("./freeze.ts")).freezeLog(context, options, reason),
    openFrozen: async (options) => (await import("./unfreeze.ts")).openFrozen(context, options),
    openKeys: async (options) => (await import("./log-keys.ts")).openKeys(context, options),
    newLogKey: async (options, origin) =>
      (await import("./log-keys.ts")).newLogKey(context, options, origin),
    secondLogKey: async (options) => (await import("./log-keys.ts")).secondLogKey(context, options),
    sealKeys: async (options, how) =>
      (await import("./log-keys.ts")).sealKeys(context, options, how),
    addTenant: async (options, name, url) => addTenant(context, options, name, url),
    tenants: (options) => tenantFolders(context, options),
    async *fsck(options) {
      yield* (await import("./fsck.ts")).fsckStore(context, options);
    },
  };
  return context;
}

async function input(limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Uint8Array);
    total += (chunk as Uint8Array).length;
    if (total > limit) throw usage(`Standard input is longer than ${limit} bytes.`);
  }
  return Buffer.concat(chunks);
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
  const named = namedServer(context, options);
  if (named !== undefined) return remote(named);
  const until = Date.now() + patience;
  for (;;) {
    const server = findServer(config.data);
    if (server !== undefined) {
      return remote(localServer(context, server, config.data));
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

async function remote({ url, ...shown }: ServerPlace): Promise<OpenLedger> {
  const { remoteCountermand } = await import("../cli/remote.ts");
  const countermand = remoteCountermand(url, shown);
  return { countermand, place: url, close: async () => {} };
}

function serverOf(
  context: Context,
  options: LedgerOptions & { readonly local?: true },
): ServerPlace {
  const named = options.local === true ? undefined : namedServer(context, options);
  if (named !== undefined) return named;
  const { data } = readConfig(context.env, options);
  const server = findServer(data);
  if (server !== undefined) return localServer(context, server, data);
  throw usage(
    options.local === true
      ? `No server runs on the data folder ${data}; start it with \`countermand serve\`.`
      : `Name a server with --server or COUNTERMAND_SERVER; none runs on the data folder ${data}.`,
  );
}

function namedServer(context: Context, options: LedgerOptions): ServerPlace | undefined {
  const url = options.server ?? context.env["COUNTERMAND_SERVER"];
  return url === undefined || url === "" ? undefined : { url, ...shown(context, url) };
}

/** Who may read the data folder needs no login for the server that works in it. */
function localServer(context: Context, { url, tenant }: RunningServer, data: string): ServerPlace {
  const token = readToken(data);
  const place = { url, ...(tenant === undefined ? {} : { tenant }) };
  if (token !== undefined) return { ...place, token };
  return tenant === undefined ? { ...place, ...shown(context, url) } : place;
}

/** What this user has to show a server: a token that is given goes before a session that is kept. */
function shown(context: Context, url: string): { readonly token?: string } {
  const given = context.env["COUNTERMAND_TOKEN"];
  if (given !== undefined && given !== "") return { token: given };
  const session = URL.canParse(url) ? findCredential(context, new URL(url)) : undefined;
  return session === undefined ? {} : { token: session.token };
}

/** A browser that does not come up is no failure: the address is printed too. */
function openPage(url: string): void {
  const [command = "", ...args] =
    process.platform === "darwin"
      ? ["open"]
      : process.platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler"]
        : ["xdg-open"];
  const opener = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  opener.on("error", () => undefined);
  opener.unref();
}
