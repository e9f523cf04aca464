/**
 * Work beside the log that one of several servers is to do: reading through, asking time
 * authorities and witnesses, keeping mirrors. Each duty is had by whoever took it first
 * and is still there; the others ask now and then. Nothing rests on it: every duty may be
 * done twice, for instance by a server that was paused and has not heard yet that it
 * lost one.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../storage/database.ts";
import type { Locks } from "../storage/locks.ts";
import { messageOf } from "./error.ts";

/** Milliseconds between two questions whether a duty is free. */
const usualPause = 5_000;

export interface DutiesOptions {
  readonly database: Database;
  /** The log's; undefined while there is none. */
  readonly logId: () => number | undefined;
  /** One line for the person who runs the server. */
  readonly report: (line: string) => void;
  readonly pause?: number;
}

/** By duty: whether this server has it. */
export type DutiesHealth = Readonly<Record<string, "here" | "elsewhere">>;

export class Duties {
  readonly #options: DutiesOptions;
  readonly #state = new Map<string, "here" | "elsewhere">();
  #locks: Promise<Locks> | undefined;
  #problem: string | undefined;

  constructor(options: DutiesOptions) {
    this.#options = options;
  }

  /** Undefined where nobody else can have any. */
  health(): DutiesHealth | undefined {
    if (this.#options.database.engine === "sqlite") return undefined;
    return Object.fromEntries([...this.#state].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  isElsewhere(duty: string): boolean {
    return this.#state.get(duty) === "elsewhere";
  }

  /**
   * Until `ended`: runs `work` while this server has the duty, with a signal that says
   * when it has it no more. `what` tells apart what servers may be told differently.
   * Throws what `work` throws.
   */
  async run(
    duty: string,
    what: string,
    ended: AbortSignal,
    work: (on: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const { database, pause = usualPause, logId } = this.#options;
    if (database.engine === "sqlite") return await work(ended);
    while (!ended.aborted) {
      const id = logId();
      const locks = id === undefined ? undefined : await this.#open();
      const name = `${id} ${duty} ${what}`;
      if (locks !== undefined && (await this.#take(locks, name))) {
        this.#state.set(duty, "here");
        const on = AbortSignal.any([ended, locks.lost]);
        try {
          await Promise.all([work(on), aborted(on)]);
        } finally {
          await locks.give(name).catch(() => undefined);
        }
      }
      if (ended.aborted) break;
      if (id !== undefined) this.#state.set(duty, "elsewhere");
      await sleep(pause, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    const locks = await this.#locks?.catch(() => undefined);
    await locks?.close();
  }

  /** One session for all of them; a new one where it was lost. */
  async #open(): Promise<Locks | undefined> {
    const { report } = this.#options;
    try {
      // All that ask at the same time get the same session.
      this.#locks ??= this.#opened();
      const locks = await this.#locks;
      if (this.#problem !== undefined) report("the duties of this server can be shared out again");
      this.#problem = undefined;
      return locks;
    } catch (error) {
      this.#locks = undefined;
      const problem = `who does what beside the log is not known: ${messageOf(error)}`;
      if (problem !== this.#problem) report(problem);
      this.#problem = problem;
      return undefined;
    }
  }

  async #opened(): Promise<Locks> {
    const locks = await this.#options.database.locks();
    locks.lost.addEventListener("abort", () => (this.#locks = undefined), { once: true });
    return locks;
  }

  async #take(locks: Locks, name: string): Promise<boolean> {
    try {
      return await locks.take(name);
    } catch {
      // The session was lost; the next turn opens another, and says what is wrong.
      return false;
    }
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((done) => {
    signal.addEventListener("abort", () => done(), { once: true });
  });
}
