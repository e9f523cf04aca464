/**
 * Reads the whole log again and again while the server works, slowly: what nobody asks
 * for is not read otherwise, and a medium that loses old entries is found out when they
 * are needed. It is `fsck` of the log itself; views and artefacts are not in it.
 *
 * A finding freezes the log: something is stored that is not what was signed. Of an
 * entry or a tile it does so only if a second reading says the same; if it does not,
 * memory or the medium gives now this and now that, which is an alarm for a person.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { TILE_WIDTH, type LogVerifier } from "@countermand/tlog";
import type { Database } from "../storage/database.ts";
import { messageOf } from "./error.ts";
import { checkPage, type Finding } from "./fsck-entries.ts";
import { fsck } from "./fsck.ts";

export interface ScrubHealth {
  /** Entries read in the pass that is under way, of how many. */
  readonly checked: number;
  readonly of: number;
  /** The end of the last whole pass, and how many entries it read. */
  readonly last?: { readonly at: string; readonly entries: number };
  /** Something was found, or the log could not be read. */
  readonly alarm?: string;
}

export interface ScrubberOptions {
  readonly database: Database;
  readonly logId: number;
  readonly verifier: LogVerifier;
  /** The newest checkpoint that was signed: the database must not be behind it. */
  readonly signed: () => { readonly note: string };
  readonly identityOf?: (leaf: Uint8Array) => Uint8Array | undefined;
  readonly freeze: (reason: string) => Promise<void>;
  readonly now: () => Date;
  /** One line for the person who runs the server. */
  readonly report: (line: string) => void;
  /** Entries per second that are read at most. */
  readonly rate: number;
  /** Milliseconds from the beginning of one pass to that of the next; a day unless told. */
  readonly every?: number;
}

const day = 86_400_000;
/** After a pass that could not be finished. */
const retryPause = 60_000;

export class Scrubber {
  readonly #options: ScrubberOptions;
  #checked = 0;
  #of = 0;
  #last: ScrubHealth["last"];
  /** Kept until the server ends: a passing fault is a fault. */
  #unsteady: string | undefined;
  #problem: string | undefined;

  constructor(options: ScrubberOptions) {
    this.#options = options;
  }

  health(): ScrubHealth {
    const alarm = this.#problem ?? this.#unsteady;
    return {
      checked: this.#checked,
      of: this.#of,
      ...(this.#last === undefined ? {} : { last: this.#last }),
      ...(alarm === undefined ? {} : { alarm }),
    };
  }

  /** Until the signal, or until a finding froze the log. */
  async run(ended: AbortSignal): Promise<void> {
    const { every = day, report } = this.#options;
    while (!ended.aborted) {
      const begun = performance.now();
      let pause = 0;
      try {
        if ((await this.pass(ended)) === "frozen") return;
        this.#problem = undefined;
        pause = Math.max(0, every - (performance.now() - begun));
      } catch (error) {
        const problem = `the log could not be read through: ${messageOf(error)}`;
        if (problem !== this.#problem) report(problem);
        this.#problem = problem;
        pause = Math.min(retryPause, every);
      }
      await sleep(pause, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  /** Reads the log once. Throws what the store throws. */
  async pass(ended: AbortSignal): Promise<"good" | "frozen" | "ended"> {
    const { database, logId, verifier, identityOf, freeze, now, report, rate } = this.#options;
    const perPage = (TILE_WIDTH / rate) * 1_000;
    // Before the head is looked at: what is signed later is not held against it.
    const mark = { note: this.#options.signed().note };
    const messages = fsck(database, {
      logId,
      mark,
      log: verifier,
      besideServer: true,
      ...(identityOf === undefined ? {} : { identityOf }),
    });
    for await (const message of messages) {
      if (ended.aborted) return "ended";
      if (message.kind === "progress") {
        ({ done: this.#checked, total: this.#of } = message);
        if (message.done < message.total) {
          await sleep(perPage, undefined, { signal: ended }).catch(() => undefined);
        }
        continue;
      }
      const text = `${message.where}: ${message.problem}`;
      if (await this.#isSteady(message)) {
        this.#problem = text;
        await freeze(
          `reading the log through found ${text}; run countermand fsck; see docs/operations/ledger.md, "What reading through found"`,
        );
        return "frozen";
      }
      this.#unsteady = `${text}; a second reading said otherwise: suspect the memory or the medium`;
      report(this.#unsteady);
    }
    this.#last = { at: now().toISOString(), entries: this.#of };
    return "good";
  }

  /** Whether a second reading finds the same, where one page of entries can tell. */
  async #isSteady({ where }: Finding): Promise<boolean> {
    const match = /^(entry|tile 0\/)\s?(\d+)$/.exec(where);
    if (match === null) return true;
    const number = Number(match[2]);
    const from = match[1] === "entry" ? number - (number % TILE_WIDTH) : number * TILE_WIDTH;
    // The head may have grown since; a page that has is longer, and as good.
    const to = Math.min(from + TILE_WIDTH, this.#of);
    if (to <= from) return true;
    const { findings } = await checkPage(this.#options.database, this.#options, from, to);
    return findings.some((found) => found.where === where);
  }
}
