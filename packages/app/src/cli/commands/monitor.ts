/** `countermand monitor URL`: follows a log from outside; `monitor verify FILE`: checks a proof of misbehaviour. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  formatVerifierKey,
  keysOf,
  parsePolicy,
  type LogVerifier,
  type NoteVerifier,
  type Policy,
} from "@countermand/tlog";
import { Command } from "commander";
import type { MonitorOptions, Seen } from "../../witness/monitor.ts";
import { count } from "../../undo/text.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes, type ExitCode, usage } from "../exit.ts";
import { progressLine } from "../progress.ts";
import { plain, style } from "../terminal.ts";
import { trusted, trustHelp } from "../trust.ts";

interface Choices {
  readonly key?: string;
  readonly trust?: string;
  readonly state?: string;
  readonly policy?: string;
  readonly interval?: string;
  readonly anyEntries?: true;
}

type Exit = (code: ExitCode) => void;

export function monitorCommand(context: Context, exit: Exit): Command {
  return new Command("monitor")
    .enablePositionalOptions()
    .summary("follow a log from outside: signature, witnesses, one history, every entry")
    .description(
      "Reads a log (C2SP tlog-tiles) and trusts nothing but its key: each checkpoint must extend the one that was kept before, satisfy the policy of witnesses if one is given, and have every entry under it. Two histories give a proof that anybody can check with `countermand monitor verify`.\nExit code 0: good. 1: something is wrong, and is named. 3: the log could not be reached.",
    )
    .argument("[url]", "the log's prefix, such as https://audit.example.com/log")
    .option("--key <key>", "the log's C2SP verifier key, as you know it from elsewhere")
    .option("--trust <file>", trustHelp)
    .option("--state <folder>", "what is kept between looks; without it only this look is checked")
    .option("--policy <file>", "a C2SP tlog-policy that checkpoints must satisfy")
    .option("--interval <seconds>", "look again, until interrupted or something is wrong")
    .option("--any-entries", "the entries need not be ones of Countermand")
    .action((url: string | undefined, options: Choices) => run(context, url, options, exit))
    .addCommand(
      new Command("verify")
        .summary("check a proof of misbehaviour: no network")
        .argument("<file>", "a proof that `countermand monitor` wrote")
        .option("--key <key>", "the log's verifier key, as you know it from elsewhere")
        .action((file: string, _: object, command: Command) =>
          verify(context, file, command.opts<{ key?: string }>().key),
        ),
    );
}

async function run(
  context: Context,
  url: string | undefined,
  options: Choices,
  exit: Exit,
): Promise<void> {
  const verifier = await trusted(context, options);
  if (url === undefined || verifier === undefined) {
    throw usage(
      "A monitor needs the log's address and --key, its verifier key, or --trust, a trust file.",
    );
  }
  const policy =
    options.policy === undefined ? undefined : await readPolicy(context, options.policy, verifier);
  const interval = seconds(options.interval);
  const [{ look }, { remoteLog }, { forgetfulStore, monitorStore }] = await Promise.all([
    import("../../witness/monitor.ts"),
    import("../../witness/remote-log.ts"),
    import("../../witness/monitor-store.ts"),
  ]);
  const state = options.state === undefined ? undefined : resolve(context.cwd, options.state);
  const store = state === undefined ? forgetfulStore() : monitorStore(state, verifier.name);
  const progress = progressLine(context);
  for (;;) {
    const log = remoteLog(url);
    const seen = await lookOnce(
      context,
      look,
      {
        log,
        verifier,
        ...(policy === undefined ? {} : { policy }),
        store,
        ours: options.anyEntries !== true,
        now: context.now,
        onProgress: (read, total) => progress.show(`${read} of ${total} entries read`),
        interrupted: context.interrupted,
      },
      interval !== undefined,
    );
    progress.clear();
    if (seen?.kind === "finding") {
      const file =
        seen.proof === undefined ? undefined : await keepProof(context, state, seen.proof);
      context.out(`${style(context, "red", "NOT GOOD")}  ${plain(seen.problem, 1000)}\n`);
      if (file !== undefined) {
        context.out(
          `The proof is in ${plain(file)}; anybody can check it with \`countermand monitor verify\`.\n`,
        );
      }
      exit(exitCodes.finding);
      return;
    }
    if (seen !== undefined) context.out(tell(context, seen, state !== undefined));
    if (interval === undefined) return;
    await sleep(interval * 1000, undefined, { signal: context.interrupted }).catch(() => undefined);
    if (context.interrupted.aborted) return;
  }
}

/** While following, a log that cannot be reached is told and tried again. */
async function lookOnce(
  context: Context,
  look: (options: MonitorOptions) => Promise<Seen>,
  options: MonitorOptions,
  follows: boolean,
): Promise<Seen | undefined> {
  try {
    return await look(options);
  } catch (error) {
    if (context.interrupted.aborted) {
      throw new CommandError(exitCodes.couldNot, "Interrupted; the next look goes on from here.");
    }
    const { code, message } = error as { code?: unknown; message: string };
    if (!follows || (code !== "log" && code !== "missing")) throw error;
    context.err(`${context.now().toISOString()} ${plain(message, 500)}\n`);
    return undefined;
  }
}

