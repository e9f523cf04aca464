/** Persons with several keys: what holds of one is not said of another. */
import { beforeEach, expect, test } from "vitest";
import { actor } from "../testing/actors.ts";
import { bo, ledger, open, refused, registrySays } from "../testing/cast.ts";
import { assuranceOf, hasAdministrator } from "./registry.ts";

beforeEach(async () => open());

const other = actor("bo");
const addKey = async (person: string, key = other) =>
  registrySays(ledger.administrator, "key-added", {
    person,
    newKey: { fingerprint: key.fingerprint, line: key.line },
  });

test("whose word a key is by is asked of that key", async () => {
  await addKey("bo");
  expect(assuranceOf(ledger.registry, other.fingerprint)).toBe("administrator");
  // As a login would have enrolled the first one.
  const { registry } = ledger;
  const person = registry.persons["bo"];
  if (person === undefined) throw new Error("bo is enrolled");
  const keys = person.keys.map((key) =>
    key.fingerprint === bo.fingerprint ? { ...key, assurance: "identity-provider" as const } : key,
  );
  const mixed = { ...registry, persons: { ...registry.persons, bo: { ...person, keys } } };
  expect(assuranceOf(mixed, bo.fingerprint)).toBe("identity-provider");
  expect(assuranceOf(mixed, other.fingerprint)).toBe("administrator");
  expect(assuranceOf(mixed, "SHA256:nobody")).toBeUndefined();
});

test("an administrator with one key of two left is one", async () => {
  const { administrator } = ledger;
  const spare = actor(administrator.id);
  await addKey(administrator.id, spare);
  await registrySays(administrator, "key-revoked", {
    person: administrator.id,
    fingerprint: spare.fingerprint,
    reason: "lost",
  });
  const { registry } = ledger;
  const alone = {
    ...registry,
    persons: { [administrator.id]: registry.persons[administrator.id] },
  };
  expect(hasAdministrator(alone as never, ledger.time())).toBe(true);
  expect(hasAdministrator({ ...registry, persons: {} }, ledger.time())).toBe(false);
});

test("a closed ledger takes nothing any more, and a ledger is opened once", async () => {
  await refused("lifecycle", async () => {
    const body = {
      logKey: ledger.registry.logKey,
      systemKey: { fingerprint: ledger.system.fingerprint, line: ledger.system.line },
      policy: { ...ledger.registry.policy },
      administrator: {
        id: "eve",
        kind: "human",
        permissions: ["administer"],
        key: { fingerprint: other.fingerprint, line: other.line },
        emails: [],
      },
    };
    await ledger.registrySays(ledger.system, "log-opened", body);
  });
  await registrySays(ledger.administrator, "log-closed", { reason: "the end" });
  await refused("lifecycle", () =>
    registrySays(ledger.administrator, "permissions-changed", { person: "bo", permissions: [] }),
  );
});
