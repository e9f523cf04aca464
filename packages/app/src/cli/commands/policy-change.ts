/** `countermand policy propose` and `decide`: another policy, by two administrators. */
import { Command } from "commander";
import type { JsonObject } from "@countermand/record";
import { runCase } from "../../policy/cases.ts";
import { isSame } from "../../policy/diff.ts";
import { confirm } from "../ask.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { renderCases, renderChecked, renderDiff } from "../policy-render.ts";
import {
  casesIn,
  checked,
  difference,
  inForce,
  policyIn,
  policyOf,
  type PolicySource,
} from "../policy-source.ts";
import { say, Texts } from "../say.ts";
import { sshSigner } from "../ssh-signer.ts";
import { plain } from "../terminal.ts";
import { speakOptions, tellAccepted, withLedger, type SpeakOptions } from "./shared.ts";

interface ProposeOptions extends SpeakOptions {
  readonly despiteFindings?: true;
  readonly yes?: true;
}

export function proposeCommand(context: Context): Command {
  const command = new Command("propose")
    .summary("propose a folder as the ledger's policy; another administrator decides")
    .description(
      "Checks the policy, runs its cases, shows how it differs from the one in force, and signs the proposal. It is in force once another administrator has accepted it.",
    )
    .argument("[dir]", "the policy's folder", "policy")
    .option("--despite-findings", "propose it although the check or a case found something")
    .option("-y, --yes", "do not ask for confirmation");
  return speakOptions(command).action(async (dir: string, options: ProposeOptions) => {
    const signer = sshSigner(context, options.key);
    const source = await policyIn(context, dir);
    const { settings, bundle, rules } = source;
    if (rules === undefined) throw new TypeError("a folder's policy has rules");
    await refuseFindings(context, dir, source, options.despiteFindings === true);
    await withLedger(context, options, async ({ countermand }) => {
      const { registry } = await countermand.instance();
      const now = await policyOf(countermand, inForce(registry));
      const diff = difference(now, source);
      if (isSame(diff)) throw usage("This policy is in force already; nothing is to be changed.");
      if (settings.version <= registry.policy.version) {
        throw usage(
          `Version ${registry.policy.version} is in force; set "version": ${registry.policy.version + 1} in settings.json.`,
        );
      }
      context.err(renderDiff(context, diff));
      await askToSign(context, options, `propose version ${settings.version}`);
      const artefact = await countermand.putArtefact(bundle);
      const body: JsonObject = {
        settings,
        rules: { digest: artefact.digest, size: artefact.size },
      };
      const speaker = { context, countermand, signer };
      tellAccepted(
        context,
        await say(speaker, registry, "policy-proposed", undefined, body, new Texts()),
      );
      context.out("Another administrator decides on it with `countermand policy decide accept`.\n");
    });
  });
}

async function refuseFindings(
  context: Context,
  dir: string,
  source: PolicySource,
  despite: boolean,
): Promise<void> {
  const result = checked(source);
  const found = await casesIn(context, dir);
  const { rules, settings } = source;
  const cases =
    rules === undefined ? [] : (found?.cases ?? []).map((item) => runCase(rules, settings, item));
  const failed = cases.filter((item) => item.differences.length > 0);
  const findings = result.remarks.filter((remark) => remark.level === "finding");
  if (result.remarks.length > 0) context.err(renderChecked(context, source, result));
  if (failed.length > 0) context.err(renderCases(context, failed));
  if (despite || (findings.length === 0 && failed.length === 0)) return;
  throw new CommandError(
    exitCodes.finding,
    "Nothing was proposed: mend what was found, or give --despite-findings.",
  );
}

interface DecideOptions extends SpeakOptions {
  readonly yes?: true;
}

export function decideCommand(context: Context): Command {
  const command = new Command("decide")
    .summary("decide on the policy that waits: accept or decline")
    .description(
      "Shows how the proposed policy differs from the one in force and what the check says of it, then signs. Who proposed a policy cannot accept it, and may decline it.",
    )
    .argument("[decision]", "accept or decline; without it the proposal is only shown")
    .option("-y, --yes", "do not ask for confirmation");
  return speakOptions(command).action(
    async (decision: string | undefined, options: DecideOptions) => {
      if (decision !== undefined && decision !== "accept" && decision !== "decline") {
        throw usage(`The decision is accept or decline; found ${plain(decision)}.`);
      }
      await withLedger(context, options, async ({ countermand }) => {
        const { registry } = await countermand.instance();
        const { policyProposal } = registry;
        if (policyProposal === undefined) throw usage("No policy waits for a decision.");
        const [now, proposed] = await Promise.all([
          policyOf(countermand, inForce(registry)),
          policyOf(countermand, policyProposal),
        ]);
        const show = (text: string) =>
          decision === undefined ? context.out(text) : context.err(text);
        show(
          `${plain(policyProposal.by)} proposes ${plain(proposed.place)}, rules sha256:${proposed.rules?.digest ?? "none"}\n`,
        );
        show(renderDiff(context, difference(now, proposed)));
        if (proposed.rules !== undefined) {
          show(renderChecked(context, proposed, checked(proposed)));
        }
        if (decision === undefined) return;
        await askToSign(context, options, `${decision} ${plain(proposed.place)}`);
        const speaker = { context, countermand, signer: sshSigner(context, options.key) };
        const body = { proposal: policyProposal.id, decision };
        tellAccepted(
          context,
          await say(speaker, registry, "policy-decided", undefined, body, new Texts()),
        );
      });
    },
  );
}

async function askToSign(context: Context, options: DecideOptions, what: string): Promise<void> {
  if (options.yes === true || (await confirm(context, `Sign: ${what}?`, true))) return;
  throw new CommandError(exitCodes.finding, "Nothing was signed.");
}
