/** `countermand policy …`: read, check, test, try and change the rules. */
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { prefixOf } from "@countermand/record";
import { runCase } from "../../policy/cases.ts";
import { isSame } from "../../policy/diff.ts";
import { PolicyError } from "../../policy/error.ts";
import { readDefault, readDefaultCases, writeFolder } from "../../policy/folder.ts";
import { casesName } from "../../policy/limits.ts";
import { simulateRecord, simulateReversal, Tally, type Simulated } from "../../policy/simulate.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { exitCodes, usage, type ExitCode } from "../exit.ts";
import {
  renderCases,
  renderChecked,
  renderDiff,
  renderPolicy,
  renderProblems,
  renderSimulated,
  renderTally,
} from "../policy-render.ts";
import {
  casesIn,
  checked,
  difference,
  inForce,
  policyIn,
  policyOf,
  type PolicySource,
} from "../policy-source.ts";
import { progressLine } from "../progress.ts";
import { plain } from "../terminal.ts";
import { decideCommand, proposeCommand } from "./policy-change.ts";
import { ledgerOptions, withLedger } from "./shared.ts";

type Exit = (code: ExitCode) => void;

export function policyCommand(context: Context, exit: Exit): Command {
  return new Command("policy")
    .summary("read, check, test, try and change the rules")
    .description(
      "A policy is a folder: rules in Cedar, their schema, and settings.json. docs/policy explains it; `countermand policy default` makes one to begin with.",
    )
    .addCommand(defaultCommand(context))
    .addCommand(checkCommand(context, exit))
    .addCommand(testCommand(context, exit))
    .addCommand(simulateCommand(context, exit))
    .addCommand(showCommand(context))
    .addCommand(diffCommand(context, exit))
    .addCommand(proposeCommand(context))
    .addCommand(decideCommand(context));
}

function defaultCommand(context: Context): Command {
  return new Command("default")
    .summary("write the default policy, to begin with")
    .argument("[dir]", "a folder that is not there yet", "policy")
    .action(async (dir: string) => {
      const folder = resolve(context.cwd, dir);
      try {
        const cases = new Map([[casesName, await readDefaultCases()]]);
        await writeFolder(folder, await readDefault(), cases);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        throw usage(`${plain(folder)} is not empty; name a folder that is not there yet.`);
      }
      context.out(
        `${plain(dir)} is the default policy. \`countermand policy check ${plain(dir)}\` and \`policy test ${plain(dir)}\` look at it, \`policy propose ${plain(dir)}\` brings it before a second administrator.\n`,
      );
    });
}

function checkCommand(context: Context, exit: Exit): Command {
  return new Command("check")
    .summary("types, rules that never match, contradictions, misspelt words")
    .description(
      "Loads the policy as a ledger would, then searches all facts that its rules can tell apart: for rules that never match, permits that are always forbidden, rules that change nothing, things that nobody may do. It does not know which roles people have, nor what was meant. Exit code 0: nothing found (notes do not count). 1: a finding.",
    )
    .argument("[dir]", "the policy's folder", "policy")
    .option("--json", "print one JSON object")
    .action(async (dir: string, options: { json?: true }) => {
      const source = await loaded(context, exit, dir, options.json);
      if (source === undefined) return;
      const result = checked(source);
      if (options.json === true) {
        context.out(
          `${JSON.stringify({ loads: true, digest: source.rules?.digest, ...result })}\n`,
        );
      } else {
        context.out(renderChecked(context, source, result));
      }
      if (result.remarks.some((remark) => remark.level === "finding")) exit(exitCodes.finding);
    });
}

/** The folder's policy; where it does not load, every problem is told and the exit code is 1. */
async function loaded(
  context: Context,
  exit: Exit,
  dir: string,
  json: true | undefined,
): Promise<PolicySource | undefined> {
  try {
    return await policyIn(context, dir);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const { problems } = error;
    if (json === true) context.out(`${JSON.stringify({ loads: false, problems })}\n`);
    else context.out(renderProblems(context, problems));
    exit(exitCodes.finding);
    return undefined;
  }
}

