/** Sessions, what can be done once, and API tokens, on both stores. */
import { expect, test } from "vitest";
import { describeOnBothStores, type StoreUnderTest } from "../storage/testing/both-stores.ts";
import { ApiTokens } from "./api-tokens.ts";
import { Once, onceLives } from "./once.ts";
import { hashSecret, newSecret } from "./secret.ts";
import { sessionLives, Sessions } from "./sessions.ts";

const client = { client: "Firefox on Linux", address: "192.0.2.7" };
const link = { method: "link", person: "ada", roles: [] } as const;
const minute = 60_000;

async function start(under: StoreUnderTest) {
  const clock = { now: Date.parse("2026-11-23T08:00:00.000Z") };
  const now = () => new Date(clock.now);
  const database = await under.open();
  const of = (log: number) => ({
    sessions: new Sessions(database, () => log, now),
    once: new Once(database, () => log, now),
    tokens: new ApiTokens(database, () => log, now),
  });
  return { clock, now, database, of, ...of(1) };
}

describeOnBothStores("sessions", (under) => {
  test("what opens a session is not in the store", async () => {
    const { sessions, database } = await start(under);
    const { secret } = await sessions.begin("page", link, "ada", client);
    const rows = JSON.stringify(
      await database.read.selectFrom("login_session").selectAll().execute(),
    );
    expect(rows).toContain(hashSecret("session page", secret));
    expect(rows).not.toContain(secret.slice(4));
    const { hash } = await database.read
      .selectFrom("login_session")
      .select("login_session.hash")
      .executeTakeFirstOrThrow();
    expect(await sessions.find("page", hash)).toBeUndefined();
    expect(await sessions.find("page", `cms_${hash.slice(0, 43)}`)).toBeUndefined();
  });

  test("a page's session is none of a command line, and the other way", async () => {
    const { sessions } = await start(under);
    const page = await sessions.begin("page", link, "ada", client);
    const line = await sessions.begin("command-line", link, "ada", client);
    expect((await sessions.find("page", page.secret))?.id).toBe(page.session.id);
    expect(await sessions.find("command-line", page.secret)).toBeUndefined();
    expect(await sessions.find("page", line.secret)).toBeUndefined();
  });

  test("ends when it is not used, and not while it is", async () => {
    const { sessions, clock } = await start(under);
    const { secret } = await sessions.begin("page", link, "ada", client);
    for (let i = 0; i < 4; i++) {
      clock.now += sessionLives.page.idle - 1;
      expect(await sessions.find("page", secret)).toBeDefined();
    }
    clock.now += sessionLives.page.idle;
    expect(await sessions.find("page", secret)).toBeUndefined();
    expect(await sessions.list("ada")).toEqual([]);
  });

  test("ends at its end, however much it is used", async () => {
    const { sessions, clock } = await start(under);
    const { secret } = await sessions.begin("page", link, "ada", client);
    const end = clock.now + sessionLives.page.total;
    while (clock.now + 20 * minute < end) {
      clock.now += 20 * minute;
      expect(await sessions.find("page", secret)).toBeDefined();
    }
    clock.now = end;
    expect(await sessions.find("page", secret)).toBeUndefined();
  });

  test("one is ended, or all of a holder, and nobody else's", async () => {
    const { sessions } = await start(under);
    const one = await sessions.begin("page", link, "ada", client);
    const two = await sessions.begin("page", link, "ada", client);
    const other = await sessions.begin("page", { ...link, person: "bo" }, "bo", client);
    expect(await sessions.end("ada", other.session.id)).toBe(false);
    expect(await sessions.end("ada", one.session.id)).toBe(true);
    expect(await sessions.find("page", one.secret)).toBeUndefined();
    expect((await sessions.list("ada")).map(({ id }) => id)).toEqual([two.session.id]);
    expect(await sessions.endAll("ada")).toBe(1);
    expect(await sessions.find("page", two.secret)).toBeUndefined();
    expect(await sessions.find("page", other.secret)).toBeDefined();
  });

  test("one that is ended while it is used stays ended", async () => {
    const { sessions, clock } = await start(under);
    const { secret, session } = await sessions.begin("page", link, "ada", client);
    clock.now += 2 * minute;
    await Promise.all([sessions.find("page", secret), sessions.end("ada", session.id)]);
    expect(await sessions.find("page", secret)).toBeUndefined();
  });

  test("a holder has fifty at most: the oldest goes", async () => {
    const { sessions, clock } = await start(under);
    const first = await sessions.begin("page", link, "ada", client);
    for (let i = 0; i < 50; i++) {
      clock.now += 1;
      await sessions.begin("page", link, "ada", client);
    }
    expect(await sessions.find("page", first.secret)).toBeUndefined();
    expect(await sessions.list("ada")).toHaveLength(50);
  });

  test("an account is kept as issuer and subject, and comes back", async () => {
    const { sessions } = await start(under);
    const account = { issuer: "https://login.example.com", subject: "248289761001" };
    const login = { method: "oidc", account, roles: ["sre"] } as const;
    const { secret } = await sessions.begin("page", login, "https://login.example.com x", client);
    const found = await sessions.find("page", secret);
    expect(found).toMatchObject({ account, roles: ["sre"], ...client });
    expect(found?.person).toBeUndefined();
  });
});

