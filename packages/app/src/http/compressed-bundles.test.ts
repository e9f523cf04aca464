import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { CompressedBundles, compressedBundles } from "./compressed-bundles.ts";
import type { LogReader } from "./log-port.ts";
import { fakeLog } from "./testing/server.ts";

/** A log that tells how often a bundle was read. */
function counted(log: LogReader): LogReader & { reads: string[]; fails: boolean } {
  const counting = {
    ...log,
    reads: [] as string[],
    fails: false,
    async bundle(n: number, width: number) {
      counting.reads.push(`${n}/${width}`);
      if (counting.fails) throw new Error("the store is away");
      return await log.bundle(n, width);
    },
  };
  return counting;
}

test("a bundle is read and compressed once, also for those who ask at the same time", async () => {
  const log = counted(fakeLog(600));
  const bundles = new CompressedBundles(log);
  const [one, two] = await Promise.all([bundles.get(0, 256), bundles.get(0, 256)]);
  const three = await bundles.get(0, 256);
  expect(log.reads).toEqual(["0/256"]);
  expect([two, three]).toEqual([one, one]);
  const plain = Buffer.from((await fakeLog(600).bundle(0, 256)) ?? []);
  expect(gunzipSync(one?.bytes ?? "")).toEqual(plain);
  // A partial bundle is another one.
  const partial = await bundles.get(2, 88);
  expect(partial?.etag).not.toBe(one?.etag);
  expect(compressedBundles(log)).toBe(compressedBundles(log));
  expect(compressedBundles(log)).not.toBe(compressedBundles(fakeLog(1)));
});

test("what is not there, or could not be read, is asked for again", async () => {
  const log = counted(fakeLog(600));
  const bundles = new CompressedBundles(log);
  expect(await bundles.get(2, 256)).toBeUndefined();
  expect(await bundles.get(2, 256)).toBeUndefined();
  log.fails = true;
  await expect(bundles.get(1, 256)).rejects.toThrow("away");
  log.fails = false;
  expect(await bundles.get(1, 256)).toBeDefined();
  expect(log.reads).toEqual(["2/256", "2/256", "1/256", "1/256"]);
});

test("no more is kept than there is room for; what was asked for last stays", async () => {
  const log = counted(fakeLog(5 * 256));
  const size = (await new CompressedBundles(log).get(0, 256))?.bytes.length ?? 0;
  const bundles = new CompressedBundles(log, 3 * size + 30);
  log.reads.length = 0;
  for (const n of [0, 1, 2, 0, 3, 0, 2, 1]) await bundles.get(n, 256);
  expect(log.reads).toEqual(["0/256", "1/256", "2/256", "3/256", "1/256"]);
  // One that does not fit is served and not kept.
  const none = new CompressedBundles(log, 10);
  await none.get(4, 256);
  await none.get(4, 256);
  expect(log.reads.slice(-2)).toEqual(["4/256", "4/256"]);
});