function testCommand(context: Context, exit: Exit): Command {
  return new Command("test")
    .summary("run the cases beside the rules")
    .description(
      "Runs cases.yaml or cases.json of the folder: requests with what must come of them. Exit code 0: as expected. 1: at least one is not.",
    )
    .argument("[dir]", "the policy's folder", "policy")
    .option("--json", "one JSON object a line")
    .action(async (dir: string, options: { json?: true }) => {
      const source = await loaded(context, exit, dir, options.json);
      if (source === undefined) return;
      const found = await casesIn(context, dir);
      if (found === undefined) {
        throw usage(`${plain(dir)} has no cases.yaml; docs/policy/cases.md says how to write one.`);
      }
      const { rules, settings } = source;
      if (rules === undefined) throw new TypeError("a folder's policy has rules");
      const results = found.cases.map((item) => runCase(rules, settings, item));
      if (options.json === true) {
        for (const result of results) context.out(`${JSON.stringify(result)}\n`);
      } else {
        context.out(renderCases(context, results));
      }
      if (results.some((result) => result.differences.length > 0)) exit(exitCodes.finding);
    });
}

interface SimulateOptions extends LedgerOptions {
  readonly audit?: string;
  readonly service: string;
  readonly environment: string;
  readonly ranBefore?: true;
  readonly all?: true;
  readonly json?: true;
}

function simulateCommand(context: Context, exit: Exit): Command {
  const command = new Command("simulate")
    .summary("what this policy would have made of the past")
    .description(
      "Replays every rollback of the ledger, without drills and plans, and judges each thing that was said by this policy: what would have been blocked, and what would have had to wait for more. With --audit, every reversal of an audited history: what it would have had to show.",
    )
    .argument("[dir]", "the policy's folder", "policy")
    .option("--audit <file>", "output of `countermand audit --json`, instead of the ledger")
    .option("--service <name>", "with --audit: the service that the history is of", "service")
    .option("--environment <name>", "with --audit: where it runs", "production")
    .option("--ran-before", "with --audit: take it that each target ran there before")
    .option("--all", "show those that would have been allowed too")
    .option("--json", "one JSON object a line, the summary last");
  return ledgerOptions(command).action(async (dir: string, options: SimulateOptions) => {
    const source = await loaded(context, exit, dir, options.json);
    if (source === undefined) return;
    const past =
      options.audit === undefined
        ? ledgerPast(context, options, source)
        : auditPast(context, options.audit, options, source);
    const progress = progressLine(context);
    const tally = new Tally();
    for await (const one of past) {
      tally.add(one);
      progress.clear();
      if (options.json === true) context.out(`${JSON.stringify(one)}\n`);
      else if (one.outcome !== "allowed" || options.all === true) {
        context.out(renderSimulated(context, one));
      }
      progress.show(`${tally.total} looked at`);
      context.interrupted.throwIfAborted();
    }
    progress.clear();
    const { outcomes, classes, reasons, total } = tally;
    if (options.json === true) {
      context.out(`${JSON.stringify({ summary: { total, ...outcomes, classes, reasons } })}\n`);
    } else {
      const what = options.audit === undefined ? "record" : "reversal";
      context.out(total === 0 ? `There is no ${what} yet.\n` : renderTally(context, tally, what));
    }
  });
}

/** Page after page, one record in memory at a time. */
async function* ledgerPast(
  context: Context,
  options: LedgerOptions,
  source: PolicySource,
): AsyncIterable<Simulated> {
  const ledger = await context.open(options);
  try {
    let after: string | undefined;
    do {
      const page = await ledger.countermand.records({
        limit: 100,
        ...(after === undefined ? {} : { after }),
      });
      for (const { id } of page.items) {
        // Drills and plans are no rollbacks, and in no figure of them.
        if (!id.startsWith(prefixOf(undefined))) continue;
        const bytes = await ledger.countermand.exportRecord(id, {
          withoutArtefacts: true,
          withhold: "all",
        });
        yield await simulateRecord(bytes, policyAs(source));
      }
      after = page.next;
    } while (after !== undefined);
  } finally {
    await ledger.close();
  }
}

