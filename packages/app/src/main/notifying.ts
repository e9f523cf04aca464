/** Tells people of entries while the server runs, if a file says whom. */
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { personById } from "@countermand/record";
import type { Context } from "../cli/context.ts";
import { usage } from "../cli/exit.ts";
import { plain } from "../cli/terminal.ts";
import type { Config } from "../config/config.ts";
import { isMailAddress } from "../notify/channels/email.ts";
import { readNotifySettings } from "../notify/config.ts";
import { NotifyError } from "../notify/error.ts";
import { Notifier } from "../notify/notifier.ts";
import { knownRegistry } from "../rollbacks/known-registry.ts";
import type { OpenStore } from "../rollbacks/store.ts";
import type { Application } from "./application.ts";

export interface Notifying {
  /** Absent where nobody is told; it answers undefined before there is a ledger. */
  readonly notifier?: () => Notifier | undefined;
  /** Until the server ends. */
  run(): Promise<void>;
}

/** Throws a usage error for a file that cannot be used. */
export async function startNotifying(
  { service }: Pick<Application, "service">,
  config: Pick<Config, "notify" | "url">,
  context: Pick<Context, "cwd" | "err" | "now">,
  ended: AbortSignal,
): Promise<Notifying> {
  if (config.notify === undefined) return { run: async () => {} };
  const { now } = context;
  const settings = await readNotifySettings(resolve(context.cwd, config.notify), { now }).catch(
    (error: unknown) => {
      throw error instanceof NotifyError ? usage(`${error.message}.`) : error;
    },
  );
  let notifier: Notifier | undefined;
  return {
    notifier: () => notifier,
    async run() {
      while (!ended.aborted) {
        const store = service.opened;
        if (store !== undefined) {
          notifier = new Notifier({
            database: store.database,
            logId: store.logId,
            ledger: store.origin,
            settings,
            ...(config.url === undefined ? {} : { url: config.url }),
            addressesOf: (person) => addressesOf(store, person),
            now,
            random: Math.random,
            report: (line) => context.err(`${now().toISOString()} ${plain(line, 500)}\n`),
          });
          return await notifier.run(ended);
        }
        await sleep(1_000, undefined, { signal: ended }).catch(() => undefined);
      }
    },
  };
}

/** As far as the openings of the person's commitments are kept; looked at for each message. */
export async function addressesOf(store: OpenStore, id: string): Promise<readonly string[]> {
  const registry = await knownRegistry(store);
  const commitments = (registry && personById(registry, id)?.emails) ?? [];
  if (commitments.length === 0) return [];
  const rows = await store.database.read
    .selectFrom("opening")
    .select("opening.value")
    .where("opening.log_id", "=", store.logId)
    .where("opening.commitment", "in", commitments)
    .execute();
  return rows
    .map((row) => JSON.parse(row.value) as unknown)
    .filter((value) => typeof value === "string")
    .filter(isMailAddress);
}
