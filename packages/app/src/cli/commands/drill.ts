/**
 * `countermand drill …`: rollbacks tried before they are needed. A schedule is
 * said about a plan and signed; when a drill falls due is an entry of the
 * plan's; the drill itself is an exercise, a record of its own.
 */
import { Command } from "commander";
import {
  drillTargets,
  interval,
  nextDrill,
  occurrence,
  type Drills,
  type RecordState,
} from "@countermand/record";
import type { Countermand } from "../../rollbacks/countermand.ts";
import { Asker, confirm } from "../ask.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { speakingPerson, Texts } from "../say.ts";
import { sshSigner } from "../ssh-signer.ts";
import { columns, instant, plain, span, style } from "../terminal.ts";
import { proposeCommand } from "./propose.ts";
import {
  ledgerOptions,
  minutes,
  sayAbout,
  speakOptions,
  until,
  withLedger,
  type SpeakOptions,
} from "./shared.ts";

const aPlan = "for instance PL-2026-4";

export function drillCommand(context: Context): Command {
  return new Command("drill")
    .summary("try rollbacks before they are needed, by a schedule")
    .description(
      "A schedule belongs to a plan (`propose --plan`) and is signed. When a drill falls due is an entry of the ledger; holding one is an exercise, a record of its own that lets nothing through in production and is in no figure of real rollbacks.",
    )
    .addCommand(scheduleCommand(context))
    .addCommand(listCommand(context))
    .addCommand(startCommand(context))
    .addCommand(heldCommand(context))
    .addCommand(cancelCommand(context));
}

interface ScheduleOptions extends SpeakOptions {
  readonly every: string;
  readonly first?: string;
  readonly until: string;
  readonly within: string;
  readonly owner?: string;
  readonly target: string;
}

function scheduleCommand(context: Context): Command {
  const command = new Command("schedule")
    .summary("have what a plan describes tried again and again")
    .argument("<plan>", aPlan)
    .requiredOption("--every <interval>", "P14D, P2W, P3M or P1Y")
    .option("--first <when>", "the first: 7d, or an instant with its zone (one interval from now)")
    .option("--until <when>", "none falls due after: 365d, or an instant with its zone", "365d")
    .option(
      "--within <span>",
      "when it was not held so long after it fell due, it is overdue",
      "14d",
    )
    .option("--owner <person>", "who answers for it (you)")
    .option(
      "--target <rule>",
      "planned: to the plan's target; chosen: to one that is named each time",
      "planned",
    );
  return speakOptions(command).action(async (id: string, options: ScheduleOptions) => {
    const every = parseInterval(options.every);
    const target = drillTargets.find((item) => item === options.target);
    if (target === undefined) throw usage(`--target is one of ${drillTargets.join(", ")}.`);
    const withinDays = minutes(options.within, "--within") / 1440;
    if (!Number.isInteger(withinDays) || withinDays < 1) {
      throw usage("--within is a number of whole days such as 14d.");
    }
    const now = context.now().toISOString();
    const first =
      options.first === undefined
        ? occurrence(now, every, 1)
        : until(context, options.first, "--first");
    const end = until(context, options.until, "--until");
    const owner =
      options.owner ??
      (await withLedger(context, options, async ({ countermand }) =>
        speakingPerson((await countermand.instance()).registry, sshSigner(context, options.key)),
      ));
    await sayAbout(context, options, id, "drill-scheduled", new Texts(), (state) => ({
      record: state.id,
      owner,
      first,
      every,
      until: end,
      withinDays,
      target,
    }));
    context.out(
      `The first falls due at ${instant(first)}. Then ${plain(owner)} says:\n  countermand drill start ${plain(id)}\n`,
    );
  });
}

function parseInterval(text: string): string {
  try {
    return interval(text);
  } catch {
    throw usage(`--every is an interval such as P14D, P2W, P3M or P1Y; found ${plain(text)}.`);
  }
}

interface ListOptions extends LedgerOptions {
  readonly due?: true;
  readonly json?: true;
}

function listCommand(context: Context): Command {
  const command = new Command("list")
    .summary("the schedules, and which drills are due")
    .option("--due", "only where one is due")
    .option("--json", "one JSON object a line");
  return ledgerOptions(command).action(async (options: ListOptions) => {
    const scheduled = await withLedger(context, options, ({ countermand }) =>
      plansWithDrills(countermand),
    );
    const found = scheduled.filter(
      ({ drills }) => options.due !== true || drills.due !== undefined,
    );
    context.out(options.json === true ? lines(found) : table(context, found));
  });
}

interface Scheduled {
  readonly state: RecordState;
  readonly drills: Drills;
}

/** Plans that stand and have drills, the one that waits longest first. */
async function plansWithDrills(countermand: Countermand): Promise<readonly Scheduled[]> {
  const found: Scheduled[] = [];
  let after: string | undefined;
  do {
    const page = await countermand.records({
      status: ["planned"],
      limit: 200,
      ...(after === undefined ? {} : { after }),
    });
    for (const { id } of page.items) {
      const { state } = await countermand.record(id);
      const { drills } = state;
      // Of a schedule that is over, what is due is still to be held.
      if (drills !== undefined && (nextDrill(drills) ?? drills.due) !== undefined) {
        found.push({ state, drills });
      }
    }
    after = page.next;
  } while (after !== undefined);
  return found.toSorted((a, b) => (waits(a) < waits(b) ? -1 : 1));
}

function waits({ drills }: Scheduled): string {
  return drills.due?.at ?? nextDrill(drills) ?? "";
}

