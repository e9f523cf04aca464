/**
 * What a record is bound to beside its main line: checks that approvals wait
 * for, an emergency's retrospective, the end of what is temporary, and the
 * override of what is mandatory.
 */
import { Command } from "commander";
import type { JsonObject } from "@countermand/record";
import { Asker, confirm } from "../ask.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../exit.ts";
import { identityHelp, parseIdentity } from "../identity-argument.ts";
import { withRepository } from "../repository-argument.ts";
import { Texts } from "../say.ts";
import { collect, sayAbout, speakOptions, until, type SpeakOptions } from "./shared.ts";

const aRecord = "for instance RB-2026-7";

export function checkCommand(context: Context): Command {
  const command = new Command("check")
    .summary("report a named check as passed or failed")
    .description("Approvals can wait for a check by its name; the newest report counts.")
    .argument("<record>", aRecord)
    .argument("<name>", "for instance smoke")
    .argument("<outcome>", "passed or failed")
    .option("--comment <text>", "more about it");
  return speakOptions(command).action(
    async (
      id: string,
      name: string,
      outcome: string,
      options: SpeakOptions & { comment?: string },
    ) => {
      const texts = new Texts();
      await sayAbout(context, options, id, "check-reported", texts, (state) => ({
        record: state.id,
        name,
        outcome,
        ...texts.optional("comment", options.comment),
      }));
    },
  );
}

interface RetrospectiveOptions extends SpeakOptions {
  readonly outcome?: string;
  readonly findings?: string;
  readonly action?: readonly string[];
}

export function retrospectiveCommand(context: Context): Command {
  const command = new Command("retrospective")
    .summary("judge an emergency that you took no part in")
    .description(
      "An emergency acts first and is judged afterwards. Until somebody who took no part has done it, the record cannot be closed; once it is overdue, no other emergency is opened by the same person or for the same service.",
    )
    .argument("<record>", aRecord)
    .option("--outcome <outcome>", "justified, justified-with-actions or not-justified")
    .option("--findings <text>", "what was found")
    .option("--action <ticket>", "a ticket for what is to change, repeatable", collect);
  return speakOptions(command).action(async (id: string, options: RetrospectiveOptions) => {
    const asker = new Asker(context);
    const outcome = await asker.ask(options.outcome, {
      option: "--outcome",
      question: "Was it justified, justified-with-actions or not-justified",
    });
    const findings = await asker.ask(options.findings, {
      option: "--findings",
      question: "What did you find",
    });
    asker.refuseMissing();
    const texts = new Texts();
    await sayAbout(context, options, id, "retrospective", texts, (state) => ({
      record: state.id,
      outcome,
      actions: options.action ?? [],
      findings: texts.commit(findings),
    }));
  });
}

export function renewCommand(context: Context): Command {
  const command = new Command("renew")
    .summary("ask to let a temporary rollback stay longer")
    .description("Others decide. Each renewal needs one person more than the one before.")
    .argument("<record>", aRecord)
    .requiredOption("--until <when>", "its new end: 7d, or an instant with its zone")
    .option("--rationale <text>", "why it must stay (asked for)");
  return speakOptions(command).action(
    (id: string, options: SpeakOptions & { until: string; rationale?: string }) =>
      requestException(context, id, options, {
        kind: "renew",
        until: until(context, options.until, "--until"),
      }),
  );
}

export function makePermanentCommand(context: Context): Command {
  const command = new Command("make-permanent")
    .summary("ask to let a temporary rollback stay for good")
    .description("Others decide, as many as for the next renewal.")
    .argument("<record>", aRecord)
    .option("--rationale <text>", "why it is to stay (asked for)");
  return speakOptions(command).action(
    (id: string, options: SpeakOptions & { rationale?: string }) =>
      requestException(context, id, options, { kind: "make-permanent" }),
  );
}

async function requestException(
  context: Context,
  id: string,
  options: SpeakOptions & { readonly rationale?: string },
  what: JsonObject,
): Promise<void> {
  const asker = new Asker(context);
  const rationale = await asker.rationale(options.rationale, {
    option: "--rationale",
    use: "exception",
  });
  asker.refuseMissing();
  const texts = new Texts();
  await sayAbout(context, options, id, "exception-requested", texts, (state) => ({
    record: state.id,
    ...what,
    rationale: texts.commit(rationale),
  }));
  context.out(`Others now say \`countermand decide-exception ${id} approve\`.\n`);
}

