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
  textField,
  type JsonObject,
} from "@countermand/record";
import type { Context, LedgerOptions } from "../context.ts";
import { usage } from "../exit.ts";
import { Texts } from "../say.ts";
import { readPublicKey } from "../ssh-signer.ts";
import { columns, plain, style } from "../terminal.ts";
import { linkAccountCommand, unlinkAccountCommand } from "./person-account.ts";
import {
  collect,
  ledgerOptions,
  nameOf,
  sayInRegistry,
  speakOptions,
  textOf,
  withLedger,
  type SpeakOptions,
} from "./shared.ts";

export function personCommand(context: Context): Command {
  return new Command("person")
    .summary("enrol people and their keys")
    .addCommand(addCommand(context))
    .addCommand(listCommand(context))
    .addCommand(addKeyCommand(context))
    .addCommand(revokeKeyCommand(context))
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
              key.revokedAt === undefined
                ? "in use"
                : style(context, "red", `revoked at entry ${key.revokedAt}`),
              `since entry ${key.addedAt}, on an administrator's word`,
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

function addKeyCommand(context: Context): Command {
  const command = new Command("add-key")
    .summary("give an enrolled person a further key")
    .argument("<person>", "their id")
    .requiredOption("--public-key <key>", "a public key line, or a .pub file");
  return speakOptions(command).action(
    async (person: string, options: SpeakOptions & { publicKey: string }) => {
      const blob = readPublicKey(publicKeyText(context, options.publicKey), options.publicKey);
      const newKey = { fingerprint: fingerprint(blob), line: formatPublicKeyLine(blob) };
      await sayInRegistry(context, options, "key-added", { person, newKey }, new Texts());
    },
  );
}

function revokeKeyCommand(context: Context): Command {
  const command = new Command("revoke-key")
    .summary("revoke a key; what it signed before stays")
    .argument("<person>", "their id")
    .argument("<fingerprint>", "SHA256:…")
    .requiredOption("--reason <reason>", `one of ${revocationReasons.join(", ")}`);
  return speakOptions(command).action(
    async (person: string, print: string, options: SpeakOptions & { reason: string }) => {
      const body = { person, fingerprint: print, reason: options.reason };
      await sayInRegistry(context, options, "key-revoked", body, new Texts());
    },
  );
}
