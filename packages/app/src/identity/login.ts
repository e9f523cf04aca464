/**
 * Logging in: with an identity provider, with a passkey, with a one-time link that
 * whoever runs the server had printed. Each ends in a session; none decides
 * anything, because decisions are signed. Who a session is of is looked up in the
 * registry at every request, so an account that was unlinked a moment ago, or a
 * person who may do nothing any more, is not let through by an old session.
 */
import type { Database } from "../storage/database.ts";
import { ApiTokens } from "./api-tokens.ts";
import { CommandLines } from "./command-lines.ts";
import { LoginError } from "./error.ts";
import { rolesOf, stillGiven, type GroupRoles } from "./groups.ts";
import type { Oidc } from "./oidc.ts";
import { Once, type NewLogin } from "./once.ts";
import { hasPasskey, passkeyChallenge, personOfPasskey, type PasskeyAnswer } from "./passkey.ts";
import type { People } from "./people.ts";
import type { Principal, Session } from "./principal.ts";
import { returnPath } from "./return-path.ts";
import { newSecret, prefixes } from "./secret.ts";
import { Sessions, type Client } from "./sessions.ts";

export interface LoginParts {
  readonly database: Database;
  /** The log that is logged in to; 0 before there is one. */
  readonly logId: () => number;
  readonly people: People;
  readonly groups: GroupRoles;
  readonly oidc?: Oidc;
  /** Where people reach this server; its host is the relying party of passkeys. */
  readonly base: () => URL;
  readonly now: () => Date;
  /** Told what whoever runs the server should know. */
  readonly report: (problem: string) => void;
}

/** A login that succeeded, and where it goes back to. */
export interface Succeeded {
  readonly login: NewLogin;
  readonly back: string;
}

export class Login {
  readonly people: People;
  readonly sessions: Sessions;
  readonly tokens: ApiTokens;
  readonly commandLines: CommandLines;
  readonly #parts: LoginParts;
  readonly #once: Once;

  constructor(parts: LoginParts) {
    this.#parts = parts;
    this.people = parts.people;
    this.#once = new Once(parts.database, parts.logId, parts.now);
    this.sessions = new Sessions(parts.database, parts.logId, parts.now);
    this.tokens = new ApiTokens(parts.database, parts.logId, parts.now);
    this.commandLines = new CommandLines(this.#once, parts.now);
  }

  get base(): URL {
    return this.#parts.base();
  }

  /** The identity provider, by its issuer. */
  get provider(): string | undefined {
    return this.#parts.oidc?.issuer;
  }

  get #callback(): string {
    return new URL("/login/callback", this.base).href;
  }

