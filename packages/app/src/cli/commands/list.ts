/** `countermand list`: the records, newest first. */
import { Command, Option } from "commander";
import { modes, statuses, type Status } from "@countermand/record";
import type { RecordQuery, RecordSummary } from "../../rollbacks/countermand.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { usage } from "../exit.ts";
import { columns, plain, span, style } from "../terminal.ts";
import { collect, ledgerOptions, withLedger } from "./shared.ts";

interface ListOptions extends LedgerOptions {
  readonly status?: readonly string[];
  readonly service?: string;
  readonly environment?: string;
  readonly mode?: NonNullable<RecordQuery["mode"]>;
  readonly mandatory?: true;
  readonly dueWithin?: string;
  readonly limit: string;
  readonly json?: true;
}

export function listCommand(context: Context): Command {
  const command = new Command("list")
    .summary("list records, newest first")
    .option("--status <status>", "only these, repeatable", collect)
    .option("--service <name>", "only of this service")
    .option("--environment <name>", "only in this environment")
    .addOption(new Option("--mode <mode>", "only of this mode").choices(["ordinary", ...modes]))
    .option("--mandatory", "only what is mandatory and has not run yet")
    .option("--due-within <span>", "only what time changes within so long: 30m, 24h, 7d")
    .option("--limit <n>", "at most this many", "50")
    .option("--json", "one JSON object a line");
  return ledgerOptions(command).action(async (options: ListOptions) => {
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1) throw usage("--limit is a whole number from 1 up.");
    const status = options.status?.map(parseStatus);
    const dueBy =
      options.dueWithin === undefined ? undefined : parseWithin(options.dueWithin, context.now());
    await withLedger(context, options, async ({ countermand }) => {
      const items: RecordSummary[] = [];
      let after: string | undefined;
      do {
        const page = await countermand.records({
          ...(status === undefined ? {} : { status }),
          ...(options.service === undefined ? {} : { service: options.service }),
          ...(options.environment === undefined ? {} : { environment: options.environment }),
          ...(options.mode === undefined ? {} : { mode: options.mode }),
          ...(options.mandatory === undefined ? {} : { mandatory: true }),
          ...(dueBy === undefined ? {} : { dueBy }),
          ...(after === undefined ? {} : { after }),
          limit: Math.min(200, limit - items.length),
        });
        items.push(...page.items);
        after = page.next;
      } while (after !== undefined && items.length < limit);
      context.out(options.json === true ? lines(items) : table(context, items));
      if (after !== undefined) context.err(`There are more; --limit ${limit * 2} shows them.\n`);
    });
  });
}

function lines(items: readonly RecordSummary[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join("");
}

function table(context: Context, items: readonly RecordSummary[]): string {
  if (items.length === 0) {
    return "No record matches. Without options all are listed; `countermand propose` makes one.\n";
  }
  const now = context.now().getTime();
  return columns([
    ["RECORD", "STATUS", "WHAT", "BACK TO", "REASON", "PROPOSED"].map((title) =>
      style(context, "dim", title),
    ),
    ...items.map((item) => [
      item.id,
      item.dueAt === undefined
        ? item.status
        : `${item.status} (${span(Date.parse(item.dueAt) - now)} left)`,
      `${plain(item.service)} in ${plain(item.environment)}`,
      plain(item.target),
      plain(item.reason),
      `${span(now - Date.parse(item.proposedAt))} ago by ${plain(item.proposer)}`,
    ]),
  ]);
}

const minutesIn = { m: 1, h: 60, d: 1440 } as const;

/** `30m`, `24h`, `7d` from now on. */
function parseWithin(text: string, now: Date): string {
  const [, number, unit] = /^([1-9]\d{0,4})([mhd])$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) {
    throw usage("--due-within is a span such as 30m, 24h or 7d.");
  }
  const minutes = Number(number) * minutesIn[unit as keyof typeof minutesIn];
  return new Date(now.getTime() + minutes * 60_000).toISOString();
}

function parseStatus(text: string): Status {
  const status = statuses.find((item) => item === text);
  if (status === undefined) throw usage(`--status is one of ${statuses.join(", ")}.`);
  return status;
}
