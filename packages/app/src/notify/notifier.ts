/**
 * Tells what is in the outbox, at least once. Each channel has a loop of its own,
 * so that a slow receiver holds up nobody else; while a channel fails, one message
 * at a time tries it. A delivery is leased before it is sent and marked after:
 * whoever dies in between has sent it perhaps, and it is sent again under the same
 * id. Appending waits for none of this.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../storage/database.ts";
import { pauseAfter } from "./backoff.ts";
import type { Channel, Message, Outcome } from "./channels/channel.ts";
import type { NotifySettings } from "./config.ts";
import { NotifyError } from "./error.ts";
import { messageId, type Notice } from "./notice.ts";
import { Outbox, type Claimed, type Delivery, type DeliveryState } from "./outbox.ts";
import { destinationsOf } from "./routing.ts";

/** Longer than any channel's own limit by far, so that nobody sends what somebody is sending. */
const leaseFor = 120_000;
const together = 8;
const routeAtOnce = 100;
const keepFor = 30 * 86_400_000;
const pruneEvery = 10 * 60_000;
const countEvery = 5_000;

export interface NotifierOptions {
  readonly database: Database;
  readonly logId: number;
  /** Origin of the ledger. */
  readonly ledger: string;
  readonly settings: NotifySettings;
  /** Where people reach the server; without it there are no links. */
  readonly url?: URL;
  /** A person's mail addresses, as far as their openings are kept. */
  readonly addressesOf: (person: string) => Promise<readonly string[]>;
  readonly now: () => Date;
  readonly random: () => number;
  /** One line for the person who runs the server. */
  readonly report: (line: string) => void;
  /** Milliseconds between two looks; 1,000 unless told. */
  readonly every?: number;
}

export interface ChannelHealth {
  readonly name: string;
  readonly type: string;
  readonly waiting: number;
  readonly dead: number;
  /** Since when every attempt has failed. */
  readonly failingSince?: string;
}

