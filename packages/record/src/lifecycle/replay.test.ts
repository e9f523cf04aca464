/** Entries that were begun before their turn: what was begun with another key counts for nothing. */
import { beforeEach, expect, test } from "vitest";
import { actor } from "../testing/actors.ts";
import { ines, ledger, open, record } from "../testing/cast.ts";
import { beginEntry, emptyWorld, replayEntry, type BegunEntry, type World } from "./replay.ts";

beforeEach(async () => {
  await open();
  await record.propose(ines);
});

const newestOf = () => ({
  index: ledger.entries.length - 1,
  bytes: ledger.entries.at(-1) as Uint8Array,
});

/** The world before the newest entry. */
async function before(): Promise<World> {
  const world = emptyWorld("unchecked");
  for (const [index, bytes] of ledger.entries.slice(0, -1).entries()) {
    await replayEntry(world, beginEntry(world, index, bytes));
  }
  return world;
}

/** The same, in which `ines` has another key under the fingerprint of her own. */
function withAnotherKey(world: World): World {
  const other = actor("other").line;
  const { registry } = world;
  const person = registry?.persons[ines.id];
  if (registry === undefined || person === undefined) throw new Error("nobody is enrolled");
  const keys = person.keys.map((key) => ({ ...key, publicKey: other }));
  const persons = { ...registry.persons, [ines.id]: { ...person, keys } };
  return { ...world, registry: { ...registry, persons }, records: new Map(world.records) };
}

test("a whole ledger that is begun before any rule ran gives what it gives one by one", async () => {
  const world = emptyWorld("unchecked");
  const begun = ledger.entries.map((bytes, index) => beginEntry(world, index, bytes));
  // Nobody is enrolled yet but the system that opens it.
  expect(begun.map(({ opening }) => opening !== undefined)).toEqual(
    begun.map((_, index) => index === 0),
  );
  for (const entry of begun) await replayEntry(world, entry);
  expect(world).toEqual(ledger.world);
});

test("a signature that was begun is not checked twice, and one that was not is", async () => {
  const world = await before();
  const { index, bytes } = newestOf();
  const begun = beginEntry(world, index, bytes);
  const { statement } = await replayEntry(world, begun);
  expect(statement).toBe(await begun.opening?.statement);
});

test("good with a key that is not the signer's when its turn comes: refused", async () => {
  const world = await before();
  const { index, bytes } = newestOf();
  const begun = beginEntry(world, index, bytes);
  await expect(begun.opening?.statement).resolves.toBeDefined();
  await expect(replayEntry(withAnotherKey(world), begun)).rejects.toMatchObject({
    code: "signature",
  });
});

test("bad with a key that is the signer's no longer, and good with the one that is: taken", async () => {
  const world = await before();
  const { index, bytes } = newestOf();
  const begun: BegunEntry = beginEntry(withAnotherKey(world), index, bytes);
  await expect(begun.opening?.statement).rejects.toMatchObject({ code: "signature" });
  await replayEntry(world, begun);
  expect(world).toEqual(ledger.world);
});

test("bytes that are no entry are refused at once", () => {
  expect(() => beginEntry(emptyWorld("unchecked"), 0, new Uint8Array([1]))).toThrow("not JSON");
});
