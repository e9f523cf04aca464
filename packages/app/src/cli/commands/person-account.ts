/** `countermand person link-account|unlink-account`: which account at an identity provider is whose. */
import { Command } from "commander";
import type { Context } from "../context.ts";
import { usage } from "../exit.ts";
import { Texts } from "../say.ts";
import { sayInRegistry, speakOptions, type SpeakOptions } from "./shared.ts";

interface LinkOptions extends SpeakOptions {
  readonly issuer: string;
  readonly subject: string;
}

export function linkAccountCommand(context: Context): Command {
  const command = new Command("link-account")
    .summary("say that an account at an identity provider is a person's")
    .description(
      "Whoever logs in with that account is this person from then on. Issuer and subject are what `countermand login --show` and the page `/session` tell its owner; a name or a mail address is no subject, because either can be given to somebody else.",
    )
    .argument("<person>", "their id")
    .requiredOption("--issuer <url>", "the identity provider, exactly as it calls itself")
    .requiredOption("--subject <id>", "its id of the account (sub)");
  return speakOptions(command).action(async (person: string, options: LinkOptions) => {
    if (options.subject === "" || options.subject.length > 255) {
      throw usage("--subject is a text of 1 to 255 characters (OpenID Connect's sub).");
    }
    const texts = new Texts();
    const subject = texts.commit(options.subject);
    const body = { person, issuer: options.issuer, subject };
    await sayInRegistry(context, options, "account-linked", body, texts);
  });
}

export function unlinkAccountCommand(context: Context): Command {
  const command = new Command("unlink-account")
    .summary("say that an account is a person's no longer")
    .argument("<person>", "their id")
    .argument("<account>", "the id that `countermand person list` shows for it");
  return speakOptions(command).action(
    async (person: string, account: string, options: SpeakOptions) => {
      const body = { person, account };
      await sayInRegistry(context, options, "account-unlinked", body, new Texts());
    },
  );
}
