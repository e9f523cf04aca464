/** The command line: every command, its help, and one place where a failure becomes a sentence and a code. */
import { Command, CommanderError } from "commander";
import { auditCommand } from "./commands/audit.ts";
import { closeCommand } from "./commands/close.ts";
import { approveCommand, rejectCommand } from "./commands/decide.ts";
import { evidenceCommand } from "./commands/evidence.ts";
import { exportCommand } from "./commands/export.ts";
import { fsckCommand } from "./commands/fsck.ts";
import { initCommand } from "./commands/init.ts";
import { listCommand } from "./commands/list.ts";
import { observeCommand } from "./commands/observe.ts";
import { personCommand } from "./commands/person.ts";
import { proposeCommand } from "./commands/propose.ts";
import { redactCommand } from "./commands/redact.ts";
import { reviewCommand } from "./commands/review.ts";
import { runCommand } from "./commands/run.ts";
import { serveCommand } from "./commands/serve.ts";
import { showCommand } from "./commands/show.ts";
import { undoCommand } from "./commands/undo.ts";
import { verifyCommand } from "./commands/verify.ts";
import { verifyOutcomeCommand } from "./commands/verify-outcome.ts";
import { withdrawCommand } from "./commands/withdraw.ts";
import type { Context } from "./context.ts";
import { exitCodes, explain } from "./exit.ts";
import { style } from "./terminal.ts";

/** Runs one command line (without `node` and the script) and answers its exit code. */
export async function runProgram(context: Context, argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.good;
  const exit = (value: number) => {
    code = value;
  };
  const program = new Command("countermand")
    .description(
      "The system of record for rollbacks: what was undone, why, on whose authority, and did it hold.",
    )
    .version("0.1.0")
    .enablePositionalOptions()
    .showHelpAfterError("(countermand help <command> explains)")
    .addHelpText(
      "after",
      `
Exit codes: 0 good, 1 a finding or a refusal, 2 wrong usage, 3 could not be done or verified.
Without a server, commands work on the embedded ledger in ./.countermand.`,
    );
  program.commandsGroup("Look at a repository (no ledger, no account):");
  program.addCommand(auditCommand(context)).addCommand(undoCommand(context));
  program.commandsGroup("One rollback, from proposal to close:");
  for (const make of [
    proposeCommand,
    evidenceCommand,
    approveCommand,
    rejectCommand,
    withdrawCommand,
    (it: Context) => runCommand(it, exit),
    observeCommand,
    verifyOutcomeCommand,
    reviewCommand,
    closeCommand,
    redactCommand,
  ]) {
    program.addCommand(make(context));
  }
  program.commandsGroup("Read and prove:");
  for (const make of [
    listCommand,
    showCommand,
    exportCommand,
    (it: Context) => verifyCommand(it, exit),
    (it: Context) => fsckCommand(it, exit),
  ]) {
    program.addCommand(make(context));
  }
  program.commandsGroup("Set up:");
  program
    .addCommand(initCommand(context))
    .addCommand(personCommand(context))
    .addCommand(serveCommand(context));

  const configure = (command: Command): void => {
    command.exitOverride().configureOutput({
      writeOut: (text) => context.out(text),
      writeErr: (text) => context.err(text),
    });
    command.commands.forEach(configure);
  };
  configure(program);

  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? code : exitCodes.usage;
    const { exitCode, says } = explain(error);
    context.err(`${style(context, "red", "countermand")}: ${says}\n`);
    if (context.env["COUNTERMAND_DEBUG"] === "1" && error instanceof Error) {
      context.err(`${error.stack ?? ""}\n`);
    }
    return exitCode;
  }
  return code;
}
