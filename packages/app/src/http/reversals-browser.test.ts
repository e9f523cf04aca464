/** The reversals' page in a real browser; `COUNTERMAND_SCREENSHOTS` names a folder for pictures. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Browser, chromium, hasChromium } from "./testing/browser.ts";
import { testServer } from "./testing/server.ts";

const shots = process.env["COUNTERMAND_SCREENSHOTS"];
if (shots !== undefined) mkdirSync(shots, { recursive: true });

test.skipIf(!hasChromium)(
  `risk, implications and reviews, down to an implication's page (skipped where ${chromium} is missing)`,
  async () => {
    const { app, countermand } = await testServer({ port: 0 });
    countermand.next = undefined;
    await using browser = await Browser.open();
    const shot = async (name: string) => {
      if (shots !== undefined) await browser.screenshot(join(shots, `${name}.png`));
    };
    try {
      const url = await app.listen({ host: "127.0.0.1", port: 0 });
      await browser.go(`${url}/reversals?repository=shop%2Fcheckout`);
      await browser.click("td details > summary");
      const text = await browser.text();
      for (const part of [
        "54 of 100, 98 % seen",
        "2 implications, 1 for the worse, 1 unknown",
        "GHSA-8rvj-mm4h-c258",
        "Reviewed-by: Ines Moreau",
        "not looked at",
        "no review trailer",
      ]) {
        expect(text).toContain(part);
      }
      await shot("reversals");
      await browser.follow('a[href="/implications/fix.advisory-reverted"]');
      expect(await browser.text()).toMatch(
        /fix\.advisory-reverted[\s\S]*Usual severity[\s\S]*Found by/,
      );
      await shot("implication");
    } finally {
      // The browser keeps its connections open, and a server that closes waits for them.
      app.server.closeAllConnections();
      await app.close();
    }
  },
  120_000,
);
