import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../storage/open.ts";
import { makeTestLog, temporaryFolder } from "../testing/ledger-under-test.ts";
import { checkpointPath } from "./target.ts";
import { mirrorOnce } from "./mirror.ts";
import { readWholeMirror } from "./read-mirror.ts";
import { parseS3Place, s3Source, s3Target } from "./s3-target.ts";
import { fakeBucket, fakeCredentials, fakeRegion, fakeS3 } from "./testing/fake-s3.ts";

async function bucket() {
  const store = await fakeS3();
  onTestFinished(() => store.close());
  const place = parseS3Place(
    `s3://${fakeBucket}/logs/prod?endpoint=${encodeURIComponent(store.endpoint)}&region=${fakeRegion}`,
  );
  const options = { backoff: 1, timeout: 2_000 };
  return {
    store,
    target: s3Target(place, fakeCredentials, options),
    source: s3Source(place, fakeCredentials, options),
    place,
  };
}

async function ledgerOf(size: number) {
  const database = await openDatabase({ file: `${temporaryFolder()}/ledger.db` });
  onTestFinished(() => database.close());
  const log = await makeTestLog(database);
  const ledger = await log.open(database);
  const append = async (from: number, to: number) => {
    const ids = Array.from({ length: to - from }, (_, i) => String(from + i));
    await Promise.all(ids.map((id) => ledger.submit({ id, text: `note ${id}` })));
  };
  await append(0, size);
  return { append, mirrored: { database, log: ledger.log(), verifier: log.signer.verifier } };
}

test("a log in a bucket is whole at every size, and partial tiles go when they are full", async () => {
  const { store, target, source } = await bucket();
  const { append, mirrored } = await ledgerOf(200);
  await mirrorOnce(target, mirrored);
  expect([...store.objects.keys()].sort()).toEqual([
    "logs/prod/checkpoint",
    "logs/prod/tile/0/000.p/200",
    "logs/prod/tile/entries/000.p/200",
  ]);
  await append(200, 520);
  await mirrorOnce(target, mirrored);
  expect([...store.objects.keys()].filter((key) => key.includes("000.p/"))).toEqual([
    "logs/prod/tile/1/000.p/2",
  ]);
  const kinds: string[] = [];
  for await (const { kind } of readWholeMirror(source, mirrored.verifier)) kinds.push(kind);
  expect(kinds).toEqual(["page", "page", "page", "done"]);
});

test("every request fails once without effect and once after it, and the next try is good", async () => {
  const { store, target, source } = await bucket();
  const { mirrored } = await ledgerOf(300);
  await mirrorOnce(target, mirrored);
  const { requests } = store;
  const whole = new Map(store.objects);
  for (const after of [false, true]) {
    for (let at = 0; at < requests; at++) {
      store.objects.clear();
      store.faults.length = 0;
      let seen = 0;
      const push = store.faults.shift.bind(store.faults);
      store.faults.shift = () => (seen++ === at ? { status: 503, after } : push());
      expect(await mirrorOnce(target, mirrored)).toBe(300);
      expect(new Map(store.objects)).toEqual(whole);
    }
  }
  for await (const { kind } of readWholeMirror(source, mirrored.verifier)) {
    expect(kind).not.toBe("finding");
  }
});

test("a store that stays away is an alarm; one without room, and other bytes, are more", async () => {
  const { store, target } = await bucket();
  await target.create("tile/0/000", new Uint8Array(3));
  await expect(target.create("tile/0/000", new Uint8Array([0, 0, 1]))).rejects.toMatchObject({
    code: "contradiction",
  });
  await expect(target.create("tile/0/000", new Uint8Array(2))).rejects.toMatchObject({
    code: "contradiction",
  });
  store.faults.push(...Array.from({ length: 4 }, () => ({ status: 503, after: false })));
  await expect(target.create("tile/0/001", new Uint8Array(3))).rejects.toMatchObject({
    code: "unreachable",
  });
  store.faults.push({ status: 507, after: false });
  await expect(target.create("tile/0/001", new Uint8Array(3))).rejects.toMatchObject({
    code: "full",
  });
  await store.close();
  await expect(target.get("checkpoint", 10)).rejects.toMatchObject({ code: "unreachable" });
});

test("wrong credentials are refused, and are in no message", async () => {
  const { place } = await bucket();
  const secretAccessKey = "another-secret";
  const target = s3Target(place, { ...fakeCredentials, secretAccessKey }, { backoff: 1 });
  const error = await target.get("checkpoint", 10).catch((caught: unknown) => caught as Error);
  expect(String(error)).toMatch(/403 SignatureDoesNotMatch/);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(
    /another-secret|AKFAKE/,
  );
});

test("a store that ignores conditions is found out before anything is written", async () => {
  const { store, target } = await bucket();
  store.ignoresConditions = true;
  await expect(target.create("tile/0/000", new Uint8Array(3))).rejects.toThrow(/If-None-Match/);
  expect(store.objects.size).toBe(0);
});

test("of two who replace the checkpoint at once, one does", async () => {
  const { place, target } = await bucket();
  const other = s3Target(place, fakeCredentials, { backoff: 1 });
  const [a, b, c] = ["a", "b", "c"].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
  expect(await target.replace(checkpointPath, undefined, a)).toBe(true);
  // Its look at the store's conditions is over, so that both are really at once.
  await other.create("tile/0/000", new Uint8Array(1));
  const both = await Promise.all([
    target.replace(checkpointPath, a, b),
    other.replace(checkpointPath, a, c),
  ]);
  expect(both.sort()).toEqual([false, true]);
  expect(await target.replace(checkpointPath, a, b)).toBe(
    Buffer.from((await target.get("checkpoint", 10)) ?? []).toString() === "b",
  );
});

test.each([
  "s3://",
  "s3://Bucket/x",
  "s3://bucket/a//b",
  "s3://bucket/../b",
  "s3://bucket/a?endpoint=http://example.com",
  "s3://bucket/a?endpoint=https://user:pass@example.com",
  "s3://bucket/a?endpoint=https://example.com/path",
  "s3://bucket/a?key=secret",
  "s3://bucket/a?style=other",
  "s3://bucket/a?region=x y",
  `s3://${"a".repeat(1_000_000)}`,
])("%.60s is refused, and not repeated", (text) => {
  expect(() => parseS3Place(text)).toThrow(expect.objectContaining({ code: "place" }));
  expect(() => parseS3Place(text)).not.toThrow(/pass|secret/);
});

test("AWS's own addresses have the bucket in the host's name", () => {
  expect(parseS3Place("s3://bucket-1/a/b?region=eu-west-1")).toMatchObject({
    style: "virtual",
    prefix: "a/b",
    endpoint: new URL("https://s3.eu-west-1.amazonaws.com"),
  });
});
