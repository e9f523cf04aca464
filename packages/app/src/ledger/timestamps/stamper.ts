/**
 * Has a time authority sign the log's checkpoints while the server runs: the newest one,
 * every ten minutes if there is one without a token. Beside the commit path: an
 * authority that cannot be reached is an alarm, and appends go on.
 *
 * A token is the second clock of every entry under its checkpoint. It shows that the
 * entry was there at the authority's time, however our own clock stood; and it shows
 * how our clock stands, which is an alarm of its own.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../../storage/database.ts";
import { messageOf } from "../error.ts";
import { newestCheckpoint } from "../log-rows.ts";
import { askAuthority, type Stamped, type TimeAuthority } from "./ask-authority.ts";
import { newestToken, storeToken } from "./token-rows.ts";

/** Milliseconds by which the clocks may differ before it is an alarm; an answer's own delay is not counted. */
export const toleratedSkew = 5_000;
const firstPause = 5_000;

export interface TimeHealth {
  readonly authority: string;
  /** Entries under the newest checkpoint with a token. */
  readonly size?: number;
  readonly attestedAt?: string;
  /** Seconds by which our clock is ahead of the authority's; negative: behind. As far as the answer's delay lets one say. */
  readonly ahead?: number;
  /** The clock is wrong by more than is tolerated, or no token was had when one was due. */
  readonly alarm?: string;
}

export interface StamperOptions {
  readonly database: Database;
  readonly logId: number;
  readonly authority: TimeAuthority;
  readonly now: () => Date;
  /** One line for the person who runs the server. */
  readonly report: (line: string) => void;
  /** Milliseconds between two tokens; 600,000 unless told. */
  readonly every?: number;
  /** Milliseconds that the authority has to answer; 10,000 unless told. */
  readonly timeout?: number;
}

export class Stamper {
  readonly #options: StamperOptions;
  #size: number | undefined;
  #attestedAt: string | undefined;
  #ahead: number | undefined;
  /** How far it was ahead when that was told last. */
  #told: number | undefined;
  #problem: string | undefined;

  constructor(options: StamperOptions) {
    this.#options = options;
  }

  health(): TimeHealth {
    const alarm = this.#problem ?? skewAlarm(this.#ahead);
    return {
      authority: this.#options.authority.url,
      ...(this.#size === undefined ? {} : { size: this.#size }),
      ...(this.#attestedAt === undefined ? {} : { attestedAt: this.#attestedAt }),
      ...(this.#ahead === undefined ? {} : { ahead: this.#ahead / 1000 }),
      ...(alarm === undefined ? {} : { alarm }),
    };
  }

  /** Until the signal. */
  async run(ended: AbortSignal): Promise<void> {
    const usual = this.#options.every ?? 600_000;
    let pause = usual;
    while (!ended.aborted) {
      const good = await this.round();
      // Soon again after a failure, then less and less often, and never less than usual.
      pause = good ? usual : Math.min(pause === usual ? firstPause : pause * 2, usual);
      await sleep(pause, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  /** Asks for a token if the newest stored checkpoint has none. False: it should be tried again soon. */
  async round(): Promise<boolean> {
    const { database, logId, authority, now, report, timeout = 10_000 } = this.#options;
    try {
      const checkpoint = await newestCheckpoint(database.read, logId);
      const newest = await newestToken(database, logId, authority.url);
      this.#size = newest?.size;
      if (checkpoint === undefined || checkpoint.size === 0) return true;
      if (newest !== undefined && newest.size >= checkpoint.size) return true;
      const stamped = await askAuthority(authority, Buffer.from(checkpoint.note), { now, timeout });
      const attestedAt = stamped.time.toISOString();
      await storeToken(database, logId, {
        size: checkpoint.size,
        authority: authority.url,
        attestedAt,
        receivedAt: stamped.answered.toISOString(),
        token: stamped.token,
      });
      this.#size = checkpoint.size;
      this.#attestedAt = attestedAt;
      this.#tellSkew(skewOf(stamped));
      if (this.#problem !== undefined) report(`the time authority ${authority.url} answers again`);
      this.#problem = undefined;
      return true;
    } catch (error) {
      const problem = `no token from ${authority.url}: ${messageOf(error)}`;
      if (problem !== this.#problem) report(problem);
      this.#problem = problem;
      return false;
    }
  }

  /** Told when it begins and when it has moved by as much again: authorities tell whole seconds. */
  #tellSkew(ahead: number): void {
    const alarm = skewAlarm(ahead);
    this.#ahead = ahead;
    if (alarm === undefined) {
      if (this.#told !== undefined) {
        this.#options.report("the clock agrees with the time authority's again");
      }
      this.#told = undefined;
    } else if (this.#told === undefined || Math.abs(ahead - this.#told) > toleratedSkew) {
      this.#told = ahead;
      this.#options.report(alarm);
    }
  }
}

/**
 * Milliseconds that our clock is certainly ahead of the authority's, negative if it is
 * behind; 0 if the authority's time lies between question and answer. A token's time
 * may be whole seconds, rounded down.
 */
export function skewOf({ time, asked, answered }: Omit<Stamped, "token">): number {
  const whole = time.getTime() % 1000 === 0;
  const [earliest, latest] = [time.getTime(), time.getTime() + (whole ? 999 : 0)];
  if (asked.getTime() > latest) return asked.getTime() - latest;
  if (answered.getTime() < earliest) return answered.getTime() - earliest;
  return 0;
}

function skewAlarm(ahead: number | undefined): string | undefined {
  if (ahead === undefined || Math.abs(ahead) <= toleratedSkew) return undefined;
  const seconds = Math.round(Math.abs(ahead) / 1000);
  return `this server's clock is ${seconds} s ${ahead > 0 ? "ahead of" : "behind"} the time authority's; set it right (docs/operations/ledger.md, "The clock is wrong")`;
}
