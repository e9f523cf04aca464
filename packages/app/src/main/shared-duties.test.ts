/** Two servers on one ledger: what is to be done once is done once, and goes on when one ends. */
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { defaultPolicy, permissions } from "@countermand/record";
import { actor, personOf } from "@countermand/record/testing";
import { expect, onTestFinished, test } from "vitest";
import type { Context } from "../cli/context.ts";
import { readConfig } from "../config/config.ts";
import { temporaryFolder } from "../ledger/testing/ledger-under-test.ts";
import { TimeAuthorityUnderTest } from "../ledger/timestamps/testing/time-authority.ts";
import { describePostgresql } from "../storage/testing/both-stores.ts";
import { openApplication } from "./application.ts";
import { startDuties } from "./shared-duties.ts";

const context = { cwd: "/", err: () => {}, now: () => new Date() } as unknown as Context;

async function server(env: Readonly<Record<string, string>>, data: string) {
  const config = { ...readConfig(env, { data }), scrubRate: 1_000_000 };
  const application = await openApplication(config, context.now, { adopt: true });
  const ended = new AbortController();
  const duties = await startDuties(application, config, context, ended.signal, 50);
  return {
    application,
    duties,
    run: () => duties.run(ended.signal),
    async end() {
      ended.abort();
      await duties.close();
      await application.close();
    },
  };
}

const all = (where: "here" | "elsewhere") => ({
  mirrors: where,
  scrub: where,
  timestamps: where,
});

describePostgresql("two servers", (store) => {
  test("mirror, read through and ask for the time once, and the second goes on", async () => {
    const location = await store.place();
    if (!("url" in location)) throw new Error("not PostgreSQL");
    const authority = await TimeAuthorityUnderTest.start();
    const mirror = join(temporaryFolder(), "mirror");
    const env = {
      DATABASE_URL: location.url,
      COUNTERMAND_MIRRORS: mirror,
      COUNTERMAND_TIME_AUTHORITY: authority.url,
      COUNTERMAND_TIME_AUTHORITY_ROOTS: authority.roots,
    };
    const [a, b] = [join(temporaryFolder(), "a"), join(temporaryFolder(), "b")];
    const one = await server(env, a);
    await one.application.service.openLedger({
      origin: "example.com/two",
      policy: defaultPolicy,
      administrator: personOf(actor("ada"), permissions),
      openings: [],
    });
    // Its row is written by who is quiet, or closes.
    await one.application.service.opened?.ledger.close();
    await one.end();

    const first = await server(env, a);
    const running = first.run();
    await expect.poll(first.duties.health, { timeout: 20_000 }).toEqual(all("here"));
    cpSync(join(a, "keys"), join(b, "keys"), { recursive: true });
    const second = await server(env, b);
    const other = second.run();
    onTestFinished(async () => {
      await second.end();
      await other;
    });
    await expect.poll(second.duties.health, { timeout: 20_000 }).toEqual(all("elsewhere"));
    await expect.poll(() => first.duties.timestamping()?.size, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => first.duties.scrubbing()?.last?.entries).toBe(1);
    await expect.poll(() => existsSync(join(mirror, "times/000")), { timeout: 20_000 }).toBe(true);
    expect(authority.asked).toBe(1);
    expect([
      second.duties.timestamping(),
      second.duties.scrubbing(),
      second.duties.mirroring(),
    ]).toEqual([undefined, undefined, undefined]);

    await first.end();
    await running;
    await expect.poll(second.duties.health, { timeout: 20_000 }).toEqual(all("here"));
    await expect.poll(() => second.duties.scrubbing()?.last?.entries).toBe(1);
    await expect.poll(() => second.duties.mirroring()?.[0]?.size).toBe(1);
    expect(authority.asked).toBe(1);
  });
});
