/**
 * `countermand run RB -- COMMAND…`: checks the authorisation, records the start,
 * runs, streams, and records how it ended. The ledger is not held while the
 * command runs, and the command starts only once its start is in the ledger.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { Command } from "commander";
import { digestOf, type JsonObject, type RecordState } from "@countermand/record";
import type { Accepted } from "../../rollbacks/countermand.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { say, Texts } from "../say.ts";
import { sshSigner, type SshSigner } from "../ssh-signer.ts";
import { plain, style } from "../terminal.ts";
import {
  refuseEarly,
  speakOptions,
  tellAccepted,
  withLedger,
  type SpeakOptions,
} from "./shared.ts";

/** Output beyond this is hashed and not kept. */
const keepBytes = 16 * 1024 * 1024;

type Outcome =
  | { readonly type: "exited"; readonly code: number }
  | { readonly type: "signalled"; readonly signal: string }
  | { readonly type: "not-started" }
  | { readonly type: "unknown" };

interface Run {
  readonly outcome: Outcome;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly digest: string;
  readonly size: number;
  /** All that was printed, if it was not too much. */
  readonly output: Uint8Array | undefined;
}

/** An end that is told without having been watched. */
interface Told {
  readonly outcome: Outcome;
}

export function runCommand(context: Context, exit: (code: number) => void): Command {
  const command = new Command("run")
    .summary("run an authorised rollback and record it")
    .description(
      "Checks that the record is authorised, records the start, runs the command and records exit code, output digest and times, signed. Answers with the command's own exit code.",
    )
    .argument("<record>", "for instance RB-2026-7")
    .argument("[command...]", "after --, the command and its arguments")
    .option(
      "--outcome-unknown",
      "no command: say that a started execution was lost and its outcome is unknown",
    )
    .option(
      "--exited <code>",
      "no command: report late that the execution you started has ended, with this exit code",
    );
  return speakOptions(command).action(
    async (
      id: string,
      argv: readonly string[],
      options: SpeakOptions & { outcomeUnknown?: true; exited?: string },
    ) => {
      const told = toldOutcome(options, argv);
      const signer = sshSigner(context, options.key);
      if (told !== undefined) {
        await finish(context, options, signer, id, { outcome: told });
        return;
      }
      if (argv.length === 0) {
        command.error(
          "countermand run: name the command after --, as in `countermand run RB-2026-7 -- helm rollback api 41`",
          { exitCode: exitCodes.usage },
        );
      }
      await start(context, options, signer, id, argv);
      const run = await execute(context, argv);
      try {
        await finish(context, options, signer, id, run);
      } catch (error) {
        throw new CommandError(
          exitCodes.couldNot,
          `The command ended (${JSON.stringify(run.outcome)}) at ${run.finishedAt}, and that could not be recorded: ${(error as Error).message}\nThe record stays executing. When the ledger answers again: countermand run ${plain(id)} ${late(run.outcome)}`,
          { cause: error },
        );
      }
      exit(codeOf(run.outcome));
    },
  );
}

/** What the options say of a run without a command; undefined where there is one to run. */
function toldOutcome(
  { outcomeUnknown, exited }: { outcomeUnknown?: true; exited?: string },
  argv: readonly string[],
): Outcome | undefined {
  if (outcomeUnknown === undefined && exited === undefined) return undefined;
  if (argv.length > 0 || (outcomeUnknown === true && exited !== undefined)) {
    throw usage("Give one of a command, --outcome-unknown and --exited.");
  }
  if (exited === undefined) return { type: "unknown" };
  const code = /^\d{1,3}$/.test(exited) ? Number(exited) : Number.NaN;
  if (!(code <= 255)) {
    throw usage(`--exited is an exit code from 0 to 255; found ${plain(exited)}.`);
  }
  return { type: "exited", code };
}

/** How to report it afterwards. */
function late(outcome: Outcome): string {
  return outcome.type === "exited" ? `--exited ${outcome.code}` : "--outcome-unknown";
}