async function* auditPast(
  context: Context,
  file: string,
  options: SimulateOptions,
  source: PolicySource,
): AsyncIterable<Simulated> {
  const { service, environment } = options;
  const as = { service, environment, ranBefore: options.ranBefore === true };
  let number = 0;
  try {
    for await (const line of linesOf(resolve(context.cwd, file))) {
      number += 1;
      if (line.trim() !== "") yield simulateReversal(line, policyAs(source), as);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EISDIR") throw usage(`${plain(file)} is no file (${code}).`);
    if (!(error instanceof SyntaxError)) throw error;
    throw usage(`${plain(file)}, line ${number}: ${plain(error.message, 300)}.`);
  }
}

/** A line of an audit is never this long, and what has no line's end is no audit. */
const maxLine = 4_194_304;

async function* linesOf(path: string): AsyncIterable<string> {
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8" })) {
    const lines = `${rest}${chunk as string}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length > maxLine) throw new SyntaxError(`a line of more than ${maxLine} characters`);
  }
  yield rest;
}

function policyAs({ settings, rules }: PolicySource) {
  return { settings, ...(rules === undefined ? {} : { rules }) };
}

function showCommand(context: Context): Command {
  const command = new Command("show")
    .summary("the policy in force, and one that waits for a decision")
    .option("-o, --output <dir>", "write it as a folder")
    .option("--proposed", "the one that waits, not the one in force")
    .option("--json", "print settings and digest as one JSON object");
  return ledgerOptions(command).action(
    async (options: LedgerOptions & { output?: string; proposed?: true; json?: true }) => {
      await withLedger(context, options, async ({ countermand }) => {
        const { registry } = await countermand.instance();
        const { policyProposal } = registry;
        if (options.proposed === true && policyProposal === undefined) {
          throw usage("No policy waits for a decision.");
        }
        const of = options.proposed === true ? policyProposal : undefined;
        const source = await policyOf(countermand, of ?? inForce(registry));
        if (options.json === true) {
          const { settings, rules } = source;
          context.out(
            `${JSON.stringify({ settings, ...(rules === undefined ? {} : { digest: rules.digest }), ...(policyProposal === undefined ? {} : { proposal: policyProposal }) })}\n`,
          );
        } else if (options.output === undefined) {
          context.out(renderPolicy(context, source));
          if (policyProposal !== undefined && of === undefined) {
            context.out(
              `\n${plain(policyProposal.by)} proposes ${plain(policyProposal.settings.id)} version ${policyProposal.settings.version}; \`countermand policy decide\` shows the difference.\n`,
            );
          }
        }
        if (options.output === undefined) return;
        if (source.rules === undefined) {
          throw usage("There are no rules in force; `countermand policy default` makes a folder.");
        }
        await writeFolder(resolve(context.cwd, options.output), source).catch((error: unknown) => {
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
          throw usage(
            `${plain(options.output ?? "")} is not empty; name a folder that is not there yet.`,
          );
        });
        context.err(`Written to ${plain(options.output)}.\n`);
      });
    },
  );
}

function diffCommand(context: Context, exit: Exit): Command {
  const command = new Command("diff")
    .summary("what a folder changes in the policy in force, or another folder in it")
    .description("Exit code 0: no difference. 1: they differ.")
    .argument("[dir]", "the folder", "policy")
    .argument(
      "[other]",
      "what changes from <dir> to this folder, instead of from the ledger to <dir>",
    )
    .option("--json", "print one JSON object");
  return ledgerOptions(command).action(
    async (dir: string, other: string | undefined, options: LedgerOptions & { json?: true }) => {
      const folder = await policyIn(context, dir);
      const [before, after] =
        other === undefined
          ? [await policyInForce(context, options), folder]
          : [folder, await policyIn(context, other)];
      const diff = difference(before, after);
      if (options.json === true) {
        const ids = (rules: readonly { id: string }[]) => rules.map((rule) => rule.id);
        context.out(
          `${JSON.stringify({ settings: diff.settings, added: ids(diff.added), removed: ids(diff.removed), changed: diff.changed.map(({ rule, lines }) => ({ id: rule.id, lines })) })}\n`,
        );
      } else {
        context.out(renderDiff(context, diff));
      }
      if (!isSame(diff)) exit(exitCodes.finding);
    },
  );
}

function policyInForce(context: Context, options: LedgerOptions): Promise<PolicySource> {
  return withLedger(context, options, async ({ countermand }) =>
    policyOf(countermand, inForce((await countermand.instance()).registry)),
  );
}
