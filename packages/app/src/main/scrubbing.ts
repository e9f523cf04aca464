/** Has the log read through while the server runs, unless it was told not to. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../cli/context.ts";
import { plain } from "../cli/terminal.ts";
import { Scrubber, type ScrubHealth } from "../ledger/scrubber.ts";
import type { Application } from "./application.ts";
import { entryIdentity } from "./entry-identity.ts";

export interface Scrubbing {
  readonly health: () => ScrubHealth | undefined;
  /** Until the signal, or until a finding froze the log. */
  run(ended: AbortSignal): Promise<void>;
}

export function startScrubbing(
  { service }: { readonly service: Application["service"] },
  rate: number,
  context: Pick<Context, "err" | "now">,
): Scrubbing {
  let scrubber: Scrubber | undefined;
  return {
    health: () => scrubber?.health(),
    async run(ended) {
      if (rate === 0) return;
      while (!ended.aborted) {
        const { opened } = service;
        if (opened !== undefined) {
          scrubber = new Scrubber({
            database: opened.database,
            logId: opened.logId,
            verifier: opened.logKeys,
            signed: () => opened.ledger.log().published(),
            identityOf,
            freeze: (reason) => opened.ledger.freeze(reason),
            now: context.now,
            report: (line) => context.err(`${context.now().toISOString()} ${plain(line, 1000)}\n`),
            rate,
          });
          return await scrubber.run(ended);
        }
        await sleep(1_000, undefined, { signal: ended }).catch(() => undefined);
      }
    },
  };
}

/** Bytes that are no entry have no identity, which is a finding and not a failure. */
function identityOf(leaf: Uint8Array): Uint8Array | undefined {
  try {
    return entryIdentity(leaf);
  } catch {
    return undefined;
  }
}
