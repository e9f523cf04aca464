/** Roles, permissions and pipelines of those who are enrolled. */
import { Command } from "commander";
import { permissions } from "@countermand/record";
import type { Context } from "../context.ts";
import { usage } from "../exit.ts";
import { Texts } from "../say.ts";
import { collect, sayInRegistry, speakOptions, until, type SpeakOptions } from "./shared.ts";

interface GrantOptions extends SpeakOptions {
  readonly service?: readonly string[];
  readonly environment?: readonly string[];
  readonly until?: string;
}

export function grantRoleCommand(context: Context): Command {
  const command = new Command("grant-role")
    .summary("give somebody a role, everywhere or for some services and environments")
    .description("A policy may ask for approvals by a role. Nobody gives roles to themselves.")
    .argument("<person>", "their id")
    .argument("<role>", "for instance sre or security")
    .option("--service <name>", "only for this service, repeatable", collect)
    .option("--environment <name>", "only there, repeatable", collect)
    .option("--until <when>", "30d, or an instant with its zone; without it until revoked");
  return speakOptions(command).action(
    async (person: string, role: string, options: GrantOptions) => {
      const body = {
        person,
        role,
        ...(options.service === undefined ? {} : { services: options.service }),
        ...(options.environment === undefined ? {} : { environments: options.environment }),
        ...(options.until === undefined ? {} : { until: until(context, options.until, "--until") }),
      };
      await sayInRegistry(context, options, "role-granted", body, new Texts());
    },
  );
}

export function revokeRoleCommand(context: Context): Command {
  const command = new Command("revoke-role")
    .summary("take a role away")
    .argument("<person>", "their id")
    .argument("<grant>", "the id that `countermand person list` shows beside the role");
  return speakOptions(command).action(
    async (person: string, grant: string, options: SpeakOptions) => {
      await sayInRegistry(context, options, "role-revoked", { person, grant }, new Texts());
    },
  );
}

export function permitCommand(context: Context): Command {
  const command = new Command("permit")
    .summary("change what somebody may do: exactly these permissions from now on")
    .argument("<person>", "their id")
    .option("--may <permission>", `${permissions.join(", ")}; repeatable`, collect)
    .option("--nothing", "take all permissions away");
  return speakOptions(command).action(
    async (person: string, options: SpeakOptions & { may?: readonly string[]; nothing?: true }) => {
      if ((options.may === undefined) === (options.nothing === undefined)) {
        throw usage("Say either --may, as often as needed, or --nothing.");
      }
      const body = { person, permissions: options.may ?? [] };
      await sayInRegistry(context, options, "permissions-changed", body, new Texts());
    },
  );
}

export function bindWorkloadCommand(context: Context): Command {
  const command = new Command("bind-workload")
    .summary("say which pipeline a workload is, by what its identity tokens claim")
    .description(
      "A job of that pipeline may then bring a key of its own for one record. Bind ids, not names: names can be taken over.",
    )
    .argument("<person>", "the workload's id")
    .requiredOption("--issuer <url>", "for instance https://token.actions.githubusercontent.com")
    .requiredOption(
      "--claim <name=value>",
      "for instance repository_id=4711, repeatable; all must hold",
      collect,
    );
  return speakOptions(command).action(
    async (
      person: string,
      options: SpeakOptions & { issuer: string; claim: readonly string[] },
    ) => {
      const claims = options.claim.map((text) => {
        const at = text.indexOf("=");
        if (at < 1 || at === text.length - 1) {
          throw usage(`--claim is name=value, such as repository_id=4711; found ${text}.`);
        }
        return { name: text.slice(0, at), value: text.slice(at + 1) };
      });
      const body = { person, issuer: options.issuer, claims };
      await sayInRegistry(context, options, "workload-bound", body, new Texts());
    },
  );
}
