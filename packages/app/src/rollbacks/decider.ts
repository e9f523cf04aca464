/**
 * Commands decided in log order, under the log's lock. For a batch: the states
 * that it touches are read once, the pure rules run one command after another
 * in memory, and the views are written once at the end. What follows from the
 * entries and the clock is appended where it falls due, before and after the
 * command that met it.
 */
import type { Decider } from "../ledger/ledger.ts";
import { Batch, type Command, type Decided } from "./batch.ts";
import { closingOf, keysAfter } from "./log-keys.ts";
import type { Judges } from "./judges.ts";
import type { SystemSigner } from "./system-signer.ts";
import { loadFor, writeChange } from "./views.ts";

export function rollbackDecider(signer: SystemSigner, judges: Judges): Decider<Command, Decided> {
  return {
    async decide(tx, commands, { logId, nextIndex, recordedAt }) {
      const loaded = await loadFor(tx, logId, commands, recordedAt.getUTCFullYear());
      await judges.prepare(loaded.registry);
      const judging = (rules: string) => judges.judge(rules);
      const batch = new Batch(loaded, signer, judging, nextIndex, recordedAt.toISOString());
      const outcomes = commands.map((command) => batch.decide(command));
      const change = batch.change();
      const before = loaded.registry;
      const { registry } = change;
      return {
        outcomes,
        writeViews: (write) => writeChange(write, logId, change),
        ...(registry?.logKeys === undefined || registry.logKeys.length === before?.logKeys?.length
          ? {}
          : { keys: keysAfter(registry) }),
        ...(registry?.closed === undefined ? {} : { closes: closingOf(registry.closed) }),
      };
    },
  };
}
