/**
 * Keeps the mirrors up with the log while the server runs: each by itself, the newest
 * head about once a second. A mirror that cannot be reached is an alarm, and appends go
 * on; one that is full, holds something else or is ahead of us freezes the log.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../error.ts";
import { mirrorOnce, type MirroredLog } from "./mirror.ts";
import { MirrorError, type MirrorTarget } from "./target.ts";
import { mirrorTimes, type KnownTimes } from "./times.ts";

/** Milliseconds between two looks at the head. */
const usualPause = 1_000;
const longestPause = 60_000;

export interface MirrorHealth {
  readonly place: string;
  /** Entries under the mirror's checkpoint, as far as we know. */
  readonly size?: number;
  /** Published entries that it does not have. */
  readonly behind: number;
  /** Why the last round failed, and since when rounds fail. */
  readonly problem?: string;
  readonly since?: string;
}

export interface PublisherOptions extends MirroredLog {
  readonly targets: readonly MirrorTarget[];
  readonly freeze: (reason: string) => Promise<void>;
  readonly now: () => Date;
  /** One line for the person who runs the server. */
  readonly report: (line: string) => void;
  /** Milliseconds between rounds; 1,000 unless told. */
  readonly pause?: number;
}

interface State {
  size?: number;
  times?: KnownTimes;
  problem?: string;
  since?: string;
}

export class MirrorPublisher {
  readonly #options: PublisherOptions;
  readonly #states: ReadonlyMap<MirrorTarget, State>;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#states = new Map(options.targets.map((target) => [target, {}]));
  }

  health(): readonly MirrorHealth[] {
    const published = this.#options.log.published().size;
    return [...this.#states].map(([{ place }, { size, problem, since }]) => ({
      place,
      ...(size === undefined ? {} : { size }),
      behind: Math.max(0, published - (size ?? 0)),
      ...(problem === undefined ? {} : { problem }),
      ...(since === undefined ? {} : { since }),
    }));
  }

  /** Until the signal, or until a mirror froze the log. */
  async run(ended: AbortSignal): Promise<void> {
    await Promise.all(
      [...this.#states].map(([target, state]) => this.#follow(target, state, ended)),
    );
  }

  async #follow(target: MirrorTarget, state: State, ended: AbortSignal): Promise<void> {
    const usual = this.#options.pause ?? usualPause;
    let pause = usual;
    while (!ended.aborted) {
      const outcome = await this.round(target, state);
      if (outcome === "frozen") return;
      pause = outcome === "good" ? usual : Math.min(pause * 2, longestPause);
      await sleep(pause, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  /** One look at the head, and what it takes to bring one mirror up to it. */
  async round(
    target: MirrorTarget,
    state = this.#states.get(target) ?? {},
  ): Promise<"good" | "failed" | "frozen"> {
    const { freeze, now, report } = this.#options;
    try {
      state.size = await mirrorOnce(target, this.#options);
      state.times = await mirrorTimes(target, this.#options, state.size, state.times);
      if (state.problem !== undefined) report(`the mirror ${target.place} is reached again`);
      delete state.problem;
      delete state.since;
      return "good";
    } catch (error) {
      const problem = messageOf(error);
      if (state.problem === undefined) state.since = now().toISOString();
      if (state.problem !== problem) report(`mirror: ${problem}`);
      state.problem = problem;
      if (!(error instanceof MirrorError) || error.code === "unreachable") return "failed";
      await freeze(
        error.code === "full"
          ? `${problem}; make room and run countermand unfreeze; see docs/operations/mirror.md, "The mirror is full"`
          : problem,
      );
      return "frozen";
    }
  }
}
