/** From SQLite to a file to PostgreSQL: the ledger is the same, and goes on. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describePostgresql } from "../packages/app/src/storage/testing/both-stores.ts";
import { complete, Workplace } from "./command-line.ts";

describePostgresql("backup and restore", (under) => {
  test("from SQLite to PostgreSQL", async () => {
    const location = await under.place();
    if (!("url" in location)) throw new TypeError("not PostgreSQL");
    using place = new Workplace();
    const [target] = place.makeRepository();
    expect(place.as("ada", "init", "--id", "ada").code).toBe(0);
    expect(place.as("ada", "propose", "--target", target, ...complete).code).toBe(0);
    const before = place.run("show", `RB-${new Date().getUTCFullYear()}-1`, "--json");

    const file = join(place.folder, "ledger.backup");
    expect(place.run("backup", "-o", file)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/3 entries/),
    });
    expect(place.run("backup", "-o", file)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/is there already/),
    });
    expect(place.run("restore", file)).toMatchObject({
      code: 3,
      err: expect.stringMatching(/empty/),
    });

    const data = join(place.folder, "elsewhere");
    const env = { DATABASE_URL: location.url, COUNTERMAND_DATA: data };
    writeFileSync(join(place.folder, "torn"), "not a backup\n");
    expect(place.runWith({ env }, "restore", join(place.folder, "torn")).code).not.toBe(0);
    expect(place.runWith({ env }, "restore", file)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/3 entries restored/),
    });
    execFileSync("cp", ["-r", join(place.data, "keys"), join(place.data, "blobs"), data]);
    // Nobody here can tell that nothing newer exists: an operator decides.
    expect(place.runWith({ env }, "list")).toMatchObject({
      code: 3,
      err: expect.stringMatching(/high-water mark/),
    });
    execFileSync("cp", ["-r", join(place.data, "marks"), data]);
    expect(
      place.runWith({ env }, "show", `RB-${new Date().getUTCFullYear()}-1`, "--json").out,
    ).toBe(before.out);
    expect(place.runWith({ env }, "fsck")).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^GOOD/),
    });
  }, 120_000);
});
