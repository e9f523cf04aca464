/** `countermand person add|list|add-key|revoke-key`: who may speak, and with which keys. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import {
  actorKinds,
  fingerprint,
  formatPublicKeyLine,
  permissions,
  revocationReasons,
  type EnrolledKey,
  textField,
  type JsonObject,
} from "@countermand/record";
import type { Context, LedgerOptions } from "../context.ts";
import { usage } from "../exit.ts";
import { Texts } from "../say.ts";
import { readPublicKey } from "../ssh-signer.ts";
import { columns, instant, plain, style } from "../terminal.ts";
import { linkAccountCommand, unlinkAccountCommand } from "./person-account.ts";
import {
  bindWorkloadCommand,
  grantRoleCommand,
  permitCommand,
  revokeRoleCommand,
} from "./person-roles.ts";
import { enrolKeyCommand } from "./person-enrol-key.ts";
import {
  collect,
  ledgerOptions,
  nameOf,
  sayInRegistry,
  speakOptions,
  textOf,
  until,
  withLedger,
  type SpeakOptions,
} from "./shared.ts";

export function personCommand(context: Context): Command {
  return new Command("person")
    .summary("enrol people and their keys")
    .addCommand(addCommand(context))
    .addCommand(listCommand(context))
    .addCommand(addKeyCommand(context))
    .addCommand(enrolKeyCommand(context))
    .addCommand(revokeKeyCommand(context))
    .addCommand(grantRoleCommand(context))
    .addCommand(revokeRoleCommand(context))
    .addCommand(permitCommand(context))
    .addCommand(bindWorkloadCommand(context))
    .addCommand(linkAccountCommand(context))
    .addCommand(unlinkAccountCommand(context));
}

interface PersonOptions {
  readonly publicKey: string;
  readonly id?: string;
  readonly name?: string;
  readonly email?: readonly string[];
  readonly kind: string;
  readonly may?: readonly string[];
}

/** What people may do unless told otherwise: everything but administer. */
const usual: Readonly<Record<string, readonly string[]>> = {
  human: permissions.filter((item) => item !== "administer"),
  workload: ["execute", "observe", "verify"],
  controller: ["observe", "verify"],
  agent: ["initiate", "observe"],
};

/** A person as `person-added` and `log-opened` carry them; name and mail become commitments. */
export function personBody(context: Context, options: PersonOptions, texts: Texts): JsonObject {
  const line = publicKeyText(context, options.publicKey);
  const blob = readPublicKey(line, options.publicKey);
  const may = options.may ?? usual[options.kind];
  if (may === undefined) throw usage(`--kind is one of ${actorKinds.join(", ")}.`);
  return {
    id: options.id ?? `p-${randomBytes(5).toString("hex")}`,
    kind: options.kind,
    permissions: may,
    key: { fingerprint: fingerprint(blob), line: formatPublicKeyLine(blob) },
    emails: (options.email ?? []).map((email) => texts.commit(email.trim().toLowerCase())),
    ...texts.optional("name", options.name),
  };
}

