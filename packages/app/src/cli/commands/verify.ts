/** `countermand verify FILE`: one package, no server, no network. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import type { VerifyReport } from "@countermand/record";
import type { NoteVerifier } from "@countermand/tlog";
import type { Context } from "../context.ts";
import { exitCodes, usage, type ExitCode } from "../exit.ts";
import { instant, plain, style } from "../terminal.ts";
import { timesBy } from "../time-roots.ts";
import { readTrust, trustHelp } from "../trust.ts";
import { count } from "../../undo/text.ts";

/** More than this is no package of ours, and would not fit in memory twice. */
const maxBytes = 1_073_741_824;

interface Options {
  readonly logKey?: string;
  readonly secondKey?: string;
  readonly trust?: string;
  readonly timeRoots?: string;
  readonly json?: true;
}

export function verifyCommand(context: Context, exit: (code: ExitCode) => void): Command {
  return new Command("verify")
    .summary("check an exported record: no server, no network")
    .description(
      "Checks an exported record with nothing but its bytes: inclusion in a signed checkpoint, every signature, every rule replayed, openings and artefacts.\nExit code 0: good. 1: something is wrong, and is named. 3: this is not a package.",
    )
    .argument("<file>", "a package made by `countermand export`")
    .option("--log-key <key>", "the ledger's C2SP verifier key, as you know it from elsewhere")
    .option("--trust <file>", trustHelp)
    .option(
      "--second-key <key>",
      "the verifier key of the ledger's second line (ML-DSA-44): the checkpoint must have it, too",
    )
    .option(
      "--time-roots <file>",
      "PEM certificates of the time authorities that you believe: their tokens are checked, with openssl",
    )
    .option("--json", "print the report as one JSON object")
    .action(async (file: string, options: Options) => {
      const bytes = await read(resolve(context.cwd, file));
      const { verifyPackage } = await import("@countermand/record");
      const { logKey, secondKey, timeRoots } = options;
      if (logKey !== undefined && options.trust !== undefined) {
        throw usage("--log-key and --trust: one of them is given, not both.");
      }
      const trust =
        options.trust === undefined ? undefined : await readTrust(context, options.trust);
      const report = await verifyPackage(bytes, {
        ...(logKey === undefined ? {} : { logKey }),
        ...(trust === undefined ? {} : { trust }),
        ...(secondKey === undefined ? {} : { secondKey: await secondKeyOf(secondKey) }),
        ...(timeRoots === undefined ? {} : { checkTime: await timesBy(context, timeRoots) }),
        // Only a package with rules pays for reading their language.
        loadJudge: async () => (await import("../../policy/judge.ts")).loadJudge,
      });
      if (options.json === true) context.out(`${JSON.stringify(report)}\n`);
      else context.out(render(context, report));
      const codes = {
        good: exitCodes.good,
        finding: exitCodes.finding,
        unverifiable: exitCodes.couldNot,
      };
      exit(codes[report.verdict]);
    });
}

async function secondKeyOf(vkey: string): Promise<NoteVerifier> {
  const { isCosignatureKey, parseVerifierKey } = await import("@countermand/tlog");
  try {
    const verifier = parseVerifierKey(vkey);
    if (isCosignatureKey(verifier)) return verifier;
  } catch (error) {
    throw usage(`--second-key: ${(error as Error).message}.`);
  }
  throw usage("--second-key: that is the key of a log's first line; name it with --log-key.");
}

async function read(path: string): Promise<Uint8Array> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > maxBytes)
      throw usage(`${path} has ${bytes.length} bytes; a package has at most ${maxBytes}.`);
    return bytes;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw usage(`${path} does not exist.`);
    if (code === "EISDIR") throw usage(`${path} is a folder; name the package file in it.`);
    throw error;
  }
}

function render(context: Context, report: VerifyReport): string {
  const lines: string[] = [];
  const { record, log } = report;
  const verdicts = {
    good: style(context, "green", "GOOD"),
    finding: style(context, "red", "NOT GOOD"),
    unverifiable: style(context, "yellow", "COULD NOT VERIFY"),
  };
  lines.push(`${style(context, "bold", verdicts[report.verdict])}${verdictText(report)}`, "");
  for (const finding of report.findings) {
    const rule = finding.rule === undefined ? "" : ` [${finding.rule}]`;
    lines.push(
      `  ${style(context, "red", "✗")} ${plain(finding.where)}: ${plain(finding.problem, 600)}${rule}`,
    );
  }
  if (report.findings.length > 0) lines.push("");
  if (record !== undefined) {
    const { proposal } = record;
    lines.push(
      `${record.id}: ${plain(proposal.kind)} of ${plain(proposal.service)} in ${plain(proposal.environment)}, ${record.status} since ${instant(record.since)}`,
      ...record.timeline.map(
        (item) => `  ${instant(item.recordedAt)}  ${plain(item.actor)} ${plain(item.says, 300)}`,
      ),
      ...attested(report),
      "",
    );
  }
  if (report.checks.length > 0) {
    lines.push("Checked:");
    for (const check of report.checks) {
      const mark = check.failed === 0 ? style(context, "green", "✓") : style(context, "red", "✗");
      const failed = check.failed === 0 ? "" : `, ${check.failed} failed`;
      lines.push(`  ${mark} ${check.what} (${check.passed}${failed})`);
    }
    const { opened, withheld, deleted } = report.openings;
    lines.push(`  · texts: ${opened} opened, ${withheld} withheld, ${deleted} deleted`);
  }
  if (report.notChecked.length > 0) {
    lines.push("Not checked:", ...report.notChecked.map((note) => `  ? ${plain(note, 400)}`));
  }
  if (log !== undefined) {
    lines.push(
      "",
      `Ledger ${plain(log.origin)}, ${count(log.size, "entry", "entries")}, root ${log.root}`,
      `Log key ${plain(log.key)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Until when the first and the last of the entries with a token were there. */
function attested({ times }: VerifyReport): string[] {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return [];
  const said = first.checked ? "a time authority signed" : "tokens say, unchecked,";
  return [
    `  ${said} that entry ${first.index} was there by ${instant(first.attestedAt)}, entry ${last.index} by ${instant(last.attestedAt)}`,
  ];
}

function verdictText(report: VerifyReport): string {
  switch (report.verdict) {
    case "good":
      return "  every check passed";
    case "finding":
      return `  ${count(report.findings.length, "thing")} in this package ${report.findings.length === 1 ? "is" : "are"} not as it claims`;
    case "unverifiable":
      return "  this is not a package that can be read";
  }
}
