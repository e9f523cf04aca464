/** `countermand logout`: ends this command line's session, or all of them, or a person's. */
import { Command } from "commander";
import { ended, whoAmI } from "../../http/contract/login.ts";
import type { Context, LedgerOptions } from "../context.ts";
import { keepCredential } from "../credentials.ts";
import { usage } from "../exit.ts";
import { plain } from "../terminal.ts";
import { mustBeLoggedIn } from "./login.ts";
import { ledgerOptions } from "./shared.ts";

interface LogoutOptions extends LedgerOptions {
  readonly everywhere?: true;
  readonly person?: string;
}

export function logoutCommand(context: Context): Command {
  const command = new Command("logout")
    .summary("end this command line's session")
    .option("--everywhere", "end all your sessions at this server, browsers too")
    .option("--person <id>", "as an administrator: end all sessions of this person");
  return ledgerOptions(command).action(async (options: LogoutOptions) => {
    if (options.everywhere === true && options.person !== undefined) {
      throw usage("--everywhere is about you and --person about somebody else; give one.");
    }
    const server = mustBeLoggedIn(context, options);
    const end = (json: object) =>
      server.askJson("/v1/session/end", ended, { method: "POST", json });
    if (options.person !== undefined) {
      const done = await end({ person: options.person });
      context.out(`Ended ${done.ended} sessions of ${plain(options.person, 64)}.\n`);
      return;
    }
    if (options.everywhere === true) {
      const done = await end({ all: true });
      context.out(`Logged out at ${server.base.origin}: ended ${done.ended} sessions.\n`);
    } else {
      const { session } = await server.askJson("/v1/session", whoAmI);
      if (session !== undefined) await end({ id: session.id });
      context.out(`Logged out at ${server.base.origin}.\n`);
    }
    keepCredential(context, server.base, undefined);
  });
}