function lines(found: readonly Scheduled[]): string {
  return found
    .map(({ state, drills }) => {
      const { service, environment } = state.proposal;
      const next = nextDrill(drills);
      const held = drills.held.at(-1);
      const row = {
        plan: state.id,
        service,
        environment,
        owner: drills.schedule.owner,
        every: drills.schedule.every,
        until: drills.schedule.until,
        target: drills.schedule.target,
        ...(next === undefined ? {} : { next }),
        ...(drills.due === undefined ? {} : { due: drills.due }),
        ...(held === undefined ? {} : { lastHeld: held }),
      };
      return `${JSON.stringify(row)}\n`;
    })
    .join("");
}

function table(context: Context, found: readonly Scheduled[]): string {
  if (found.length === 0) {
    return "No drill is scheduled or due. `countermand drill schedule PLAN --every P3M` schedules some.\n";
  }
  const now = context.now().getTime();
  return columns([
    ["PLAN", "WHAT", "OWNER", "EVERY", "NEXT", "LAST HELD", "DUE"].map((title) =>
      style(context, "dim", title),
    ),
    ...found.map(({ state, drills }) => {
      const { schedule, due } = drills;
      const next = nextDrill(drills);
      const held = drills.held.at(-1);
      return [
        state.id,
        `${plain(state.proposal.service)} in ${plain(state.proposal.environment)}`,
        plain(schedule.owner),
        schedule.every,
        next === undefined ? "none" : next.slice(0, 10),
        held === undefined ? "never" : `${held.recordedAt.slice(0, 10)} ${held.outcome}`,
        due === undefined
          ? "no"
          : style(
              context,
              due.overdue === undefined ? "yellow" : "red",
              `${due.overdue === undefined ? "due" : "overdue"}, since ${span(now - Date.parse(due.at))}${due.missed === 0 ? "" : `, ${due.missed} more missed`}`,
            ),
      ];
    }),
  ]);
}

function startCommand(context: Context): Command {
  const command = new Command("start")
    .summary("hold a drill: propose an exercise from the plan")
    .description(
      "What is not given is the plan's. The exercise is assessed, decided on, run and verified like any rollback; then `countermand drill held PLAN DRILL succeeded`.",
    )
    .argument("<plan>", aPlan)
    .option("--target <state>", "what to go back to (needed where the schedule says `chosen`)")
    .option("--current <state>", "what runs now")
    .option("--ticket <id>", "the drill's own ticket")
    .option("--rationale <text>", "what is to be found out")
    .option("--repo <folder>", "the repository to analyse (the one here)");
  return speakOptions(command).action(
    async (id: string, options: SpeakOptions & Readonly<Record<string, string>>) => {
      const { state } = await withLedger(context, options, ({ countermand }) =>
        countermand.record(id),
      );
      const drills = planOf(state);
      if (drills.schedule.target === "chosen" && options["target"] === undefined) {
        throw usage("This schedule has no target of its own; name one with --target.");
      }
      if (drills.due === undefined) {
        const next = nextDrill(drills);
        context.err(
          `No drill of ${state.id} is due${next === undefined ? "" : ` before ${instant(next)}`}; this one will be an exercise like any, and count for none.\n`,
        );
      }
      const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
      const propose = proposeCommand(context).exitOverride();
      await propose.parseAsync(["--exercise", "--from-plan", state.id, ...given], { from: "user" });
      if (drills.due !== undefined) {
        context.out(
          `Once it ran: countermand drill held ${state.id} DR-… succeeded (or failed), by ${plain(drills.schedule.owner)}\n`,
        );
      }
    },
  );
}

function planOf(state: RecordState): Drills {
  if (state.drills === undefined || state.status !== "planned") {
    throw new CommandError(
      exitCodes.finding,
      `${state.id} is ${state.status} and has no drills; \`countermand drill schedule\` gives a plan some.`,
    );
  }
  return state.drills;
}

function heldCommand(context: Context): Command {
  const command = new Command("held")
    .summary("say that the drill that was due was held, and how it went")
    .argument("<plan>", aPlan)
    .argument("<drill>", "the exercise that ran, for instance DR-2026-9")
    .argument("<outcome>", "succeeded or failed");
  return speakOptions(command).action(
    async (id: string, drill: string, outcome: string, options: SpeakOptions) => {
      if (outcome !== "succeeded" && outcome !== "failed") {
        throw usage("The outcome is succeeded or failed.");
      }
      await sayAbout(context, options, id, "drill-held", new Texts(), (state) => ({
        record: state.id,
        drill,
        outcome,
      }));
    },
  );
}

function cancelCommand(context: Context): Command {
  const command = new Command("cancel")
    .summary("no more drills of a plan, and none that is due")
    .argument("<plan>", aPlan)
    .option("--rationale <text>", "why (asked for)")
    .option("-y, --yes", "do not ask for confirmation");
  return speakOptions(command).action(
    async (id: string, options: SpeakOptions & { rationale?: string; yes?: true }) => {
      const asker = new Asker(context);
      const rationale = await asker.ask(options.rationale, {
        option: "--rationale",
        question: "Why are they not needed any more",
      });
      asker.refuseMissing();
      const texts = new Texts();
      await sayAbout(context, options, id, "drill-cancelled", texts, async (state) => {
        const { due } = planOf(state);
        if (due !== undefined) {
          context.err(`A drill of ${state.id} is due since ${instant(due.at)}; it is dropped.\n`);
        }
        if (options.yes !== true && !(await confirm(context, "Sign it?", true))) {
          throw new CommandError(exitCodes.finding, "Nothing was signed.");
        }
        return { record: state.id, rationale: texts.commit(rationale) };
      });
    },
  );
}
