/**
 * `countermand gate SERVICE ENVIRONMENT --target STATE`: the question of a
 * deployment. Exit 0 lets it through, 1 does not, 3: nobody could be asked and
 * the policy keeps the gate shut then.
 */
import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { showIdentity } from "@countermand/record";
import type {
  Countermand,
  GateAnswer,
  GateEvent,
  GateRequest,
} from "../../rollbacks/countermand.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { GateSpool } from "../gate-spool.ts";
import { identityHelp, parseIdentity } from "../identity-argument.ts";
import { RemoteError } from "../server-call.ts";
import { withRepository } from "../repository-argument.ts";
import { columns, instant, plain, style } from "../terminal.ts";
import { ledgerOptions, withLedger } from "./shared.ts";

interface AskOptions extends LedgerOptions {
  readonly target: string;
  readonly record?: string;
  readonly caller: string;
  readonly id?: string;
  readonly older?: true;
  readonly dryRun?: true;
  readonly repo?: string;
  readonly json?: true;
}

export function gateCommand(context: Context, exit: (code: number) => void): Command {
  return new Command("gate")
    .summary("may this be deployed here, now?")
    .description(
      "Ask before a deployment. Forward is let through and remembered; back needs an authorised record.",
    )
    .enablePositionalOptions()
    .addCommand(askCommand(context, exit), { isDefault: true })
    .addCommand(eventsCommand(context))
    .addCommand(flushCommand(context));
}

function askCommand(context: Context, exit: (code: number) => void): Command {
  const command = new Command("ask")
    .summary("ask for one deployment (the default)")
    .argument("<service>", "what is deployed")
    .argument("<environment>", "where to")
    .requiredOption("--target <state>", `what is to run: ${identityHelp}`)
    .option("--record <record>", "use this record's grant (else the gate looks for one)")
    .option("--caller <name>", "who asks, for the history", "command-line")
    .option("--older", "this goes back, whatever the gate knows")
    .option("--id <uuid>", "the same id gets the same answer: give one where you retry")
    .option("--dry-run", "only ask; use and remember nothing")
    .option("--repo <folder>", "the repository to look a ref up in (the one here)")
    .option("--json", "the answer as JSON")
    .addHelpText(
      "after",
      `
Exit codes: 0 let it through, 1 do not, 2 wrong usage, 3 nobody could be asked and the gate stays shut.
While the server cannot be reached, the policy's word for this service and environment holds,
as the server last said it (shut where it never did). What was answered so is kept and told later.

Example:
  countermand gate checkout production --target image:sha256:4f53… && kubectl rollout …`,
    );
  return ledgerOptions(command).action(
    async (service: string, environment: string, options: AskOptions) => {
      const target = await withRepository(context, options.repo, (repository) =>
        parseIdentity(options.target, repository),
      );
      if (options.id !== undefined && !isUuid(options.id)) {
        throw usage(`--id is a UUID in lower case; found ${plain(options.id, 60)}.`);
      }
      const request: GateRequest = {
        id: options.id ?? randomUUID(),
        service,
        environment,
        target,
        caller: options.caller,
        ...(options.record === undefined ? {} : { record: options.record }),
        ...(options.older === undefined ? {} : { older: true }),
        ...(options.dryRun === undefined ? {} : { dryRun: true }),
      };
      const spool = spoolOf(context, options);
      const answer = await ask(context, options, request, spool);
      exit(answer.allowed ? exitCodes.good : exitCodes.finding);
      if (options.json === true) context.out(`${JSON.stringify(answer)}\n`);
      else {
        const word = answer.allowed
          ? style(context, "green", "allowed")
          : style(context, "red", "denied");
        context.out(
          `${word}: ${plain(service)} in ${plain(environment)}, ${plain(showIdentity(target))}\n  ${plain(answer.reason, 600)} (${plain(answer.rule)})\n`,
        );
      }
    },
  );
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}

