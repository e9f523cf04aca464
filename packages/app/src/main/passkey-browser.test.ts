/** A person makes a passkey, has it enrolled, and approves with it: in a real browser, to a package that stock tools verify. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArchive, verifyPackage } from "@countermand/record";
import { expect, test } from "vitest";
import { httpDefaults } from "../http/config.ts";
import { buildServer } from "../http/server.ts";
import { Browser, hasChromium } from "../http/testing/browser.ts";
import { noGroups } from "../identity/groups.ts";
import { Login } from "../identity/login.ts";
import { describeOnBothStores, type StoreUnderTest } from "../storage/testing/both-stores.ts";
import { registryPeople } from "./people.ts";
import { RollbacksUnderTest } from "./testing/rollbacks-under-test.ts";

const shots = process.env["COUNTERMAND_SCREENSHOTS"];

async function start(under: StoreUnderTest) {
  const it = await RollbacksUnderTest.start(under);
  it.now = Date.now();
  const now = () => new Date(it.now);
  const login: Login = new Login({
    database: it.store.database,
    logId: () => it.service.logId,
    people: registryPeople(it.service, now),
    groups: noGroups,
    base: () => new URL(`http://localhost:${(app.server.address() as AddressInfo).port}`),
    now,
    report: () => {},
  });
  const app = await buildServer(
    {
      countermand: it.service,
      login,
      log: () => it.service.opened?.ledger.log(),
      now,
      report: (error) => {
        throw error;
      },
    },
    { ...httpDefaults, port: 7400, token: "t".repeat(43) },
  );
  await app.listen({ host: "127.0.0.1", port: 0 });
  const browser = await Browser.open();
  await browser.addAuthenticator();
  return {
    it,
    login,
    browser,
    base: login.base.origin,
    async shot(name: string) {
      if (shots !== undefined) await browser.screenshot(`${shots}/${name}.png`);
    },
    /** Lets bo in, makes a passkey in the browser, and has it enrolled; answers its fingerprint. */
    async makePasskey(): Promise<string> {
      const { url } = await login.makeLink("bo");
      await browser.go(url);
      await browser.follow('button[type="submit"]');
      await browser.go(`${login.base.origin}/passkeys`);
      expect(await browser.text()).toContain("None is enrolled for bo");
      await browser.click("#make");
      await browser.until("!document.getElementById('made').hidden");
      const read = (id: string) =>
        browser.evaluate(`document.getElementById('${id}').textContent`).then(String);
      const [line, fingerprint] = [await read("line"), await read("fingerprint")];
      expect(line).toMatch(/^sk-ecdsa-sha2-nistp256@openssh\.com \S+$/);
      await it.registrySays(it.ada, "key-added", { person: "bo", newKey: { fingerprint, line } });
      return fingerprint;
    },
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]();
      await app.close();
      await it[Symbol.asyncDispose]();
    },
  };
}

describeOnBothStores("a passkey in a browser", (under) => {
  test.skipIf(!hasChromium)("made, enrolled, used; ssh-keygen says good", async () => {
    await using page = await start(under);
    const { it, browser, base } = page;
    const print = await page.makePasskey();
    await page.shot("passkey-made");
    await it.propose();
    await it.assess();
    await browser.go(`${base}/records/RB-2026-1/decide`);
    expect(await browser.text()).toContain("Checkout fails since 02:40");
    await browser.click('input[value="approve"]');
    await browser.type("#check", "smoke");
    await browser.type("#comment", "Read the report; the fix can wait <b>a day</b>");
    await browser.click("#good-reason > summary");
    expect(await browser.text()).toContain("what is to happen instead");
    await page.shot("decide");
    await browser.follow('form button[type="submit"]');
    const read = await browser.text();
    expect(read).toMatch(/could say more[\s\S]*no-number/);
    expect(read).toContain("Approve RB-2026-1: take api in prod");
    expect(read).toContain("if check smoke passed");
    expect(read).toContain("<b>a day</b>");
    await page.shot("sign");
    await browser.click("#sign");
    await browser.until("location.pathname === '/records/RB-2026-1'");
    await browser.until("document.readyState === 'complete'");
    expect(await browser.text()).toContain("if check smoke passed");
    await page.shot("decided");

    const state = await it.state();
    expect(state.status).toBe("authorised");
    expect(state.authorisation?.conditions).toEqual([{ type: "check", name: "smoke" }]);
    expect(state.decisions).toMatchObject([{ actor: "bo", key: print }]);

    const bytes = await it.service.exportRecord("RB-2026-1", {});
    expect((await verifyPackage(bytes)).findings).toEqual([]);
    const entry = state.decisions[0]?.index ?? 0;
    const folder = mkdtempSync(join(tmpdir(), "countermand-passkey-"));
    try {
      for (const file of readArchive(bytes, { maxFiles: 1000, maxBytes: 1e8 })) {
        writeFileSync(join(folder, file.path.replaceAll("/", "-")), file.bytes);
      }
      const run = spawnSync(
        "ssh-keygen",
        [
          "-Y",
          "verify",
          "-f",
          join(folder, "allowed_signers"),
          "-I",
          "bo",
          "-n",
          "decision.v1@countermand",
          "-s",
          join(folder, `signatures-${entry}.sig`),
        ],
        { input: fileIn(bytes, `signatures/${entry}.pae`) },
      );
      expect(`${run.stdout.toString()}${run.stderr.toString()}`).toContain('Good "decision');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.skipIf(!hasChromium)("a record that changed, and a second voice: refused", async () => {
    await using page = await start(under);
    const { it, browser, base } = page;
    await page.makePasskey();
    await it.propose();
    await it.assess();
    await browser.go(`${base}/records/RB-2026-1/decide`);
    it.now += 1000;
    await it.assess();
    await browser.click('input[value="approve"]');
    await browser.follow('form button[type="submit"]');
    expect(await browser.text()).toContain("RB-2026-1 changed while you read it");

    await browser.go(`${base}/records/RB-2026-1/decide`);
    await browser.click('input[value="approve"]');
    await browser.follow('form button[type="submit"]');
    await it.decide(it.bo);
    await browser.click("#sign");
    await browser.until("document.getElementById('told').textContent.startsWith('Nothing')");
    expect(await browser.text()).toMatch(/Nothing was done: .*RB-2026-1/);
  });
});

function fileIn(archive: Uint8Array, path: string): Uint8Array {
  const file = readArchive(archive, { maxFiles: 1000, maxBytes: 1e8 }).find(
    (item) => item.path === path,
  );
  if (file === undefined) throw new Error(`no ${path}`);
  return file.bytes;
}
