/** Several ledgers behind one server, as those who run it and those who use it meet them. */
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { runSql } from "../packages/app/src/storage/database.ts";
import { openDatabase } from "../packages/app/src/storage/open.ts";
import { describeOnBothStores } from "../packages/app/src/storage/testing/both-stores.ts";
import { Workplace } from "./command-line.ts";

interface Told {
  readonly status: number;
  readonly text: string;
}

/** What the server answers under a name, over its loopback address. */
async function ask(url: string, path: string, headers: Record<string, string>): Promise<Told> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly problem?: string;
}

async function begun(env: Record<string, string>) {
  const place = new Workplace(env);
  onTestFinished(() => place[Symbol.dispose]());
  const url = await place.serve();
  const folder = (name: string) => join(place.data, "tenants", name);
  const listed = () =>
    place
      .run("tenant", "list", "--json")
      .out.trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Listed);
  const until = async (name: string, state: string) => {
    for (let i = 0; i < 60; i++) {
      const found = listed().find((it) => it.name === name);
      if (found?.state === state) return found;
      await sleep(500);
    }
    throw new Error(`${name} is not ${state}: ${JSON.stringify(listed())}`);
  };
  const add = (name: string) => place.run("tenant", "add", name, "--url", address(name));
  const token = (name: string) => readFileSync(join(folder(name), "token"), "utf8").trim();
  const bearer = (name: string) => ({ authorization: `Bearer ${token(name)}` });
  return { place, url, folder, until, add, bearer };
}

const host = (name: string) => `${name}.example.com`;
const address = (name: string) => `https://${host(name)}`;

