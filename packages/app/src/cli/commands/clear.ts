/** `countermand clear RB FINDING...`: take findings off the score for a time, signed, with ground and end. */
import { Command } from "commander";
import { clearingGrounds, clearingScopes, type RecordState } from "@countermand/record";
import { clearingsOf, formatClearings } from "../../undo/clearing/clearings.ts";
import { findFindings } from "../../undo/output/explain.ts";
import { parseUndoReport } from "../../undo/range/parse-report.ts";
import type { UndoReport } from "../../undo/range/report.ts";
import { count, forTerminal } from "../../undo/text.ts";
import type { Countermand, RecordView } from "../../rollbacks/countermand.ts";
import { Asker, confirm } from "../ask.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { Texts } from "../say.ts";
import { plain } from "../terminal.ts";
import { sayAbout, speakOptions, textOf, until, withLedger, type SpeakOptions } from "./shared.ts";

interface ClearOptions extends SpeakOptions {
  readonly ground?: string;
  readonly scope: string;
  readonly until?: string;
  readonly rationale?: string;
  readonly json?: true;
  readonly yes?: true;
}

export function clearCommand(context: Context): Command {
  const command = new Command("clear")
    .summary("say why findings of a record are no harm, until when, and sign it")
    .description(
      `Signs that findings of a record's assessment are no harm, or are borne, until a day. FINDING is a fingerprint, its beginning (6 digits or more) or the name of an implication. Approvals stay as they are; the next assessment lists these findings as cleared and does not score them.
Without a FINDING the record's clearings are listed; with --json those that hold, for countermand undo --clearings.`,
    )
    .argument("<record>", "for instance RB-2026-7")
    .argument("[finding...]", "for instance 3f2a91c0")
    .option("--ground <ground>", clearingGrounds.join(", "))
    .option(
      "--scope <scope>",
      "record: this record and its target; service: every rollback of the service",
      "record",
    )
    .option("--until <when>", "a span (90d) or an instant, at most a year ahead")
    .option("--rationale <text>", "why (asked for)")
    .option("--json", "list what holds as JSON")
    .option("-y, --yes", "do not ask for confirmation");
  return speakOptions(command).action(
    async (id: string, findings: readonly string[], options: ClearOptions) => {
      if (findings.length === 0) return list(context, options, id);
      if (options.json === true) {
        throw usage("--json lists what is cleared; it is given without findings.");
      }
      await clear(context, options, id, findings);
    },
  );
}

async function clear(
  context: Context,
  options: ClearOptions,
  id: string,
  asked: readonly string[],
): Promise<void> {
  const scope = clearingScopes.find((item) => item === options.scope);
  if (scope === undefined) throw usage(`--scope is one of ${clearingScopes.join(", ")}.`);
  const texts = new Texts();
  const report = await withLedger(context, options, async ({ countermand }) =>
    reportOf(countermand, (await countermand.record(id)).state),
  );
  await sayAbout(context, options, id, "implication-cleared", texts, async (state) => {
    const findings = namedIn(report, state, asked);
    for (const line of linesOf(report, findings)) context.err(`  ${line}\n`);
    const asker = new Asker(context);
    const ground = await asker.ask(options.ground, {
      option: "--ground",
      question: `On what ground (${clearingGrounds.join(", ")})`,
    });
    const end = await asker.ask(options.until, {
      option: "--until",
      question: "Until when (90d, or an instant)",
    });
    const rationale = await asker.rationale(options.rationale, {
      option: "--rationale",
      use: "clearing",
      reason: ground,
    });
    asker.refuseMissing();
    if (!clearingGrounds.some((item) => item === ground)) {
      throw usage(`--ground is one of ${clearingGrounds.join(", ")}; found ${plain(ground)}.`);
    }
    const ends = until(context, end, "--until");
    context.err(
      `\nYou sign: ${count(findings.length, "finding")} of ${state.id} cleared (${ground}) for this ${scope}, until ${ends}\n\n`,
    );
    if (options.yes !== true && !(await confirm(context, "Sign it?", true))) {
      throw new CommandError(exitCodes.finding, "Nothing was signed.");
    }
    return {
      record: state.id,
      findings,
      ground,
      scope,
      until: ends,
      rationale: texts.commit(rationale),
    };
  });
}

async function list(context: Context, options: ClearOptions, id: string): Promise<void> {
  const view = await withLedger(context, options, ({ countermand }) => countermand.record(id));
  const now = context.now().toISOString();
  const holds = clearingsOf(view.state, now);
  if (options.json === true) return context.out(formatClearings(holds));
  const { clearings } = view.state;
  if (clearings.length === 0) return context.out(`Nothing of ${view.state.id} is cleared.\n`);
  const entries = new Set(holds.map(({ entry }) => entry));
  for (const item of clearings) context.out(lineOf(item, entries.has(item.index), view));
}

function lineOf(
  item: RecordState["clearings"][number],
  holds: boolean,
  { state, openings }: RecordView,
): string {
  const why = forTerminal(textOf(openings, item.rationale, state.deletedOpenings), 500);
  const standing = holds ? `until ${item.until}` : `no longer (until ${item.until})`;
  return `entry ${item.index}  ${item.ground}, for the ${item.scope}, ${standing}, by ${plain(item.actor)}\n  ${why}\n${item.findings.map((one) => `  ${one}\n`).join("")}`;
}

/** The report beside the record's assessment; undefined where there is none or it was not kept. */
async function reportOf(
  countermand: Countermand,
  { assessment }: RecordState,
): Promise<UndoReport | undefined> {
  if (assessment?.report === undefined) return undefined;
  const bytes = await countermand.getArtefact(assessment.report.digest);
  return bytes === undefined ? undefined : parseUndoReport(bytes);
}

/** Full fingerprints of what was asked for, each once. */
function namedIn(
  report: UndoReport | undefined,
  state: RecordState,
  asked: readonly string[],
): string[] {
  const found = new Set<string>();
  for (const one of asked) {
    const matches = report === undefined ? [] : findFindings(report, one);
    for (const { fingerprint } of matches) found.add(fingerprint);
    if (matches.length > 0) continue;
    if (report !== undefined) {
      throw usage(
        `No finding in the assessment of ${state.id} is ${plain(one)}; countermand show ${state.id} lists them.`,
      );
    }
    if (!/^[0-9a-f]{32}$/.test(one)) {
      throw usage(
        `The report of ${state.id} is not here, so a finding is named by its whole fingerprint of 32 digits; found ${plain(one)}.`,
      );
    }
    found.add(one);
  }
  return [...found];
}

function linesOf(report: UndoReport | undefined, findings: readonly string[]): string[] {
  const known = new Map((report?.findings ?? []).map((one) => [one.fingerprint, one]));
  return findings.map((fingerprint) => {
    const one = known.get(fingerprint);
    if (one === undefined) return fingerprint;
    return forTerminal(
      `${fingerprint.slice(0, 8)}  ${one.severity}  ${one.implication}  ${one.subject}`,
      160,
    );
  });
}