describeOnBothStores("once", (under) => {
  test("is taken once, by one of many who come together", async () => {
    const { once } = await start(under);
    const secret = newSecret();
    await once.put("link", secret, { person: "ada" });
    const taken = await Promise.all(Array.from({ length: 8 }, () => once.take("link", secret)));
    expect(taken.filter((value) => value !== undefined)).toEqual([{ person: "ada" }]);
    expect(await once.take("link", secret)).toBeUndefined();
  });

  test("is over after its time, and not before", async () => {
    const { once, clock, database } = await start(under);
    const [early, late] = [newSecret(), newSecret()];
    await once.put("link", early, { person: "ada" });
    await once.put("link", late, { person: "ada" });
    clock.now += onceLives.link - 1;
    expect(await once.take("link", early)).toBeDefined();
    clock.now += 1;
    expect(await once.look("link", late)).toBeUndefined();
    expect(await once.take("link", late)).toBeUndefined();
    await once.put("link", newSecret(), { person: "bo" });
    await once.put("passkey", newSecret(), { back: "/" });
    clock.now += onceLives.link;
    await once.put("link", newSecret(), { person: "bo" });
    expect(await database.read.selectFrom("login_once").selectAll().execute()).toHaveLength(1);
  });

  test("one kind is not another, and the store has no secret", async () => {
    const { once, database } = await start(under);
    const secret = newSecret();
    await once.put("link", secret, { person: "ada" });
    expect(await once.take("code", secret)).toBeUndefined();
    const rows = JSON.stringify(await database.read.selectFrom("login_once").selectAll().execute());
    expect(rows).not.toContain(secret);
    expect(await once.take("link", secret)).toBeDefined();
  });

  test("of too many the oldest go, and none of another kind", async () => {
    const { database, clock } = await start(under);
    const few = new Once(
      database,
      () => 1,
      () => new Date(clock.now),
      3,
    );
    const secrets = Array.from({ length: 5 }, () => newSecret());
    await few.put("link", "other", { person: "ada" });
    for (const secret of secrets) {
      clock.now += 1;
      await few.put("passkey", secret, { back: "/" });
    }
    const there = await Promise.all(secrets.map((secret) => few.look("passkey", secret)));
    expect(there.map((value) => value !== undefined)).toEqual([false, false, true, true, true]);
    expect(await few.look("link", "other")).toBeDefined();
  });

  test("is changed from what it was, by one of two", async () => {
    const { once } = await start(under);
    const secret = newSecret();
    const device = { client: "ci", address: "192.0.2.7", askedAt: "a", endsAt: "b" };
    await once.put("device", secret, device);
    const hash = hashSecret("device", secret);
    const changed = await Promise.all([
      once.change("device", hash, device, { ...device, answer: "refused" }),
      once.change("device", hash, device, { ...device, answer: { login: link } }),
    ]);
    expect(changed.filter(Boolean)).toHaveLength(1);
    expect((await once.look("device", secret))?.answer).toBeDefined();
  });
});