  /** The provider's page, and what the browser must bring back from there in a cookie. */
  async askProvider(back: string): Promise<{ readonly page: URL; readonly browser: string }> {
    const provider = this.#provider();
    const asking = provider.ask();
    const page = await provider.pageOf(asking, this.#callback);
    const browser = newSecret();
    const { nonce, verifier } = asking;
    await this.#once.put("oidc", `${asking.state} ${browser}`, {
      nonce,
      verifier,
      back: returnPath(back),
    });
    return { page, browser };
  }

  /**
   * Who came back from the provider. `url` as it was asked for; `browser` from the
   * cookie, without which the answer is another browser's. Works once.
   */
  async fromProvider(url: string, browser: string | undefined): Promise<Succeeded> {
    const provider = this.#provider();
    // The host that was asked for is a header's word; the callback's is ours.
    const came = new URL(this.#callback);
    came.search = new URL(url, came).search;
    const state = came.searchParams.get("state") ?? "";
    const asked = await this.#once.take("oidc", `${state} ${browser ?? ""}`);
    if (asked === undefined) {
      throw new LoginError(
        "login-failed",
        "this answer belongs to no login that this browser began, or it came too late; begin again",
      );
    }
    const found = await provider.finish({ ...asked, state }, came);
    if (found.groupsProblem !== undefined) {
      this.#parts.report(`a login at ${found.issuer} has no roles: ${found.groupsProblem}`);
    }
    const { issuer, subject } = found;
    const roles = rolesOf(await this.#parts.groups.mapping(), issuer, found.groups);
    return { login: { method: "oidc", account: { issuer, subject }, roles }, back: asked.back };
  }

  /** What a passkey is to sign. */
  async askPasskey(back: string) {
    const message = newSecret();
    await this.#once.put("passkey", message, { back: returnPath(back) });
    return {
      message,
      challenge: passkeyChallenge(message),
      relyingParty: this.base.hostname,
    };
  }

  async fromPasskey(answer: PasskeyAnswer): Promise<Succeeded> {
    const asked = await this.#once.take("passkey", answer.message);
    if (asked === undefined) {
      throw new LoginError("login-failed", "this challenge was used or is too old; begin again");
    }
    const person = await personOfPasskey(answer, this.people, this.base);
    return { login: { method: "passkey", person, roles: [] }, back: asked.back };
  }

  /** A link that lets `person` in once, within 15 minutes; to be printed, not kept. */
  async makeLink(person: string): Promise<{ readonly url: string; readonly endsAt: string }> {
    if (!(await this.people.isEnrolled(person))) {
      throw new LoginError(
        "not-found",
        `${person} is not enrolled here; \`countermand person list\` shows who is`,
      );
    }
    const code = newSecret();
    const endsAt = await this.#once.put("link", code, { person });
    return { url: new URL(`/login/link/${code}`, this.base).href, endsAt };
  }

  /** Whom a link would let in; it stays good. Looking uses nothing up: previews and scanners look. */
  async linkOf(code: string): Promise<string> {
    return mustLink(await this.#once.look("link", code));
  }

  async fromLink(code: string): Promise<NewLogin> {
    const person = mustLink(await this.#once.take("link", code));
    return { method: "link", person, roles: [] };
  }

  /** Begins a session. Whatever the browser had before is not taken over. */
  async enter(use: Session["use"], login: NewLogin, client: Client) {
    return this.sessions.begin(use, login, await this.#holderOf(login), client);
  }

  /** Who the cookie's or the command line's session is of; nobody where it has ended. */
  async ofSession(use: Session["use"], secret: string): Promise<Principal> {
    const session = await this.sessions.find(use, secret);
    if (session === undefined) return { kind: "nobody" };
    const person = await this.#personOf(session);
    // A provider's account that is linked to nobody may read; a person who is gone may not.
    if (person === undefined && session.account === undefined) return { kind: "nobody" };
    const { account } = session;
    const mapping = await this.#parts.groups.mapping();
    const roles = account === undefined ? [] : stillGiven(mapping, account.issuer, session.roles);
    const mayRead = person !== undefined || mapping.length === 0 || roles.length > 0;
    return {
      kind: "session",
      session,
      roles,
      mayRead,
      ...(person === undefined ? {} : { person }),
    };
  }

  /** Who a bearer's secret is of: a command line's session or an API token. */
  async ofBearer(secret: string): Promise<Principal> {
    if (secret.startsWith(prefixes.session)) return this.ofSession("command-line", secret);
    const token = await this.tokens.find(secret);
    return token !== undefined && (await this.people.isEnrolled(token.person))
      ? { kind: "token", token }
      : { kind: "nobody" };
  }

  /** Whether anybody could log in without a one-time link. */
  async hasWayIn(): Promise<boolean> {
    if (this.provider !== undefined) return true;
    for (const person of await this.people.humans()) {
      if (await hasPasskey(person, this.people, this.base)) return true;
    }
    return false;
  }

  async #holderOf(login: NewLogin): Promise<string> {
    const { account } = login;
    return (await this.#personOf(login)) ?? `${account?.issuer ?? ""} ${account?.subject ?? ""}`;
  }

  async #personOf(login: Pick<NewLogin, "person" | "account">): Promise<string | undefined> {
    const { account } = login;
    const person =
      account === undefined
        ? login.person
        : await this.people.personOf(account.issuer, account.subject);
    return person !== undefined && (await this.people.isEnrolled(person)) ? person : undefined;
  }

  #provider(): Oidc {
    const { oidc } = this.#parts;
    if (oidc === undefined) {
      throw new LoginError("not-found", "no identity provider is configured here");
    }
    return oidc;
  }
}

function mustLink(found: { readonly person: string } | undefined): string {
  if (found !== undefined) return found.person;
  throw new LoginError(
    "login-failed",
    "this link was used or is older than 15 minutes; ask for another: `countermand login-link`",
  );
}
