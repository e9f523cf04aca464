/** The loops beside the log, each run by one of the servers that were told to. */
import type { Context } from "../cli/context.ts";
import { plain } from "../cli/terminal.ts";
import type { Config } from "../config/config.ts";
import { Duties, type DutiesHealth } from "../ledger/duties.ts";
import type { MirrorHealth } from "../ledger/mirror/publisher.ts";
import type { ScrubHealth } from "../ledger/scrubber.ts";
import type { TimeHealth } from "../ledger/timestamps/stamper.ts";
import type { Application } from "./application.ts";
import { startMirroring } from "./mirror.ts";
import { startScrubbing } from "./scrubbing.ts";
import { startTimestamping } from "./timestamping.ts";
import { startWitnessing, type Witnessing } from "./witnessing.ts";

export interface SharedDuties {
  readonly witnesses: Pick<Witnessing, "log" | "health">;
  /** What another server does is in its health, not here. */
  readonly mirroring: () => readonly MirrorHealth[] | undefined;
  readonly timestamping: () => TimeHealth | undefined;
  readonly scrubbing: () => ScrubHealth | undefined;
  readonly health: () => DutiesHealth | undefined;
  /** Until the signal, or until one of them failed. */
  run(ended: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Throws for what of the configuration cannot be used. */
export async function startDuties(
  application: Application,
  config: Config,
  context: Context,
  ended: AbortSignal,
  pause?: number,
): Promise<SharedDuties> {
  const { service, store, mirrors } = application;
  const duties = new Duties({
    database: store.database,
    logId: () => service.opened?.logId,
    report: (line) => context.err(`${context.now().toISOString()} ${plain(line, 500)}\n`),
    ...(pause === undefined ? {} : { pause }),
  });
  // What witnesses signed is looked up and shown by every server; one of them asks.
  let asks = false;
  const witnesses = await startWitnessing(application, config, context, ended, () => asks);
  const timestamping = await startTimestamping(application, config, context);
  const scrubbing = startScrubbing(application, config.scrubRate, context);
  const mirroring = startMirroring(application, witnesses.log, context);
  const here = <T>(duty: string, health: () => T | undefined) =>
    duties.isElsewhere(duty) ? undefined : health();
  return {
    witnesses,
    mirroring: () => here("mirrors", mirroring.health),
    timestamping: () => here("timestamps", timestamping.health),
    scrubbing: () => here("scrub", scrubbing.health),
    health: () => duties.health(),
    async run(until) {
      const running = [witnesses.run()];
      // Servers that keep other mirrors, or ask another authority, do not stand in for each other.
      if (mirrors.length > 0) {
        const places = mirrors.map(({ place }) => place).sort();
        running.push(duties.run("mirrors", places.join(" "), until, (on) => mirroring.run(on)));
      }
      if (config.timeAuthority !== undefined) {
        const { url } = config.timeAuthority;
        running.push(duties.run("timestamps", url, until, (on) => timestamping.run(on)));
      }
      if (config.scrubRate > 0) {
        running.push(duties.run("scrub", "", until, (on) => scrubbing.run(on)));
      }
      if (config.witnessPolicy !== undefined) {
        running.push(
          duties.run("witnesses", "", until, async (on) => {
            asks = !on.aborted;
            on.addEventListener("abort", () => (asks = false), { once: true });
          }),
        );
      }
      await Promise.all(running);
    },
    close: () => duties.close(),
  };
}
