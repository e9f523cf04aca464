/**
 * A log for other people's load and conformance tools, instead of the server: `POST /add`
 * takes any leaf and answers its index as text, `/log/` serves it with greased
 * checkpoints. Only with COUNTERMAND_TEST_LOG, only on loopback, and never in a folder
 * that has a ledger: its entries are nobody's, and anybody's.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Context } from "../cli/context.ts";
import { CommandError, exitCodes, usage } from "../cli/exit.ts";
import type { Config } from "../config/config.ts";
import { httpDefaults } from "../http/config.ts";
import { buildServer } from "../http/server.ts";
import { LedgerError } from "../ledger/error.ts";
import { createKeyFile, createLog, readKeyFile } from "../ledger/keys.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { findLog } from "../ledger/log-rows.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { greasedLog } from "../ledger/test-log/grease.ts";
import { opaqueLeaves } from "../ledger/test-log/opaque-leaves.ts";
import type { Countermand } from "../rollbacks/countermand.ts";
import { RollbacksError } from "../rollbacks/error.ts";
import { holdDataDirectory } from "../storage/data-directory.ts";
import { openDatabase } from "../storage/open.ts";
import { isLoopback } from "./login.ts";

/** What the bundle format holds. */
const maxLeaf = 65_535;

export async function serveTestLog(
  context: Pick<Context, "out" | "err" | "now" | "interrupted">,
  config: Config,
  origin: string,
): Promise<void> {
  if (!isLoopback(config.host)) {
    throw usage(
      "A test log listens on loopback only: anybody may write to it. Unset COUNTERMAND_HOST.",
    );
  }
  const directory = holdDataDirectory(config.data);
  try {
    if (existsSync(join(directory.keys, "log.key"))) {
      throw usage(`There is a ledger in ${directory.root}; a test log needs a folder of its own.`);
    }
    const { databaseUrl } = config;
    const database = await openDatabase(
      databaseUrl === undefined ? { file: directory.database } : { url: databaseUrl },
    );
    try {
      const file = join(directory.keys, "test-log.key");
      const signer = existsSync(file) ? await readKeyFile(file) : await createKeyFile(file, origin);
      if (signer.name !== origin) {
        throw usage(`The test log in ${directory.root} is ${signer.name}, not ${origin}.`);
      }
      if ((await findLog(database.read, origin)) === undefined) {
        await createLog(database, signer, context.now());
      }
      const ledger = await openLedger({
        database,
        signer,
        decider: opaqueLeaves,
        markFolder: directory.marks,
      });
      try {
        const server = await testLogServer(ledger, config.port, context);
        try {
          const url = await server.listen({ host: config.host, port: config.port });
          context.out(
            `A test log answers on ${url}: POST ${url}/add, and ${url}/log/checkpoint\n${signer.vkey}\n`,
          );
          await untilOver(ledger, context.interrupted);
        } finally {
          await server.close();
        }
      } finally {
        await ledger.close();
      }
    } finally {
      await database.close();
    }
  } finally {
    directory.release();
  }
}

async function testLogServer(
  ledger: Ledger<Uint8Array, undefined>,
  port: number,
  context: Pick<Context, "err" | "now">,
): Promise<FastifyInstance> {
  const log = greasedLog(ledger.log(), (length) => new Uint8Array(randomBytes(length)));
  const server = await buildServer(
    {
      countermand: noLedger(),
      log: () => log,
      now: context.now,
      report: (error, id) => context.err(`request ${id}: ${String(error)}\n`),
    },
    { ...httpDefaults, port, token: randomBytes(32).toString("base64url") },
  );
  await server.register(async (scope) => {
    // Load tools send no Content-Type, or any.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: maxLeaf }, (_, body, done) =>
      done(null, body),
    );
    scope.post("/add", { schema: { hide: true } }, async (request, reply) => {
      const leaf = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      reply.header("content-type", "text/plain; charset=utf-8").header("cache-control", "no-store");
      try {
        const { receipts } = await ledger.submit(new Uint8Array(leaf));
        return String(receipts[0]?.index);
      } catch (error) {
        if (!(error instanceof LedgerError) || error.code !== "busy") throw error;
        return await reply.code(503).header("retry-after", "1").send(`${error.message}\n`);
      }
    });
  });
  return server;
}

async function untilOver(
  ledger: Ledger<Uint8Array, undefined>,
  interrupted: AbortSignal,
): Promise<void> {
  const over = Promise.withResolvers<undefined>();
  const end = () => over.resolve(undefined);
  if (interrupted.aborted) end();
  interrupted.addEventListener("abort", end, { once: true });
  const reason = await Promise.race([ledger.frozen, over.promise]);
  interrupted.removeEventListener("abort", end);
  if (reason !== undefined) {
    throw new CommandError(exitCodes.couldNot, `The test log froze: ${reason}.`);
  }
}

/** The records' API on a server that has none. */
function noLedger(): Countermand {
  return new Proxy({} as Countermand, {
    get: () => async () => {
      throw new RollbacksError("no-ledger", "this server has a test log and no ledger");
    },
  });
}
