/** What the commands about a ledger share: their options, opening it, and how they answer. */
import type { Command } from "commander";
import {
  statementTypes,
  type JsonObject,
  type Opening,
  type RecordState,
} from "@countermand/record";
import type { Accepted, RecordView } from "../../rollbacks/countermand.ts";
import type { Context, LedgerOptions, OpenLedger } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { say, type Speaker, type Texts } from "../say.ts";
import { sshSigner } from "../ssh-signer.ts";
import { plain, style } from "../terminal.ts";

export interface SpeakOptions extends LedgerOptions {
  readonly key?: string;
}

/** Adds `--server` and `--data`. */
export function ledgerOptions(command: Command): Command {
  return command
    .option("--server <url>", "the server to talk to (or COUNTERMAND_SERVER)")
    .option("--data <folder>", "the embedded ledger's folder (or COUNTERMAND_DATA; .countermand)");
}

/** Adds `--key` too, for commands that sign. */
export function speakOptions(command: Command): Command {
  return ledgerOptions(command).option(
    "--key <path>",
    "the SSH key to sign with, or its .pub for an agent (or COUNTERMAND_KEY; the usual ones in ~/.ssh)",
  );
}

export async function withLedger<T>(
  context: Context,
  options: LedgerOptions,
  work: (ledger: OpenLedger) => Promise<T>,
): Promise<T> {
  const ledger = await context.open(options);
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

/** Reads the record, lets `build` make the body, signs, submits and tells what came of it. */
export async function sayAbout(
  context: Context,
  options: SpeakOptions,
  id: string,
  type: string,
  texts: Texts,
  build: (state: RecordState, view: RecordView) => JsonObject | Promise<JsonObject>,
): Promise<Accepted> {
  const signer = sshSigner(context, options.key);
  return withLedger(context, options, async ({ countermand }) => {
    const [{ registry }, view] = await Promise.all([
      countermand.instance(),
      countermand.record(id),
    ]);
    refuseEarly(type, view.state);
    const body = await build(view.state, view);
    const speaker: Speaker = { context, countermand, signer };
    const accepted = await say(speaker, registry, type, view.state, body, texts);
    tellAccepted(context, accepted);
    return accepted;
  });
}

/** Signs, submits and tells what came of a statement about who may speak. */
export async function sayInRegistry(
  context: Context,
  options: SpeakOptions,
  type: string,
  body: JsonObject,
  texts: Texts,
): Promise<void> {
  const signer = sshSigner(context, options.key);
  await withLedger(context, options, async ({ countermand }) => {
    const { registry } = await countermand.instance();
    const speaker = { context, countermand, signer };
    tellAccepted(context, await say(speaker, registry, type, undefined, body, texts));
  });
}

/** What the rules would refuse anyway is said before anybody is asked to read and sign. */
export function refuseEarly(type: string, state: RecordState): void {
  const kind = statementTypes.get(type);
  if (kind?.stream !== "record" || kind.during.includes(state.status)) return;
  throw new CommandError(
    exitCodes.finding,
    `${state.id} is ${state.status}; ${type} can be said while it is ${kind.during.join(", ")}.`,
  );
}

/** One line a receipt, then where the record stands now. */
export function tellAccepted(context: Context, accepted: Accepted): void {
  for (const receipt of accepted.receipts) {
    context.out(
      `${style(context, "green", "recorded")} ${receipt.type} as entry ${receipt.index} ${style(context, "dim", `(leaf ${receipt.leafHash.slice(0, 16)}…)`)}\n`,
    );
  }
  if (accepted.status !== undefined) {
    context.out(`${accepted.stream} is now ${style(context, "bold", accepted.status)}\n`);
  }
}

/** The text behind a commitment, or why it cannot be shown. */
export function textOf(
  openings: readonly Opening[],
  commitment: string | undefined,
  deleted: readonly string[] = [],
): string {
  if (commitment === undefined) return "";
  const opening = openings.find((item) => item.commitment === commitment);
  if (opening !== undefined) return openedText(opening);
  return deleted.includes(commitment) ? "(deleted)" : "(withheld)";
}

/** The name of an actor where it is known, beside the id. */
export function nameOf(
  registry: { readonly persons: { readonly [id: string]: { readonly name?: string } } },
  openings: readonly Opening[],
  actor: string,
): string {
  const commitment = registry.persons[actor]?.name;
  const opening = openings.find((item) => item.commitment === commitment);
  return opening === undefined ? actor : `${plain(openedText(opening), 60)} (${actor})`;
}

/** `12m`, `4h`, `2d` or a plain number of minutes, as minutes. */
export function minutes(text: string, what: string): number {
  const match = /^(\d{1,6})\s*(m|min|h|d)?$/.exec(text.trim());
  if (match === null) throw usage(`${what} is a span such as 30m, 4h or 2d; found ${plain(text)}.`);
  const unit = match[2] === "h" ? 60 : match[2] === "d" ? 1440 : 1;
  return Number(match[1]) * unit;
}

/** A time from now (`4h`) or an instant, as the ledger writes it. */
export function until(context: Context, text: string, what: string): string {
  if (/^\d{1,6}\s*(m|min|h|d)?$/.test(text.trim())) {
    return new Date(context.now().getTime() + minutes(text, what) * 60_000).toISOString();
  }
  const time = /[zZ]|[+-]\d\d:\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw usage(
      `${what} is a span such as 4h, or an instant with its zone such as 2026-11-23T18:00:00Z; found ${plain(text)}.`,
    );
  }
  return new Date(time).toISOString();
}

/** Collects a repeatable option. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** What we commit to is text; anything else is shown as JSON. */
function openedText({ value }: Opening): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