/** The server's answer; or, where it cannot be reached, what its policy said of that. */
async function ask(
  context: Context,
  options: LedgerOptions,
  request: GateRequest,
  spool: GateSpool,
): Promise<GateAnswer> {
  try {
    return await withLedger(context, options, async ({ countermand }) => {
      const answer = await countermand.gate(request);
      spool.remember(request.service, request.environment, answer.unreachable);
      await tellWaiting(context, countermand, spool);
      return answer;
    });
  } catch (error) {
    if (!isOutage(error) || request.dryRun === true) throw error;
    const unreachable = spool.mode(request.service, request.environment) ?? "fail-closed";
    const allowed = unreachable === "fail-open" && request.older !== true;
    spool.put({ ...request, spooled: { at: context.now().toISOString(), allowed } });
    const why = (error as Error).message;
    const kept =
      "It is kept and told to the server at the next question, or by `countermand gate flush`.";
    if (!allowed) {
      throw new CommandError(
        exitCodes.couldNot,
        `${why} The gate stays shut: ${unreachable === "fail-closed" ? "the policy says so for this environment, or nobody ever asked about it" : "it opens by itself only for what goes forward"}. ${kept}`,
        { cause: error },
      );
    }
    context.err(
      `${style(context, "yellow", "warning")}: ${why} The policy opens the gate then. ${kept}\n`,
    );
    return {
      allowed,
      rule: "fail-open",
      reason: "nobody could be asked, and the policy opens the gate here then",
      late: true,
      bypassed: false,
      unreachable,
    };
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof RemoteError && error.code !== "server";
}

/** Tells what was answered without the server; a finding there is said aloud. */
async function tellWaiting(
  context: Context,
  countermand: Countermand,
  spool: GateSpool,
): Promise<number> {
  const { requests, damaged } = spool.waiting();
  for (const file of damaged)
    context.err(`${plain(file, 300)} holds no question to a gate; look at it.\n`);
  for (const request of requests) {
    const answer = await countermand.gate(request);
    spool.told(request);
    if (!answer.bypassed) continue;
    context.err(
      `${style(context, "red", "finding")}: ${plain(request.service)} in ${plain(request.environment)} was let through at ${instant(request.spooled?.at ?? "")} while the server could not be asked, and would have been denied: ${plain(answer.reason, 400)}\n`,
    );
  }
  return requests.length;
}

function spoolOf(context: Context, options: LedgerOptions): GateSpool {
  return new GateSpool(
    context,
    options.server ?? context.env["COUNTERMAND_SERVER"] ?? `data ${options.data ?? ""}`,
  );
}

function flushCommand(context: Context): Command {
  const command = new Command("flush").summary("tell the server what was answered without it");
  return ledgerOptions(command).action(async (options: LedgerOptions) => {
    const spool = spoolOf(context, options);
    if (spool.waiting().requests.length === 0) {
      context.out("Nothing waits.\n");
      return;
    }
    const told = await withLedger(context, options, ({ countermand }) =>
      tellWaiting(context, countermand, spool),
    );
    context.out(`Told: ${told}\n`);
  });
}

interface EventsOptions extends LedgerOptions {
  readonly bypassed?: true;
  readonly limit: string;
  readonly json?: true;
}

function eventsCommand(context: Context): Command {
  const command = new Command("events")
    .summary("what the gate answered, newest first")
    .option("--bypassed", "only what went through although the answer is no")
    .option("--limit <n>", "at most this many", "50")
    .option("--json", "one JSON object a line");
  return ledgerOptions(command).action(async (options: EventsOptions) => {
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1) throw usage("--limit is a whole number from 1 up.");
    await withLedger(context, options, async ({ countermand }) => {
      const items: GateEvent[] = [];
      let after: string | undefined;
      do {
        const page = await countermand.gateEvents({
          ...(options.bypassed === undefined ? {} : { bypassed: true }),
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
      context.out(
        items.length === 0 ? "The gate has answered nothing yet.\n" : table(context, items),
      );
    });
  });
}

function table(context: Context, items: readonly GateEvent[]): string {
  return columns([
    ["ASKED", "ANSWER", "WHAT", "TARGET", "BY", "WHY"].map((title) => style(context, "dim", title)),
    ...items.map((item) => [
      `${instant(item.at)}${item.late ? " (told late)" : ""}`,
      item.bypassed
        ? style(context, "red", "bypassed")
        : item.allowed
          ? style(context, "green", "allowed")
          : style(context, "yellow", "denied"),
      `${plain(item.service)} in ${plain(item.environment)}`,
      plain(item.target),
      plain(item.caller),
      `${plain(item.rule)}${item.record === undefined ? "" : ` ${plain(item.record)}`}`,
    ]),
  ]);
}
