/** For tests: a server with a login over a store of its own, people in memory, and a clock that a test sets. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scope } from "../../identity/principal.ts";
import type { FastifyInstance, InjectOptions } from "fastify";
import { noGroups, type GroupRoles } from "../../identity/groups.ts";
import { Login } from "../../identity/login.ts";
import type { Oidc } from "../../identity/oidc.ts";
import { FakePeople } from "../../identity/testing/fake-people.ts";
import type { Database } from "../../storage/database.ts";
import { openDatabase } from "../../storage/open.ts";
import { httpDefaults } from "../config.ts";
import { sessionCookie } from "../cookies.ts";
import { buildServer } from "../server.ts";
import { FakeCountermand } from "./fake-countermand.ts";
import { fakeLog, token } from "./server.ts";

export interface LoginServerOptions {
  readonly oidc?: Oidc;
  readonly groups?: GroupRoles;
}

export class LoginServer {
  readonly app: FastifyInstance;
  readonly login: Login;
  readonly people: FakePeople;
  readonly database: Database;
  readonly countermand: FakeCountermand;
  readonly reported: unknown[];
  readonly clock: { now: number };
  readonly #folder: string;

  private constructor(parts: Omit<LoginServer, keyof Methods> & { readonly folder: string }) {
    this.app = parts.app;
    this.login = parts.login;
    this.people = parts.people;
    this.database = parts.database;
    this.countermand = parts.countermand;
    this.reported = parts.reported;
    this.clock = parts.clock;
    this.#folder = parts.folder;
  }

  static async start(options: LoginServerOptions = {}): Promise<LoginServer> {
    const folder = mkdtempSync(join(tmpdir(), "countermand-login-"));
    const database = await openDatabase({ file: join(folder, "ledger.db") });
    const people = new FakePeople();
    const clock = { now: Date.now() };
    const now = () => new Date(clock.now);
    const reported: unknown[] = [];
    const login = new Login({
      database,
      logId: () => 1,
      people,
      groups: options.groups ?? noGroups,
      ...(options.oidc === undefined ? {} : { oidc: options.oidc }),
      base: () => new URL(`http://localhost:${portOf(app)}`),
      now,
      report: (problem) => void reported.push(problem),
    });
    const countermand = new FakeCountermand();
    const app = await buildServer(
      {
        countermand,
        login,
        log: () => fakeLog(3),
        now,
        report: (error) => void reported.push(error),
      },
      { ...httpDefaults, port: 7400, token },
    );
    return new LoginServer({
      app,
      login,
      people,
      database,
      countermand,
      reported,
      clock,
      folder,
    });
  }

  /** Listens, and answers where people reach it. */
  async listen(): Promise<string> {
    await this.app.listen({ host: "127.0.0.1", port: 0 });
    return this.login.base.origin;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
    await this.database.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get host(): string {
    return this.login.base.host;
  }

  ask(options: InjectOptions) {
    return this.app.inject({
      ...options,
      headers: { host: this.host, ...options.headers },
    });
  }

  /** A form as a browser sends it from a page of this server. */
  post(url: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
    return this.ask({
      method: "POST",
      url,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "sec-fetch-site": "same-origin",
        origin: `http://${this.host}`,
        ...headers,
      },
      payload: new URLSearchParams(fields).toString(),
    });
  }

  json(url: string, value: unknown, headers: Record<string, string> = {}) {
    return this.ask({
      method: "POST",
      url,
      headers: { "content-type": "application/json", ...headers },
      payload: JSON.stringify(value),
    });
  }

  /** Somebody who is logged in at the page: the header that their browser sends, and their forms' text. */
  async browserOf(who: { person: string } | { issuer: string; subject: string }) {
    const login =
      "person" in who
        ? ({ method: "link", person: who.person, roles: [] } as const)
        : ({ method: "oidc", account: who, roles: [] } as const);
    const client = { client: "a test", address: "192.0.2.7" };
    const { secret, session } = await this.login.enter("page", login, client);
    const cookie = `${sessionCookie}=${secret}`;
    const page = await this.ask({ url: "/session", headers: { cookie } });
    const form = /name="form" value="([0-9a-f]{64})"/.exec(page.body)?.[1] ?? "";
    return { cookie, form, session, secret };
  }

  /** The bearer of an API token with these scopes. */
  async bearer(scopes: readonly Scope[], person = "ada", name = "a test") {
    const { secret, token } = await this.login.tokens.create(person, {
      name,
      scopes,
      days: 1,
    });
    return { authorization: `Bearer ${secret}`, secret, token };
  }
}

interface Methods {
  listen: unknown;
  ask: unknown;
  post: unknown;
  json: unknown;
  browserOf: unknown;
  bearer: unknown;
  host: unknown;
  [Symbol.asyncDispose]: unknown;
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address();
  return typeof address === "object" && address !== null ? address.port : 7400;
}
