/** `countermand list`: the records, newest first. */
import { Command } from "commander";
import { statuses, type Status } from "@countermand/record";
import type { RecordSummary } from "../../rollbacks/countermand.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { usage } from "../exit.ts";
import { columns, plain, span, style } from "../terminal.ts";
import { collect, ledgerOptions, withLedger } from "./shared.ts";

interface ListOptions extends LedgerOptions {
  readonly status?: readonly string[];
  readonly service?: string;
  readonly environment?: string;
  readonly limit: string;
  readonly json?: true;
}

export function listCommand(context: Context): Command {
  const command = new Command("list")
    .summary("list records, newest first")
    .option("--status <status>", "only these, repeatable", collect)
    .option("--service <name>", "only of this service")
    .option("--environment <name>", "only in this environment")
    .option("--limit <n>", "at most this many", "50")
    .option("--json", "one JSON object a line");
  return ledgerOptions(command).action(async (options: ListOptions) => {
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1) throw usage("--limit is a whole number from 1 up.");
    const status = options.status?.map(parseStatus);
    await withLedger(context, options, async ({ countermand }) => {
      const items: RecordSummary[] = [];
      let after: string | undefined;
      do {
        const page = await countermand.records({
          ...(status === undefined ? {} : { status }),
          ...(options.service === undefined ? {} : { service: options.service }),
          ...(options.environment === undefined ? {} : { environment: options.environment }),
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
    return "No record matches. `countermand propose` makes one.\n";
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

function parseStatus(text: string): Status {
  const status = statuses.find((item) => item === text);
  if (status === undefined) throw usage(`--status is one of ${statuses.join(", ")}.`);
  return status;
}
