/**
 * `countermand signal`: a scanner or a person reports that something which runs is
 * not safe; rules of the policy for `signal` make a rollback mandatory.
 */
import { randomUUID } from "node:crypto";
import { Command, Option } from "commander";
import { riskLevels, type Identity } from "@countermand/record";
import type {
  Signal,
  SignalAnswer,
  SignalEvent,
  SignalQuery,
} from "../../rollbacks/countermand.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { usage } from "../exit.ts";
import { identityHelp, parseIdentity } from "../identity-argument.ts";
import { withRepository } from "../repository-argument.ts";
import { columns, instant, plain, style } from "../terminal.ts";
import { ledgerOptions, withLedger } from "./shared.ts";

interface SendOptions extends LedgerOptions {
  readonly severity: SignalEvent["data"]["severity"];
  readonly id?: string;
  readonly source: string;
  readonly type: string;
  readonly about?: readonly string[];
  readonly current?: string;
  readonly target?: string;
  readonly kind?: string;
  readonly summary?: string;
  readonly url?: string;
  readonly repo?: string;
  readonly json?: true;
}

export function signalCommand(context: Context): Command {
  return new Command("signal")
    .summary("report a finding about what runs; rules may make a rollback mandatory")
    .description(
      "Report that something which runs is not safe. Rules of the policy for signals make a rollback mandatory, with an owner and a deadline.",
    )
    .addCommand(sendCommand(context))
    .addCommand(listCommand(context));
}

function sendCommand(context: Context): Command {
  const command = new Command("send")
    .summary("report one finding")
    .argument("<service>", "where it was found")
    .argument("<environment>", "and in which environment")
    .addOption(
      new Option("--severity <level>", "how grave it is").choices(riskLevels).makeOptionMandatory(),
    )
    .option("--id <id>", "the finding's own id: sent again with it, it is the same signal")
    .option("--source <name>", "who found it, where the server does not know", "command-line")
    .option("--type <name>", "what kind of finding it is", "vulnerability")
    .option("--about <id...>", "CVE numbers and the like; repeatable")
    .option("--current <state>", `what runs there: ${identityHelp}`)
    .option("--target <state>", "what to go back to, if that is known")
    .option("--kind <kind>", "how (redeploy-previous)")
    .option("--summary <text>", "one or two sentences for people")
    .option("--url <url>", "where the finding can be read")
    .option("--repo <folder>", "the repository to look a ref up in (the one here)")
    .option("--json", "what came of it as JSON")
    .addHelpText(
      "after",
      `
Exit code 0 whatever came of it: sending is what was asked for.
A token with the scope \`signal\` may do this alone; its name is then the source.

Example:
  countermand signal send checkout production --severity critical --id GHSA-xxxx \\
    --about CVE-2026-1234 --current image:sha256:4f53…`,
    );
  return ledgerOptions(command).action(
    async (service: string, environment: string, options: SendOptions) => {
      const state = (text: string | undefined): Promise<Identity | undefined> =>
        text === undefined
          ? Promise.resolve(undefined)
          : withRepository(context, options.repo, (repository) => parseIdentity(text, repository));
      const [current, target] = [await state(options.current), await state(options.target)];
      const { about, kind, summary, url } = options;
      const event: SignalEvent = {
        source: options.source,
        id: options.id ?? randomUUID(),
        type: options.type,
        data: {
          service,
          environment,
          severity: options.severity,
          ...(about === undefined ? {} : { ids: about }),
          ...(current === undefined ? {} : { current }),
          ...(target === undefined ? {} : { target }),
          ...(kind === undefined ? {} : { kind }),
          ...(summary === undefined ? {} : { summary }),
          ...(url === undefined ? {} : { url }),
        },
      };
      const answer = await withLedger(context, options, ({ countermand }) =>
        countermand.signal(event),
      );
      context.out(
        options.json === true ? `${JSON.stringify(answer)}\n` : told(context, event, answer),
      );
    },
  );
}

function told(context: Context, { id }: SignalEvent, answer: SignalAnswer): string {
  const { outcome, record = "", owner = "", deadline = "", rules = [] } = answer;
  const again = answer.repeated ? " It was received before." : "";
  if (outcome === "no-rule") {
    return `Kept ${plain(id, 200)}: no rule of the policy makes a rollback of it.${again}\n`;
  }
  const how =
    outcome === "joined"
      ? `${plain(record)} is open for the same state already`
      : `${style(context, "yellow", "mandatory")}: ${plain(record)}, by rule ${rules.map((rule) => plain(rule)).join(", ")}`;
  return `${how}; to have run by ${instant(deadline)}, owned by ${plain(owner)}.${again}\n  countermand show ${plain(record)}\n  countermand propose --revise ${plain(record)}\n`;
}

interface ListOptions extends LedgerOptions {
  readonly outcome?: NonNullable<SignalQuery["outcome"]>;
  readonly limit: string;
  readonly json?: true;
}

function listCommand(context: Context): Command {
  const command = new Command("list")
    .summary("signals and what came of them, newest first")
    .addOption(
      new Option("--outcome <outcome>", "only these").choices(["mandatory", "joined", "no-rule"]),
    )
    .option("--limit <n>", "at most this many", "50")
    .option("--json", "one JSON object a line");
  return ledgerOptions(command).action(async (options: ListOptions) => {
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1) throw usage("--limit is a whole number from 1 up.");
    await withLedger(context, options, async ({ countermand }) => {
      const items: Signal[] = [];
      let after: string | undefined;
      do {
        const page = await countermand.signals({
          ...(options.outcome === undefined ? {} : { outcome: options.outcome }),
          ...(after === undefined ? {} : { after }),
          limit: Math.min(200, limit - items.length),
        });
        items.push(...page.items);
        after = page.next;
      } while (after !== undefined && items.length < limit);
      if (options.json === true) {
        context.out(items.map((item) => `${JSON.stringify(item)}\n`).join(""));
        return;
      }
      context.out(items.length === 0 ? empty(options) : table(context, items));
    });
  });
}

function empty({ outcome }: ListOptions): string {
  return outcome === undefined
    ? "No signal was received yet. `countermand signal send --help` shows how one is sent.\n"
    : `No signal came out as ${outcome}.\n`;
}

function table(context: Context, items: readonly Signal[]): string {
  return columns([
    ["RECEIVED", "SEVERITY", "WHERE", "SIGNAL", "FROM", "CAME OF IT"].map((title) =>
      style(context, "dim", title),
    ),
    ...items.map(({ event, recordedAt, outcome, record }) => [
      instant(recordedAt),
      event.data.severity,
      `${plain(event.data.service)} in ${plain(event.data.environment)}`,
      plain([event.id, ...(event.data.ids ?? [])].join(" "), 120),
      plain(event.source),
      record === undefined ? "no rule" : `${outcome} ${plain(record)}`,
    ]),
  ]);
}