export interface NotifyHealth {
  readonly waiting: number;
  /** Given up, or never sendable, in the last 30 days. */
  readonly dead: number;
  readonly skipped: number;
  readonly channels: readonly ChannelHealth[];
}

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #outbox: Outbox;
  readonly #owner = randomUUID();
  readonly #failing = new Map<string, string>();
  #counts: Awaited<ReturnType<Outbox["counts"]>> = new Map();

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.database, options.logId);
  }

  health(): NotifyHealth {
    const { channels } = this.#options.settings;
    const all = [...this.#counts.values()];
    const sum = (state: "waiting" | "dead" | "skipped") =>
      all.reduce((total, counts) => total + counts[state], 0);
    return {
      waiting: sum("waiting"),
      dead: sum("dead"),
      skipped: sum("skipped"),
      channels: [...channels].map(([name, { type }]) => {
        const since = this.#failing.get(name);
        return {
          name,
          type,
          waiting: this.#counts.get(name)?.waiting ?? 0,
          dead: this.#counts.get(name)?.dead ?? 0,
          ...(since === undefined ? {} : { failingSince: since }),
        };
      }),
    };
  }

  /** Until the signal; what is being sent then is given back. */
  async run(ended: AbortSignal): Promise<void> {
    const { settings } = this.#options;
    const every = this.#options.every ?? 1_000;
    try {
      await Promise.all([
        this.#loop(every, ended, async () => (await this.route()) === routeAtOnce),
        this.#loop(countEvery, ended, async () => {
          this.#counts = await this.#outbox.counts();
          return false;
        }),
        this.#loop(pruneEvery, ended, async () => {
          const now = this.#options.now();
          await this.#outbox.expire(now);
          const before = new Date(now.getTime() - keepFor);
          return (await this.#outbox.prune(before, 500)) === 500;
        }),
        ...[...settings.channels.keys()].map((name) =>
          this.#loop(every, ended, async () => (await this.deliver(name, ended)) === together),
        ),
      ]);
    } finally {
      // The store may be gone already; the leases run out by themselves.
      await this.#outbox.release(this.#owner).catch(() => undefined);
    }
  }

  /** `turn` answers whether there is more to do at once. */
  async #loop(every: number, ended: AbortSignal, turn: () => Promise<boolean>): Promise<void> {
    let told: string | undefined;
    while (!ended.aborted) {
      let more = false;
      try {
        more = await turn();
        told = undefined;
      } catch (error) {
        if (ended.aborted) return;
        const problem = `notices cannot be told now: ${(error as Error).message}`;
        if (problem !== told) this.#options.report(problem);
        told = problem;
      }
      if (!more) await sleep(every, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  /** Once: turns notices into deliveries. */
  async route(): Promise<number> {
    const { settings, now } = this.#options;
    const destinations = (notice: Notice) => destinationsOf(notice, settings);
    return await this.#outbox.route(destinations, now(), this.#patience(), routeAtOnce);
  }

  /** Once: sends what is due by a channel; answers how many it tried. */
  async deliver(name: string, ended: AbortSignal): Promise<number> {
    const channel = this.#channel(name);
    const now = this.#options.now();
    const limit = this.#failing.has(name) ? 1 : together;
    const lease = new Date(now.getTime() + leaseFor);
    const claimed = await this.#outbox.claim(name, limit, now, this.#owner, lease);
    const results = await Promise.allSettled(
      claimed.map((item) => this.#tell(channel, item, ended)),
    );
    for (const result of results) if (result.status === "rejected") throw result.reason;
    return claimed.length;
  }

  async #tell(channel: Channel, claimed: Claimed, ended: AbortSignal): Promise<void> {
    const { now, random } = this.#options;
    if (claimed.until <= now().toISOString()) {
      const problem = "it was not tried in time";
      await this.#outbox.settle(claimed, this.#owner, { state: "dead", at: now(), problem });
      return;
    }
    const message = await this.#message(claimed.notice);
    if (message === undefined) {
      const problem = `${claimed.notice.person} has no mail address here: none was given, or it was deleted`;
      await this.#outbox.settle(claimed, this.#owner, { state: "skipped", at: now(), problem });
      return;
    }
    const outcome = await channel.send(message, ended);
    this.#remember(claimed.channel, outcome);
    const problem = outcome.problem;
    const why = problem === undefined ? {} : { problem };
    if (outcome.kind === "sent") {
      await this.#outbox.settle(claimed, this.#owner, { state: "sent", at: now(), ...why });
      return;
    }
    const asked = outcome.kind === "retry" ? outcome.after : undefined;
    const next = new Date(now().getTime() + pauseAfter(claimed.attempts + 1, random(), asked));
    const again = outcome.kind === "retry" && next.toISOString() < claimed.until;
    const state: DeliveryState = again ? "waiting" : "dead";
    const at = again ? next : now();
    if (!again) {
      this.#options.report(
        `${claimed.kind} of entry ${claimed.index} was given up on the channel ${claimed.channel}: ${problem}`,
      );
    }
    await this.#outbox.settle(claimed, this.#owner, { state, at, ...why });
  }

  /** Undefined: it is for a person of whom no address is known. */
  async #message(notice: Notice): Promise<Message | undefined> {
    const { ledger, url, addressesOf } = this.#options;
    const message: Message = {
      id: messageId(notice),
      notice,
      ledger,
      ...(url === undefined || notice.record === undefined
        ? {}
        : { link: new URL(`/records/${notice.record.id}`, url).href }),
    };
    if (notice.person === undefined) return message;
    const addresses = await addressesOf(notice.person);
    return addresses.length === 0 ? undefined : { ...message, addresses };
  }

  #remember(name: string, outcome: Outcome): void {
    if (outcome.kind === "sent") {
      if (this.#failing.delete(name)) {
        this.#options.report(`the channel ${name} takes notices again`);
      }
    } else if (!this.#failing.has(name)) {
      this.#failing.set(name, this.#options.now().toISOString());
      this.#options.report(`the channel ${name} does not take notices: ${outcome.problem}`);
    }
  }

  #patience(): number {
    return this.#options.settings.retryDays * 86_400_000;
  }

  #channel(name: string): Channel {
    const channel = this.#options.settings.channels.get(name);
    if (channel !== undefined) return channel;
    const names = [...this.#options.settings.channels.keys()].join(", ");
    throw new NotifyError("not-found", `there is no channel ${name}; there is ${names || "none"}`);
  }

  /** What waits, was given up, or was sent. */
  async list(states: readonly DeliveryState[], limit: number): Promise<readonly Delivery[]> {
    return await this.#outbox.list(states, limit);
  }

  async retry(index: number | undefined): Promise<number> {
    const now = this.#options.now();
    return await this.#outbox.retry(index, now, new Date(now.getTime() + this.#patience()));
  }

  /** Sends a message of its own by a channel, at once and once. */
  async test(name: string): Promise<Outcome> {
    const channel = this.#channel(name);
    if (!this.#options.settings.general.includes(name)) {
      return { kind: "dead", problem: `the channel ${name} has no "to"; it tells persons alone` };
    }
    const recordedAt = this.#options.now().toISOString();
    const notice: Notice = {
      kind: "test",
      index: 0,
      leafHash: randomUUID().replaceAll("-", ""),
      statement: "test",
      occurredAt: recordedAt,
      recordedAt,
      actor: "operator",
      says: "Somebody tries whether notices arrive here; nothing has happened.",
      groups: [],
    };
    const message = { id: messageId(notice), notice, ledger: this.#options.ledger };
    return await channel.send(message, AbortSignal.timeout(60_000));
  }
}