export function decideExceptionCommand(context: Context): Command {
  const command = new Command("decide-exception")
    .summary("approve or reject what was asked for a temporary rollback")
    .argument("<record>", aRecord)
    .argument("<decision>", "approve or reject")
    .option("--comment <text>", "a comment")
    .option("-y, --yes", "do not ask for confirmation");
  return speakOptions(command).action(
    async (
      id: string,
      decision: string,
      options: SpeakOptions & { comment?: string; yes?: true },
    ) => {
      const texts = new Texts();
      await sayAbout(context, options, id, "exception-decided", texts, async (state) => {
        const request = state.exceptions.find((item) => item.outcome === undefined);
        if (request === undefined) {
          throw new CommandError(exitCodes.finding, `Nothing asked for ${state.id} waits.`);
        }
        const what =
          request.until === undefined ? "to stay for good" : `to stay until ${request.until}`;
        context.err(
          `${request.actor} asks for ${state.id} ${what}; it needs ${request.approvals} persons.\n`,
        );
        if (options.yes !== true && !(await confirm(context, `Sign ${decision}?`, true))) {
          throw new CommandError(exitCodes.finding, "Nothing was signed.");
        }
        return {
          record: state.id,
          request: request.id,
          decision,
          ...texts.optional("comment", options.comment),
        };
      });
    },
  );
}

interface UndoneOptions extends SpeakOptions {
  readonly running: string;
  readonly source: string;
  readonly repo?: string;
}

export function temporaryUndoneCommand(context: Context): Command {
  const command = new Command("temporary-undone")
    .summary("say that a temporary rollback is no more: something else runs")
    .argument("<record>", aRecord)
    .requiredOption("--running <state>", `what runs instead: ${identityHelp}`)
    .option("--source <name>", "where it was seen", "eyes")
    .option("--repo <folder>", "the repository to look a ref up in (the one here)");
  return speakOptions(command).action(async (id: string, options: UndoneOptions) => {
    const running = await withRepository(context, options.repo, (repository) =>
      parseIdentity(options.running, repository),
    );
    await sayAbout(context, options, id, "temporary-undone", new Texts(), (state) => ({
      record: state.id,
      running,
      source: options.source,
    }));
  });
}

interface OverrideOptions extends SpeakOptions {
  readonly until: string;
  readonly control?: string;
  readonly rationale?: string;
  readonly yes?: true;
}

export function overrideCommand(context: Context): Command {
  const command = new Command("override")
    .summary("set a mandatory rollback aside for a time, with a control in its place")
    .description(
      "Needs the permission `override`, and is for somebody who neither owns nor proposed it. At its end the rollback is to be decided on again.",
    )
    .argument("<record>", aRecord)
    .requiredOption("--until <when>", "2d, or an instant with its zone")
    .option("--control <text>", "what protects meanwhile (asked for)")
    .option("--rationale <text>", "why not now (asked for)")
    .option("-y, --yes", "do not ask for confirmation");
  return speakOptions(command).action(async (id: string, options: OverrideOptions) => {
    const asker = new Asker(context);
    const control = await asker.ask(options.control, {
      option: "--control",
      question: "What protects meanwhile",
    });
    const rationale = await asker.rationale(options.rationale, {
      option: "--rationale",
      use: "override",
      fields: { control },
    });
    asker.refuseMissing();
    const end = until(context, options.until, "--until");
    const texts = new Texts();
    await sayAbout(context, options, id, "overridden", texts, async (state) => {
      context.err(`You set ${state.id} aside until ${end}.\n`);
      if (options.yes !== true && !(await confirm(context, "Sign it?", true))) {
        throw new CommandError(exitCodes.finding, "Nothing was signed.");
      }
      return {
        record: state.id,
        until: end,
        control: texts.commit(control),
        rationale: texts.commit(rationale),
      };
    });
  });
}