function tell(context: Context, seen: Extract<Seen, { kind: "good" }>, kept: boolean): string {
  const { size, read, witnesses, older } = seen;
  const at = context.now().toISOString();
  if (older !== undefined) {
    return `${at} ${style(context, "yellow", "OLDER")}  the log shows ${count(older, "entry", "entries")}, and showed ${size} before; both are of one history\n`;
  }
  const by =
    witnesses.length === 0
      ? ""
      : `, cosigned by ${witnesses.map((name) => plain(name)).join(", ")}`;
  const note = kept ? "" : "; nothing is kept, so a second history would not be noticed (--state)";
  return `${at} ${style(context, "green", "GOOD")}  ${count(size, "entry", "entries")}, ${read} read now${by}${note}\n`;
}

async function keepProof(
  context: Context,
  state: string | undefined,
  proof: NonNullable<Extract<Seen, { kind: "finding" }>["proof"]>,
): Promise<string> {
  const { formatMisbehaviour } = await import("../../witness/misbehaviour.ts");
  const folder = state ?? context.cwd;
  await mkdir(folder, { recursive: true });
  const file = join(folder, `misbehaviour-${proof.larger.at.replaceAll(/[^0-9A-Za-z]/g, "")}.json`);
  await writeFile(file, formatMisbehaviour(proof), { flush: true });
  return file;
}

async function verify(context: Context, file: string, key: string | undefined): Promise<void> {
  const { parseMisbehaviour, verifyMisbehaviour } = await import("../../witness/misbehaviour.ts");
  const bytes = await readFile(resolve(context.cwd, file)).catch((error: unknown) => {
    throw usage(`${file} cannot be read: ${(error as Error).message}.`);
  });
  const found = parseMisbehaviour(bytes);
  const { log, smaller, larger } = await verifyMisbehaviour(found);
  const known = await trusted(context, key === undefined ? {} : { key });
  if (known !== undefined && !log.includes(formatVerifierKey(known as NoteVerifier))) {
    throw new CommandError(
      exitCodes.couldNot,
      `The proof is about the key ${plain(log)}, and not about the one that was given.`,
    );
  }
  context.out(
    `${style(context, "red", "PROVEN")}  ${plain(smaller.origin)} signed two histories: ${smaller.size} and ${larger.size} entries, and the larger does not begin with the smaller\nLog key ${plain(log)}${key === undefined ? " (compare it with what you know from elsewhere)" : ""}\n`,
  );
}

function seconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usage("--interval is a whole number of seconds, from 1.");
}

async function readPolicy(context: Context, file: string, log: LogVerifier): Promise<Policy> {
  const bytes = await readFile(resolve(context.cwd, file)).catch((error: unknown) => {
    throw usage(`${file} cannot be read: ${(error as Error).message}.`);
  });
  let policy: Policy;
  try {
    policy = parsePolicy(bytes);
  } catch (error) {
    throw usage(`The policy ${file}: ${(error as Error).message}.`);
  }
  const ours = keysOf(log).map(({ verifier }) => formatVerifierKey(verifier));
  if (policy.logs.some(({ verifier }) => ours.includes(formatVerifierKey(verifier)))) return policy;
  throw usage(`The policy ${file} is not about this log: it has no line \`log ${ours.at(-1)}\`.`);
}
