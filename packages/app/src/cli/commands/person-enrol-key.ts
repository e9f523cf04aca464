/**
 * `countermand person enrol-key`: a person enrols a key of their own. They log in at
 * their identity provider, from here and not through the server; the login's nonce
 * commits to the key and the ledger, so what the provider signs vouches for this key
 * and for no other. The client is the one that the policy names for enrolling: at the
 * server's own client the server chooses the nonce, and could have named a key of its own.
 */
import { Command } from "commander";
import { enrolmentNonce, type EnrolmentClient, type JsonObject } from "@countermand/record";
import { issuerKeys } from "../../identity/issuer-keys.ts";
import { oidc, type Found } from "../../identity/oidc.ts";
import type { Instance } from "../../rollbacks/countermand.ts";
import type { Context } from "../context.ts";
import { CommandError, exitCodes, usage } from "../exit.ts";
import { listenOnLoopback } from "../loopback.ts";
import { say, Texts } from "../say.ts";
import { sshSigner } from "../ssh-signer.ts";
import { plain } from "../terminal.ts";
import { speakOptions, tellAccepted, withLedger, type SpeakOptions } from "./shared.ts";

interface EnrolKeyOptions extends SpeakOptions {
  readonly issuer?: string;
}

/** How long somebody has to log in, in milliseconds. */
const patience = 5 * 60_000;
/** Any provider's; RFC 6749 says visible characters. */
const anyCode = /^[\x20-\x7e]{1,4096}$/;

export function enrolKeyCommand(context: Context): Command {
  const command = new Command("enrol-key")
    .summary("enrol a key of your own, with your login at an identity provider as witness")
    .description(
      "Opens your identity provider's page; its answer names the key and goes into the ledger with it, so that nobody has to take an administrator's or the server's word for whose key it is. An administrator links your account first (`person link-account`).",
    )
    .option("--issuer <url>", "the identity provider, where the policy names several")
    .addHelpText(
      "after",
      `
Which providers there are is in the policy's settings.json, for two administrators to
say: "enrolment": [{ "issuer": "https://login.example.com", "client": "countermand-cli" }].
The client is registered there for this command line alone, as a native (public)
application whose only redirect address is http://127.0.0.1/ (any port).

On a machine without a browser, do this on one
that has one: the key is public, and \`ssh-keygen\` signs with an agent that is forwarded.`,
    );
  return speakOptions(command).action(async (options: EnrolKeyOptions) => {
    const signer = sshSigner(context, options.key);
    await withLedger(context, options, async ({ countermand }) => {
      const instance = await countermand.instance();
      const { registry } = instance;
      const known = Object.values(registry.persons).find((person) =>
        person.keys.some((key) => key.fingerprint === signer.fingerprint),
      );
      if (known !== undefined) {
        throw new CommandError(
          exitCodes.finding,
          `${signer.fingerprint} is ${known.id}'s already; a key is enrolled once.`,
        );
      }
      const { issuer, client } = provider(registry.policy.enrolment ?? [], options.issuer);
      const nonce = enrolmentNonce(registry.instance, signer.fingerprint);
      const found = await logIn(context, issuer, client, nonce);
      const person = personOf(instance, found);
      const keys = await countermand.putArtefact(
        await issuerKeys(context.now).fetchKeys(found.issuer),
      );
      const texts = new Texts();
      const body: JsonObject = {
        newKey: { fingerprint: signer.fingerprint, line: signer.publicKey },
        issuer: found.issuer,
        token: texts.commit(found.idToken),
        keys: { ...keys },
      };
      const speaker = { context, countermand, signer };
      tellAccepted(
        context,
        await say(speaker, registry, "key-enrolled", undefined, body, texts, person),
      );
      context.out(
        `${signer.fingerprint} is ${plain(person, 64)}'s, on the word of ${plain(found.issuer, 200)}.\nWhere the policy has new keys wait, the time counts from now.\n`,
      );
    });
  });
}

function provider(
  clients: readonly EnrolmentClient[],
  issuer: string | undefined,
): EnrolmentClient {
  const fitting = clients.filter((item) => issuer === undefined || item.issuer === issuer);
  const [found, another] = fitting;
  if (found !== undefined && another === undefined) return found;
  if (found !== undefined && issuer !== undefined) return found;
  const known = [...new Set(clients.map((item) => plain(item.issuer, 200)))].join(", ");
  throw usage(
    known === ""
      ? "The policy names no identity provider at which people enrol keys; two administrators add `enrolment` to its settings.json (`countermand person enrol-key --help`)."
      : `Which identity provider? Give --issuer with one of those that the policy names: ${known}.`,
  );
}

/** From this machine to the provider: no server is between. */
async function logIn(
  context: Context,
  issuer: string,
  clientId: string,
  nonce: string,
): Promise<Found> {
  const client = oidc({ issuer, clientId, scopes: [], groupsClaim: "groups" });
  const asking = client.ask(nonce);
  const loopback = await listenOnLoopback(asking.state, anyCode);
  try {
    const page = await client.pageOf(asking, `http://127.0.0.1:${loopback.port}/`, {
      fresh: true,
    });
    context.err(`Log in here, for this key:\n  ${page.href}\n`);
    context.openPage?.(page.href);
    const came = await loopback.answer(
      AbortSignal.any([context.interrupted, AbortSignal.timeout(patience)]),
    );
    return await client.finish(asking, came);
  } catch (error) {
    const { name } = error as Error;
    if (name === "TimeoutError") {
      throw new CommandError(exitCodes.couldNot, "Nobody logged in; nothing was enrolled.");
    }
    throw error;
  } finally {
    await loopback.close();
  }
}

/** The person that an administrator linked this account to. */
function personOf({ registry, openings }: Instance, { issuer, subject }: Found): string {
  const ours = new Set(
    openings.filter(({ value }) => value === subject).map(({ commitment }) => commitment),
  );
  const [person, another] = Object.values(registry.persons).filter(({ accounts }) =>
    accounts.some((account) => account.issuer === issuer && ours.has(account.subject)),
  );
  if (person !== undefined && another === undefined) return person.id;
  throw new CommandError(
    exitCodes.finding,
    person === undefined
      ? `Your account there is linked to nobody. An administrator links it: countermand person link-account PERSON --issuer ${plain(issuer, 200)} --subject ${plain(subject, 255)}`
      : "Your account there is linked to two persons, so it vouches for neither; an administrator unlinks one.",
  );
}
