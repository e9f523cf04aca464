/** `countermand notify list|retry|test`: what became of telling people, for whoever runs the server. */
import { Command } from "commander";
import type { z } from "zod";
import {
  deliveryList,
  retried,
  tested,
  type deliveriesQuery,
} from "../../http/contract/notifications.ts";
import { deliveryStates } from "../../notify/outbox.ts";
import { count } from "../../undo/text.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { connect } from "../server-call.ts";
import { columns, instant, plain, style } from "../terminal.ts";

interface Options {
  readonly data?: string;
}

export function notifyCommand(context: Context, exit: (code: number) => void): Command {
  return new Command("notify")
    .summary("who is told of entries: what waits, what was given up, a trial")
    .description(
      "The server tells people by webhook, mail and chat what its file COUNTERMAND_NOTIFY says (docs/operations/notifications.md). These commands work on the machine of the server, for whoever may read its data folder.",
    )
    .addCommand(listCommand(context))
    .addCommand(retryCommand(context))
    .addCommand(testCommand(context, exit));
}

function ownOptions(command: Command): Command {
  return command.option(
    "--data <folder>",
    "the server's data folder (or COUNTERMAND_DATA; .countermand)",
  );
}

function server(context: Context, options: Options) {
  const place = context.serverOf({ ...options, local: true });
  if (place.token === undefined) {
    throw new CommandError(
      exitCodes.couldNot,
      "The token in the server's data folder cannot be read; run this as the user who runs the server.",
    );
  }
  return connect(place.url, { token: place.token });
}

type State = z.input<typeof deliveriesQuery>["state"];

function listCommand(context: Context): Command {
  const command = new Command("list")
    .summary("list what was not sent, newest entries first")
    .option("--state <state>", `${deliveryStates.join(", ")}; without it all but sent`)
    .option("--limit <n>", "so many, 200 at most", "50")
    .option("--json", "one JSON object a line");
  return ownOptions(command).action(
    async (options: Options & { state?: string; limit: string; json?: true }) => {
      const state = options.state as State;
      if (state !== undefined && !deliveryStates.includes(state)) {
        throw usage(`--state is one of ${deliveryStates.join(", ")}.`);
      }
      const { limit } = options;
      if (!/^[1-9]\d{0,2}$/.test(limit) || Number(limit) > 200) {
        throw usage("--limit is a whole number from 1 to 200.");
      }
      const { items } = await server(context, options).askJson("/v1/notifications", deliveryList, {
        query: { state, limit },
      });
      context.out(
        options.json === true
          ? items.map((item) => `${JSON.stringify(item)}\n`).join("")
          : table(context, items, state),
      );
    },
  );
}

function table(
  context: Context,
  items: z.infer<typeof deliveryList>["items"],
  state: State,
): string {
  if (items.length === 0) {
    return state === undefined
      ? "Nothing waits and nothing was given up: everything that was to be told was sent.\n"
      : `There is nothing ${state}.\n`;
  }
  return columns([
    ["ENTRY", "KIND", "ABOUT", "CHANNEL", "STATE", "TRIES", "AT", "PROBLEM"].map((title) =>
      style(context, "dim", title),
    ),
    ...items.map((item) => [
      String(item.index),
      plain(item.kind, 40),
      plain(item.person ?? item.record ?? "registry", 64),
      plain(item.channel, 120),
      item.state,
      String(item.attempts),
      instant(item.at),
      plain(item.problem ?? "", 200),
    ]),
  ]);
}

function retryCommand(context: Context): Command {
  const command = new Command("retry")
    .summary("try again what was given up, or had nobody to be sent to")
    .argument("[entry]", "the entry's number, as `countermand notify list` shows it")
    .option("--all", "of every entry");
  return ownOptions(command).action(
    async (entry: string | undefined, options: Options & { all?: true }) => {
      if ((entry === undefined) === (options.all === undefined)) {
        throw usage("Name one entry, or say --all.");
      }
      if (entry !== undefined && !/^(?:0|[1-9]\d{0,14})$/.test(entry)) {
        throw usage("An entry is a whole number; `countermand notify list` shows it.");
      }
      const { retried: n } = await server(context, options).askJson(
        "/v1/notifications/retry",
        retried,
        { method: "POST", json: entry === undefined ? {} : { index: Number(entry) } },
      );
      context.out(
        n === 0
          ? "There was nothing to try again.\n"
          : `${count(n, "delivery", "deliveries")} will be tried again; \`countermand notify list\` shows what comes of it.\n`,
      );
    },
  );
}

function testCommand(context: Context, exit: (code: number) => void): Command {
  const command = new Command("test")
    .summary("send a message by a channel, at once and once")
    .argument("<channel>", "its name in the server's file");
  return ownOptions(command).action(async (channel: string, options: Options) => {
    const name = plain(channel, 60);
    if (channel === "" || channel.length > 120) throw usage(`${name} is no name of a channel.`);
    const { sent, problem } = await server(context, options).askJson(
      "/v1/notifications/test",
      tested,
      { method: "POST", json: { channel } },
    );
    if (sent) {
      context.out(
        `${name} took the message${problem === undefined ? "" : `, but ${plain(problem)}`}. Look whether it arrived.\n`,
      );
      return;
    }
    context.err(`${name} did not take the message: ${plain(problem ?? "no reason was given")}\n`);
    exit(exitCodes.finding);
  });
}
