/** A server's ledger and a real time authority: two clocks of an entry, as a person asks for them. */
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../cli/program.ts";
import type { Context } from "../cli/context.ts";
import { readConfig } from "../config/config.ts";
import { temporaryFolder } from "../ledger/testing/ledger-under-test.ts";
import { TimeAuthorityUnderTest } from "../ledger/timestamps/testing/time-authority.ts";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import type { Application } from "./application.ts";
import { startTimestamping } from "./timestamping.ts";
import { RollbacksUnderTest } from "./testing/rollbacks-under-test.ts";

/** What `countermand times` prints over the service, run where its files go. */
const times = async (it: RollbacksUnderTest, ...args: string[]) => run(it, "times", ...args);

async function run(it: RollbacksUnderTest, ...args: string[]) {
  const cwd = temporaryFolder();
  let out = "";
  let err = "";
  const context = {
    env: {},
    cwd,
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    colour: false,
    open: async () => ({ countermand: it.service, place: "here", close: async () => {} }),
  } as unknown as Context;
  const code = await runProgram(context, args);
  return { cwd, code, out, err };
}

async function stamp(it: RollbacksUnderTest, authority: TimeAuthorityUnderTest): Promise<void> {
  const ended = new AbortController();
  const config = readConfig({
    COUNTERMAND_TIME_AUTHORITY: authority.url,
    COUNTERMAND_TIME_AUTHORITY_ROOTS: authority.roots,
  });
  const context = { cwd: "/", err: () => {}, now: () => new Date(it.now) } as unknown as Context;
  const stamping = await startTimestamping({ service: it.service } as Application, config, context);
  expect(stamping.health()).toBeUndefined();
  const running = stamping.run(ended.signal);
  await expect.poll(() => stamping.health()?.attestedAt, { timeout: 10_000 }).toBeDefined();
  ended.abort();
  await running;
}

describeOnBothStores("the two clocks", (under) => {
  test("of an entry, and the gap, and a token that openssl alone checks", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const authority = await TimeAuthorityUnderTest.start();
    const before = await times(it, "0");
    expect([before.code, before.out]).toEqual([
      0,
      expect.stringMatching(
        /^entry 0 recorded {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC {2}the server's clock\nNo time authority/,
      ),
    ]);
    expect((await times(it, "0", "-o", "here")).code).toBe(3);
    await it.restart();
    await stamp(it, authority);
    const after = await times(it, "0", "-o", "here");
    expect(after.out).toContain(`${authority.url}, over 3 entries`);
    expect(after.out).toMatch(/\ngap +\S/);
    expect(readdirSync(`${after.cwd}/here`)).toEqual(["checkpoint-3.tst", "checkpoint-3.txt"]);
    const command = /openssl (ts .*)\n/.exec(after.err)?.[1]?.replace("ROOTS.pem", authority.roots);
    const says = execFileSync("openssl", command?.split(" ") ?? [], {
      cwd: `${after.cwd}/here`,
      stdio: "pipe",
    });
    expect(says.toString()).toContain("Verification: OK");
    const json = JSON.parse((await times(it, "0", "--json")).out) as object;
    expect(json).toMatchObject({ index: 0, attested: { authority: authority.url, size: 3 } });
  });

  test("travel with an exported record, and are checked with the roots that one believes", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const authority = await TimeAuthorityUnderTest.start();
    const stranger = await TimeAuthorityUnderTest.start("Stranger");
    await it.propose();
    await it.restart();
    await stamp(it, authority);
    await it.assess();
    await it.decide();
    const file = join(temporaryFolder(), "record.tar");
    writeFileSync(file, await it.service.exportRecord("RB-2026-1", {}));
    const unchecked = await run(it, "verify", file);
    expect([unchecked.code, unchecked.out]).toEqual([0, expect.stringContaining("--time-roots")]);
    const checked = await run(it, "verify", file, "--time-roots", authority.roots);
    expect(checked.out).toMatch(/✓ time-stamp tokens are true \(1\)/);
    expect(checked.out).toMatch(/a time authority signed that entry 3 was there by \d{4}-/);
    expect(checked.code).toBe(0);
    const other = await run(it, "verify", file, "--time-roots", stranger.roots);
    expect([other.code, other.out]).toEqual([
      1,
      expect.stringContaining("its token does not verify"),
    ]);
    const none = await run(it, "verify", file, "--time-roots", "package.json");
    expect([none.code, none.err]).toEqual([2, expect.stringContaining("--time-roots")]);
  });

  test("of an entry that is not there", async () => {
    await using it = await RollbacksUnderTest.start(under);
    expect(await times(it, "99")).toMatchObject({ code: 2, out: "" });
    expect(await times(it, "-1")).toMatchObject({ code: 2, out: "" });
    expect((await times(it, "01")).err).toContain("An index is a whole number from 0.");
  });
});

test("roots that are none are refused before the server starts", async () => {
  const config = readConfig({
    COUNTERMAND_TIME_AUTHORITY: "http://127.0.0.1:9/",
    COUNTERMAND_TIME_AUTHORITY_ROOTS: "package.json",
  });
  const context = { cwd: process.cwd() } as unknown as Context;
  const start = startTimestamping({} as Application, config, context);
  await expect(start).rejects.toThrow("cannot be read as PEM certificates");
});