async function start(
  context: Context,
  options: SpeakOptions,
  signer: SshSigner,
  id: string,
  argv: readonly string[],
): Promise<void> {
  const texts = new Texts();
  await speak(context, options, signer, id, "execution-started", texts, (state) => ({
    record: state.id,
    target: digestOf(state.proposal.target),
    command: texts.commit(argv.map(quoteArgument).join(" ")),
  }));
}

async function finish(
  context: Context,
  options: SpeakOptions,
  signer: SshSigner,
  id: string,
  run: Run | Told,
): Promise<void> {
  await speak(
    context,
    options,
    signer,
    id,
    "execution-finished",
    new Texts(),
    (state) => {
      const running = state.executions.at(-1);
      const base = { record: state.id, execution: running?.id ?? "" };
      if (!("digest" in run)) {
        const times = {
          startedAt: running?.occurredAt ?? context.now().toISOString(),
          finishedAt: context.now().toISOString(),
        };
        return { ...base, outcome: run.outcome, ...times };
      }
      const { outcome, startedAt, finishedAt, digest, size } = run;
      return { ...base, outcome, startedAt, finishedAt, output: { digest, size } };
    },
    "digest" in run ? run.output : undefined,
  );
}

async function speak(
  context: Context,
  options: SpeakOptions,
  signer: SshSigner,
  id: string,
  type: string,
  texts: Texts,
  build: (state: RecordState) => JsonObject,
  artefact?: Uint8Array,
): Promise<Accepted> {
  return withLedger(context, options, async ({ countermand }) => {
    const [{ registry }, { state }] = await Promise.all([
      countermand.instance(),
      countermand.record(id),
    ]);
    refuseEarly(type, state);
    if (artefact !== undefined) await countermand.putArtefact(artefact);
    const speaker = { context, countermand, signer };
    const accepted = await say(speaker, registry, type, state, build(state), texts);
    // Standard output is the command's own.
    tellAccepted({ ...context, out: (text) => context.err(text) }, accepted);
    return accepted;
  });
}

/** Runs the command on this terminal; both its streams are shown, hashed and kept. */
async function execute(context: Context, argv: readonly string[]): Promise<Run> {
  const startedAt = context.now().toISOString();
  const hash = createHash("sha256");
  const kept: Uint8Array[] = [];
  let size = 0;
  const take = (stream: Readable, show: (chunk: Uint8Array) => void) => {
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      hash.update(chunk);
      if (size <= keepBytes) kept.push(chunk);
      show(chunk);
    });
  };
  context.err(`${style(context, "dim", `running: ${argv.map(quoteArgument).join(" ")}`)}\n`);
  const [file = "", ...args] = argv;
  const child = spawn(file, args, {
    cwd: context.cwd,
    env: { ...context.env },
    stdio: ["inherit", "pipe", "pipe"],
  });
  take(child.stdout, (chunk) => context.outBytes(chunk));
  take(child.stderr, (chunk) => context.errBytes(chunk));
  const outcome = await new Promise<Outcome>((done) => {
    child.on("error", (error) => {
      context.err(`${error.message}\n`);
      done({ type: "not-started" });
    });
    // A Ctrl-C reaches the child by itself; how it ends is what gets recorded.
    child.on("close", (code, signal) =>
      done(signal === null ? { type: "exited", code: code ?? 0 } : { type: "signalled", signal }),
    );
  });
  return {
    outcome,
    startedAt,
    finishedAt: context.now().toISOString(),
    digest: hash.digest("hex"),
    size,
    output: size <= keepBytes ? Buffer.concat(kept) : undefined,
  };
}

function codeOf(outcome: Outcome): number {
  switch (outcome.type) {
    case "exited":
      return outcome.code;
    case "signalled":
      return 128 + (constants.signals[outcome.signal as keyof typeof constants.signals] ?? 0);
    case "not-started":
    case "unknown":
      return exitCodes.couldNot;
  }
}

/** An argument as a shell would need it, so that a reader can run it again. */
function quoteArgument(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
