/** `countermand login-link PERSON`: a link that lets somebody in once, printed by whoever runs the server. */
import { Command } from "commander";
import { linkMade } from "../../http/contract/login.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes } from "../exit.ts";
import { connect } from "../server-call.ts";
import { instant, plain } from "../terminal.ts";

export function loginLinkCommand(context: Context): Command {
  return new Command("login-link")
    .summary("print a link that lets a person in once")
    .description(
      "For servers without an identity provider, and for a first login. Works on the machine of the server, for whoever may read its data folder. The link is good once, for 15 minutes; give it to that person and to nobody else.",
    )
    .argument("<person>", "their id")
    .option("--data <folder>", "the server's data folder (or COUNTERMAND_DATA; .countermand)")
    .action(async (person: string, options: { readonly data?: string }) => {
      const place = context.serverOf({ ...options, local: true });
      if (place.token === undefined) {
        throw new CommandError(
          exitCodes.couldNot,
          "The token in the server's data folder cannot be read; run this as the user who runs the server.",
        );
      }
      const { url, ...shown } = place;
      const link = await connect(url, shown).askJson("/v1/login/links", linkMade, {
        method: "POST",
        json: { person },
      });
      context.err(`Lets ${plain(person, 64)} in once, until ${instant(link.endsAt)}:\n`);
      context.out(`${plain(link.url, 300)}\n`);
    });
}
