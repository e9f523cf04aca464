/** Has a time authority sign the log's checkpoints while the server runs, if one was given. */
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../cli/context.ts";
import { usage } from "../cli/exit.ts";
import { plain } from "../cli/terminal.ts";
import type { Config } from "../config/config.ts";
import { checkRoots } from "../ledger/timestamps/check-time.ts";
import { TimestampError } from "../ledger/timestamps/error.ts";
import { checkOpenssl } from "../ledger/timestamps/openssl.ts";
import { Stamper, type TimeHealth } from "../ledger/timestamps/stamper.ts";
import type { Application } from "./application.ts";

export interface Timestamping {
  readonly health: () => TimeHealth | undefined;
  /** Until the signal. */
  run(ended: AbortSignal): Promise<void>;
}

/** Throws a usage error for roots that cannot be used, and a `TimestampError` "openssl" without the command. */
export async function startTimestamping(
  { service }: Application,
  { timeAuthority }: Config,
  context: Context,
): Promise<Timestamping> {
  if (timeAuthority === undefined) return { health: () => undefined, run: async () => {} };
  const { url, every } = timeAuthority;
  const roots = resolve(context.cwd, timeAuthority.roots);
  await checkRoots(roots).catch((error: unknown) => {
    throw error instanceof TimestampError ? usage(`${sentence(error.message)}.`) : error;
  });
  await checkOpenssl();
  let stamper: Stamper | undefined;
  return {
    health: () => stamper?.health(),
    async run(ended) {
      while (!ended.aborted) {
        if (service.opened !== undefined) {
          const { database, logId, now } = service.opened;
          const report = (line: string) =>
            context.err(`${context.now().toISOString()} ${plain(line, 500)}\n`);
          stamper = new Stamper({ database, logId, authority: { url, roots }, every, now, report });
          return await stamper.run(ended);
        }
        await sleep(1_000, undefined, { signal: ended }).catch(() => undefined);
      }
    },
  };
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