describeOnBothStores("tenants", (store) => {
  test("each has its own log, people and login, and knows nothing of the others", async () => {
    const location = await store.place();
    const { place, url, folder, until, add, bearer } = await begun(
      "url" in location ? { DATABASE_URL: location.url } : {},
    );
    expect(place.as("ada", "init", "--origin", "example.com/root", "--id", "root").code).toBe(0);
    for (const name of ["acme", "globex"]) expect(add(name).code).toBe(0);
    for (const [name, who] of [
      ["acme", "ada"],
      ["globex", "bo"],
    ] as const) {
      await until(name, "served");
      const data = folder(name);
      const opened = place.as(who, "init", "--data", data, "--origin", host(name), "--id", "boss");
      expect([opened.code, opened.err]).toEqual([0, expect.anything()]);
    }
    const cleo = ["--id", "cleo", "--public-key", `${place.key("cleo")}.pub`];
    const people = (name: string) => place.run("person", "list", "--data", folder(name)).out;
    expect(place.as("ada", "person", "add", "--data", folder("acme"), ...cleo).code).toBe(0);
    expect(people("acme")).toContain("cleo");
    expect(people("globex")).not.toContain("cleo");
    expect(place.run("person", "list").out).not.toMatch(/cleo|boss/);
    // The same id in another ledger is another person.
    const foreign = place.as("ada", "person", "add", "--data", folder("globex"), ...cleo);
    expect([foreign.code, foreign.err]).toEqual([1, expect.stringContaining("key")]);

    const origin = async (headers: Record<string, string>) => {
      const { status, text } = await ask(url, "/log/checkpoint", headers);
      return status === 200 ? text.split("\n", 1)[0] : status;
    };
    const loopback = new URL(url).host;
    const port = new URL(url).port;
    const cases: readonly [Record<string, string>, string | number | undefined][] = [
      [{ host: loopback }, "example.com/root"],
      [{ host: host("acme") }, host("acme")],
      [{ host: `ACME.example.com:${port}` }, host("acme")],
      [{ host: host("globex") }, host("globex")],
      [{ host: loopback, "countermand-tenant": "globex" }, host("globex")],
      [{ host: host("acme"), "countermand-tenant": "acme" }, host("acme")],
      [{ host: host("acme"), "countermand-tenant": "globex" }, 421],
      [{ host: loopback, "countermand-tenant": "nobody" }, 421],
      [{ host: loopback, "countermand-tenant": "" }, 421],
      [{ host: host("nobody") }, 421],
      [{ host: `x${host("acme")}` }, 421],
      [{ host: `${host("acme")}:1` }, 421],
      [{ host: "acme" }, 421],
    ];
    for (const [headers, expected] of cases) {
      expect(await origin(headers), JSON.stringify(headers)).toBe(expected);
    }

    // Who holds the token of one is a stranger at the other, and is told nothing.
    const session = async (name: string, headers: Record<string, string>) =>
      ask(url, "/v1/session", { host: host(name), ...headers });
    expect(await session("acme", bearer("acme"))).toMatchObject({ status: 200 });
    expect(await session("globex", bearer("acme"))).toMatchObject({ status: 401 });
    expect((await session("globex", {})).text).not.toContain("acme");
    const health = await ask(url, "/health", { host: loopback });
    expect(JSON.parse(health.text)).toMatchObject({ tenants: { served: 2, stopped: 0 } });

    expect(await place.stop()).toBe(0);
    for (const data of [place.data, folder("acme"), folder("globex")]) {
      const checked = place.run("fsck", "--data", data);
      expect([checked.code, checked.err], data).toEqual([0, expect.anything()]);
    }
    // And all of it again after a restart.
    const again = await place.serve();
    await until("globex", "served");
    const { text } = await ask(again, "/log/checkpoint", { host: host("globex") });
    expect(text.split("\n", 1)[0]).toBe(host("globex"));
  }, 240_000);

  test("what stops one stops no other, and is tried again", async () => {
    const location = await store.place();
    const { place, url, folder, until, add } = await begun(
      "url" in location ? { DATABASE_URL: location.url } : {},
    );
    for (const name of ["acme", "globex"]) add(name);
    await until("globex", "served");
    place.as("ada", "init", "--data", folder("acme"), "--origin", host("acme"));
    const frozen = async (state: "frozen" | "active") => {
      const own = "url" in location ? location : { file: join(folder("acme"), "ledger.db") };
      const database = await openDatabase(own);
      await database.transaction(async (tx) =>
        runSql(tx, `update log set state = '${state}', reason = 'the disk lies'`),
      );
      await database.close();
    };
    await until("acme", "served");
    await frozen("frozen");
    // Changed settings are noticed, and opening it anew fails.
    utimesSync(join(folder("acme"), "settings"), new Date(), new Date());
    expect((await until("acme", "stopped")).problem).toContain("the disk lies");
    const answer = async (name: string) => (await ask(url, "/health", { host: host(name) })).status;
    expect(await answer("acme")).toBe(503);
    expect(await answer("globex")).toBe(200);
    const health = await ask(url, "/health", {});
    expect(JSON.parse(health.text)).toMatchObject({ tenants: { served: 1, stopped: 1 } });
    await frozen("active");
    await until("acme", "served");
    expect(await answer("acme")).toBe(200);

    // A tenant whose address is another's, or whose settings are wrong, is alone with that.
    mkdirSync(folder("twin"), { mode: 0o700 });
    writeFileSync(join(folder("twin"), "settings"), `COUNTERMAND_URL=${address("globex")}\n`);
    expect((await until("twin", "stopped")).problem).toContain("is served by globex already");
    appendFileSync(join(folder("globex"), "settings"), "COUNTERMAND_PORT=1\n");
    expect((await until("globex", "stopped")).problem).toContain("is the whole server's");
    expect(await answer("acme")).toBe(200);
    renameSync(folder("acme"), join(place.folder, "moved"));
    await expect.poll(async () => answer("acme"), { timeout: 20_000 }).toBe(421);
    expect(await place.stop()).toBe(0);
  }, 240_000);
});

test("making one: bad names, bad addresses and what is taken are refused in a sentence", () => {
  using place = new Workplace();
  const add = (...args: string[]) => place.run("tenant", "add", ...args);
  expect(place.run("tenant", "list").err).toContain("There are no tenants");
  for (const name of ["Acme", "a/b", "..", "a.b"]) {
    const said = add(name, "--url", address("acme"));
    expect([said.code, said.err]).toEqual([2, expect.stringContaining("small letters, digits")]);
  }
  for (const url of ["acme.example.com", "http://acme.example.com", "https://a@b.example.com"]) {
    const said = add("acme", "--url", url);
    expect([said.code, said.err]).toEqual([2, expect.stringContaining("COUNTERMAND_URL is")]);
  }
  expect(place.run("tenant", "list").err).toContain("There are no tenants");
  expect(add("acme", "--url", address("acme")).out).toContain("Made the tenant acme");
  const again = add("acme", "--url", address("other"));
  expect([again.code, again.err]).toEqual([1, expect.stringContaining("a tenant acme already")]);
  const taken = add("globex", "--url", address("acme"));
  expect([taken.code, taken.err]).toEqual([1, expect.stringContaining("the tenant acme already")]);
  expect(place.run("tenant", "list").out).toContain(`acme  not served  ${address("acme")}`);
}, 120_000);