describeOnBothStores("API tokens", (under) => {
  test("are found by what is shown once, until their end", async () => {
    const { tokens, clock, database } = await start(under);
    const wanted = { name: "ci", scopes: ["submit", "read", "read"], days: 1 } as const;
    const { secret, token } = await tokens.create("ada", wanted);
    expect(token.scopes).toEqual(["read", "submit"]);
    const rows = JSON.stringify(await database.read.selectFrom("api_token").selectAll().execute());
    expect(rows).not.toContain(secret.slice(4));
    expect(await tokens.find(hashSecret("token", secret))).toBeUndefined();
    clock.now += 24 * 60 * minute - 1;
    expect((await tokens.find(secret))?.id).toBe(token.id);
    clock.now += 1;
    expect(await tokens.find(secret)).toBeUndefined();
    expect(await tokens.list("ada")).toEqual([]);
  });

  test("tell when they were used last", async () => {
    const { tokens, clock } = await start(under);
    const { secret } = await tokens.create("ada", { name: "ci", scopes: ["gate"], days: 9 });
    const used = async () => (await tokens.list("ada"))[0]?.usedAt;
    expect(await used()).toBeUndefined();
    await tokens.find(secret);
    expect(await used()).toBe("2026-11-23T08:00:00.000Z");
    clock.now += minute;
    await tokens.find(secret);
    expect(await used()).toBe("2026-11-23T08:01:00.000Z");
  });

  test("are revoked by whose they are, or by id alone", async () => {
    const { tokens } = await start(under);
    const ada = await tokens.create("ada", { name: "a", scopes: ["read"], days: 9 });
    const bo = await tokens.create("bo", { name: "b", scopes: ["read"], days: 9 });
    expect(await tokens.list(undefined)).toHaveLength(2);
    expect(await tokens.revoke("ada", bo.token.id)).toBe(false);
    expect(await tokens.revoke("ada", ada.token.id)).toBe(true);
    expect(await tokens.find(ada.secret)).toBeUndefined();
    expect(await tokens.revoke(undefined, bo.token.id)).toBe(true);
    expect(await tokens.find(bo.secret)).toBeUndefined();
  });

  test("one person has a hundred at most", async () => {
    const { tokens } = await start(under);
    const wanted = { name: "ci", scopes: ["read"], days: 9 } as const;
    for (let i = 0; i < 100; i++) await tokens.create("ada", wanted);
    await expect(tokens.create("ada", wanted)).rejects.toMatchObject({ code: "invalid" });
    await tokens.create("bo", wanted);
  });
});

describeOnBothStores("two logs in one database", (under) => {
  test("know nothing of each other's sessions, tokens and codes, with the same names", async () => {
    const { of } = await start(under);
    const [ours, theirs] = [of(1), of(2)];
    const wanted = { name: "deploy", scopes: ["gate"] as const, days: 1 };
    const session = await ours.sessions.begin("page", link, "ada", client);
    const token = await ours.tokens.create("ada", wanted);
    const secret = newSecret();
    await ours.once.put("link", secret, { person: "ada" });

    expect(await theirs.sessions.find("page", session.secret)).toBeUndefined();
    expect(await theirs.sessions.list("ada")).toEqual([]);
    expect(await theirs.sessions.end("ada", session.session.id)).toBe(false);
    expect(await theirs.sessions.endAll("ada")).toBe(0);
    expect(await theirs.tokens.find(token.secret)).toBeUndefined();
    expect(await theirs.tokens.list("ada")).toEqual([]);
    expect(await theirs.tokens.list(undefined)).toEqual([]);
    expect(await theirs.tokens.revoke(undefined, token.token.id)).toBe(false);
    expect(await theirs.once.look("link", secret)).toBeUndefined();
    expect(await theirs.once.take("link", secret)).toBeUndefined();
    expect(
      await theirs.once.change(
        "link",
        hashSecret("link", secret),
        { person: "ada" },
        { person: "bo" },
      ),
    ).toBe(false);

    expect((await ours.sessions.find("page", session.secret))?.id).toBe(session.session.id);
    expect((await ours.tokens.find(token.secret))?.id).toBe(token.token.id);
    expect(await ours.once.take("link", secret)).toEqual({ person: "ada" });
  });

  test("crowding one out leaves the other's be", async () => {
    const { of, database, now } = await start(under);
    const theirs = newSecret();
    await of(2).once.put("link", theirs, { person: "ada" });
    const few = new Once(database, () => 1, now, 2);
    for (let i = 0; i < 4; i++) await few.put("link", newSecret(), { person: "eve" });
    for (let i = 0; i < 60; i++) await of(1).sessions.begin("page", link, "ada", client);
    const kept = await of(2).sessions.begin("page", link, "ada", client);
    await of(1).sessions.begin("page", link, "ada", client);
    expect(await of(2).once.take("link", theirs)).toEqual({ person: "ada" });
    expect((await of(2).sessions.list("ada")).map(({ id }) => id)).toEqual([kept.session.id]);
  });
});
