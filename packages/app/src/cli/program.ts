/**
 * The command line: every command, its help, and one place where a failure
 * becomes a sentence and a code. Only the command that is asked for is loaded:
 * `verify` answers in half a second.
 */
import { Command, CommanderError } from "commander";
import type { Context } from "./context.ts";
import { exitCodes, explain } from "./exit.ts";
import { style } from "./terminal.ts";

type Exit = (code: number) => void;
type Load = (context: Context, exit: Exit) => Promise<Command>;

/** Command names to what loads them, under the heading of the help. */
const commands: Readonly<Record<string, Readonly<Record<string, Load>>>> = {
  "Look at a repository (no ledger, no account):": {
    audit: async (it) => (await import("./commands/audit.ts")).auditCommand(it),
    undo: async (it) => (await import("./commands/undo.ts")).undoCommand(it),
    explain: async (it) => (await import("./commands/explain.ts")).explainCommand(it),
    context: async (it) => (await import("./commands/context.ts")).contextCommand(it),
    inverse: async (it, exit) => (await import("./commands/inverse.ts")).inverseCommand(it, exit),
    rationale: async (it, exit) =>
      (await import("./commands/rationale.ts")).rationaleCommand(it, exit),
    advisories: async (it, exit) =>
      (await import("./commands/advisories.ts")).advisoriesCommand(it, exit),
  },
  "One rollback, from proposal to close:": {
    propose: async (it) => (await import("./commands/propose.ts")).proposeCommand(it),
    evidence: async (it) => (await import("./commands/evidence.ts")).evidenceCommand(it),
    approve: async (it) => (await import("./commands/decide.ts")).approveCommand(it),
    reject: async (it) => (await import("./commands/decide.ts")).rejectCommand(it),
    clear: async (it) => (await import("./commands/clear.ts")).clearCommand(it),
    "request-changes": async (it) =>
      (await import("./commands/decide.ts")).requestChangesCommand(it),
    delegate: async (it) => (await import("./commands/decide.ts")).delegateCommand(it),
    escalate: async (it) => (await import("./commands/decide.ts")).escalateCommand(it),
    "withdraw-decision": async (it) =>
      (await import("./commands/decide.ts")).withdrawDecisionCommand(it),
    "job-key": async (it) => (await import("./commands/job-key.ts")).jobKeyCommand(it),
    check: async (it) => (await import("./commands/duties.ts")).checkCommand(it),
    override: async (it) => (await import("./commands/duties.ts")).overrideCommand(it),
    withdraw: async (it) => (await import("./commands/withdraw.ts")).withdrawCommand(it),
    run: async (it, exit) => (await import("./commands/run.ts")).runCommand(it, exit),
    gate: async (it, exit) => (await import("./commands/gate.ts")).gateCommand(it, exit),
    signal: async (it) => (await import("./commands/signal.ts")).signalCommand(it),
    observe: async (it) => (await import("./commands/observe.ts")).observeCommand(it),
    "verify-outcome": async (it) =>
      (await import("./commands/verify-outcome.ts")).verifyOutcomeCommand(it),
    drill: async (it) => (await import("./commands/drill.ts")).drillCommand(it),
    retrospective: async (it) => (await import("./commands/duties.ts")).retrospectiveCommand(it),
    renew: async (it) => (await import("./commands/duties.ts")).renewCommand(it),
    "make-permanent": async (it) => (await import("./commands/duties.ts")).makePermanentCommand(it),
    "decide-exception": async (it) =>
      (await import("./commands/duties.ts")).decideExceptionCommand(it),
    "temporary-undone": async (it) =>
      (await import("./commands/duties.ts")).temporaryUndoneCommand(it),
    review: async (it) => (await import("./commands/review.ts")).reviewCommand(it),
    close: async (it) => (await import("./commands/close.ts")).closeCommand(it),
    redact: async (it) => (await import("./commands/redact.ts")).redactCommand(it),
  },
  "Read and prove:": {
    list: async (it) => (await import("./commands/list.ts")).listCommand(it),
    show: async (it) => (await import("./commands/show.ts")).showCommand(it),
    export: async (it) => (await import("./commands/export.ts")).exportCommand(it),
    monitor: async (it, exit) => (await import("./commands/monitor.ts")).monitorCommand(it, exit),
    proof: async (it) => (await import("./commands/proof.ts")).proofCommand(it),
    times: async (it) => (await import("./commands/times.ts")).timesCommand(it),
    verify: async (it, exit) => (await import("./commands/verify.ts")).verifyCommand(it, exit),
    fsck: async (it, exit) => (await import("./commands/fsck.ts")).fsckCommand(it, exit),
    access: async (it, exit) => (await import("./commands/access.ts")).accessCommand(it, exit),
  },
  "Set up:": {
    init: async (it) => (await import("./commands/init.ts")).initCommand(it),
    person: async (it) => (await import("./commands/person.ts")).personCommand(it),
    login: async (it) => (await import("./commands/login.ts")).loginCommand(it),
    logout: async (it) => (await import("./commands/logout.ts")).logoutCommand(it),
    "login-link": async (it) => (await import("./commands/login-link.ts")).loginLinkCommand(it),
    token: async (it) => (await import("./commands/token.ts")).tokenCommand(it),
    policy: async (it, exit) => (await import("./commands/policy.ts")).policyCommand(it, exit),
    notify: async (it, exit) => (await import("./commands/notify.ts")).notifyCommand(it, exit),
    mirror: async (it, exit) => (await import("./commands/mirror.ts")).mirrorCommand(it, exit),
    rebuild: async (it) => (await import("./commands/rebuild.ts")).rebuildCommand(it),
    "log-key": async (it) => (await import("./commands/log-key.ts")).logKeyCommand(it),
    "log-close": async (it) => (await import("./commands/log-close.ts")).logCloseCommand(it),
    signer: async (it) => (await import("./commands/signer.ts")).signerCommand(it),
    freeze: async (it, exit) => (await import("./commands/freeze.ts")).freezeCommand(it, exit),
    unfreeze: async (it, exit) =>
      (await import("./commands/unfreeze.ts")).unfreezeCommand(it, exit),
    backup: async (it) => (await import("./commands/backup.ts")).backupCommand(it),
    restore: async (it) => (await import("./commands/backup.ts")).restoreCommand(it),
    serve: async (it) => (await import("./commands/serve.ts")).serveCommand(it),
    tenant: async (it) => (await import("./commands/tenant.ts")).tenantCommand(it),
    witness: async (it) => (await import("./commands/witness.ts")).witnessCommand(it),
  },
};