function publicKeyText(context: Context, text: string): string {
  if (/^(?:ssh|ecdsa|sk)-/.test(text)) return text;
  try {
    return readFileSync(resolve(context.cwd, text), "utf8");
  } catch (error) {
    throw usage(
      `${plain(text)} is neither a public key line nor a file that can be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}

function addCommand(context: Context): Command {
  const command = new Command("add")
    .summary("enrol a person, workload, controller or agent")
    .description(
      "Enrols somebody with a public key. The binding of key to person rests on your word as administrator, and shows as such.",
    )
    .requiredOption("--public-key <key>", "a public key line, or a .pub file")
    .option("--name <name>", "kept beside the ledger, deletable")
    .option(
      "--email <address>",
      "mail address in git, to recognise their commits; repeatable",
      collect,
    )
    .option("--id <id>", "an id for the ledger; opaque by default")
    .option("--kind <kind>", `one of ${actorKinds.join(", ")}`, "human")
    .option("--may <permission>", `${permissions.join(", ")}; repeatable`, collect);
  return speakOptions(command).action(async (options: SpeakOptions & PersonOptions) => {
    const texts = new Texts();
    const person = personBody(context, options, texts);
    await sayInRegistry(context, options, "person-added", { person }, texts);
    context.out(
      `${textField(person, "id")} may ${(person["permissions"] as string[]).join(", ")}\n`,
    );
  });
}

function listCommand(context: Context): Command {
  const command = new Command("list").summary("list who is enrolled").option("--json", "as JSON");
  return ledgerOptions(command).action(async (options: LedgerOptions & { json?: true }) => {
    await withLedger(context, options, async ({ countermand }) => {
      const { registry, openings } = await countermand.instance();
      const persons = Object.values(registry.persons);
      if (options.json === true) {
        context.out(`${JSON.stringify(persons)}\n`);
        return;
      }
      context.out(
        columns(
          persons.flatMap((person) => [
            [
              style(context, "bold", nameOf(registry, openings, person.id)),
              person.kind,
              person.permissions.join(", "),
            ],
            ...person.keys.map((key) => [
              `  ${key.fingerprint}`,
              keyStanding(context, key),
              `since ${instant(key.enrolledOn)}, ${key.assurance === "administrator" ? "on an administrator's word" : "on an identity provider's word"}`,
            ]),
            ...person.roles.map((role) => [
              `  ${role.id}`,
              "role",
              `${plain(role.role)} for ${role.services?.join(", ") ?? "all services"} in ${role.environments?.join(", ") ?? "all environments"}${role.until === undefined ? "" : ` until ${instant(role.until)}`}`,
            ]),
            ...person.workloads.map((item) => [
              "",
              "pipeline",
              `${plain(item.issuer)}: ${item.claims.map((claim) => plain(`${claim.name}=${claim.value}`)).join(", ")}`,
            ]),
            ...person.accounts.map((account) => [
              `  ${account.id}`,
              "account",
              `at ${plain(account.issuer)}, ${plain(textOf(openings, account.subject))}`,
            ]),
          ]),
        ),
      );
    });
  });
}

function keyStanding(context: Context, key: EnrolledKey): string {
  const doubt =
    key.doubtfulSince === undefined ? "" : `, doubtful since ${instant(key.doubtfulSince)}`;
  if (key.revokedAt !== undefined) {
    return style(context, "red", `revoked at entry ${key.revokedAt}${doubt}`);
  }
  if (key.expiresAt === undefined) return "in use";
  return key.expiresAt > context.now().toISOString()
    ? `until ${instant(key.expiresAt)}`
    : style(context, "red", `expired ${instant(key.expiresAt)}`);
}

function addKeyCommand(context: Context): Command {
  const command = new Command("add-key")
    .summary("give an enrolled person a further key")
    .argument("<person>", "their id")
    .requiredOption("--public-key <key>", "a public key line, or a .pub file")
    .option("--expires <when>", "from then on it signs nothing: 90d, or an instant with its zone");
  return speakOptions(command).action(
    async (person: string, options: SpeakOptions & { publicKey: string; expires?: string }) => {
      const blob = readPublicKey(publicKeyText(context, options.publicKey), options.publicKey);
      const newKey = { fingerprint: fingerprint(blob), line: formatPublicKeyLine(blob) };
      const end =
        options.expires === undefined
          ? {}
          : { expiresAt: until(context, options.expires, "--expires") };
      await sayInRegistry(context, options, "key-added", { person, newKey, ...end }, new Texts());
    },
  );
}

function revokeKeyCommand(context: Context): Command {
  const command = new Command("revoke-key")
    .summary("revoke a key; what it signed before stays")
    .argument("<person>", "their id")
    .argument("<fingerprint>", "SHA256:…")
    .requiredOption("--reason <reason>", `one of ${revocationReasons.join(", ")}`)
    .option(
      "--since <instant>",
      "of a compromised key: since when what it signed may be somebody else's",
    );
  return speakOptions(command).action(
    async (
      person: string,
      print: string,
      options: SpeakOptions & { reason: string; since?: string },
    ) => {
      const since = options.since === undefined ? {} : { since: past(options.since) };
      const body = { person, fingerprint: print, reason: options.reason, ...since };
      await sayInRegistry(context, options, "key-revoked", body, new Texts());
    },
  );
}

/** An instant as the ledger writes it. */
function past(text: string): string {
  const time = /[zZ]|[+-]\d\d:\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw usage(
      `--since is an instant with its zone, such as 2026-11-23T18:00:00Z; found ${plain(text)}.`,
    );
  }
  return new Date(time).toISOString();
}