const epilogue = `
Exit codes: 0 good, 1 a finding or a refusal, 2 wrong usage, 3 could not be done or verified.
Without a server, commands work on the embedded ledger in ./.countermand.`;

/** The command line as a tree: only the command that `argv` names, or all of them. */
export async function buildProgram(
  context: Context,
  argv: readonly string[],
  exit: Exit,
): Promise<Command> {
  const program = new Command("countermand")
    .description(
      "The system of record for rollbacks: what was undone, why, on whose authority, and did it hold.",
    )
    .version("0.1.0")
    .enablePositionalOptions()
    .showHelpAfterError("(countermand help <command> explains)")
    .addHelpText("after", epilogue);
  for (const [heading, group] of Object.entries(commands)) {
    program.commandsGroup(heading);
    for (const [name, load] of Object.entries(group)) {
      if (argv[0] === name || !(isCommand(argv[0]) || isVersion(argv[0])))
        program.addCommand(await load(context, exit));
    }
  }
  configure(program, context);
  return program;
}

/** Runs one command line (without `node` and the script) and answers its exit code. */
export async function runProgram(context: Context, argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.good;
  const program = await buildProgram(context, argv, (value) => {
    code = value;
  });
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

function isVersion(name: string | undefined): boolean {
  return name === "-V" || name === "--version";
}

function isCommand(name: string | undefined): boolean {
  return name !== undefined && Object.values(commands).some((group) => Object.hasOwn(group, name));
}

function configure(command: Command, context: Context): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => context.out(text),
    writeErr: (text) => context.err(text),
  });
  for (const sub of command.commands) configure(sub, context);
}
