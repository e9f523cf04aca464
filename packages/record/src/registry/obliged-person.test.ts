import { beforeEach, expect, test } from "vitest";
import { actor } from "../testing/actors.ts";
import { bo, cleo, ledger, open, registrySays } from "../testing/cast.ts";
import type { Permission } from "../statements/words.ts";
import { obligedPerson } from "./obliged-person.ts";

beforeEach(async () => open());

const owner = (...names: string[]) => obligedPerson(ledger.registry, names);
const permit = async (person: string, ...permissions: Permission[]) =>
  registrySays(ledger.administrator, "permissions-changed", { person, permissions });
const lost = async (person: string, fingerprint: string) =>
  registrySays(ledger.administrator, "key-revoked", { person, fingerprint, reason: "lost" });

test("the first of the named who is enrolled", () => {
  expect(owner("bo", "cleo")).toBe("bo");
  expect(owner("gone", "constructor", "cleo", "bo")).toBe("cleo");
});

test("not who may do nothing any more", async () => {
  await permit("bo");
  expect(owner("bo", "cleo")).toBe("cleo");
});

test("not who has no key left, but who has one of two", async () => {
  await lost("bo", bo.fingerprint);
  expect(owner("bo", "cleo")).toBe("cleo");
  const other = actor("cleo");
  await registrySays(ledger.administrator, "key-added", {
    person: "cleo",
    newKey: { fingerprint: other.fingerprint, line: other.line },
  });
  await lost("cleo", cleo.fingerprint);
  expect(owner("bo", "cleo")).toBe("cleo");
});

test("no machine", async () => {
  await ledger.enrol(actor("pipeline"), { kind: "workload", permissions: ["initiate"] });
  expect(owner("pipeline", "bo")).toBe("bo");
});

test("where none of them can: the first administrator by id, and no other", async () => {
  const first = [ledger.administrator.id, "second-admin"].sort()[0];
  expect(owner()).toBe(first);
  expect(owner("gone")).toBe(first);
  // Somebody whose id comes first and who administers nothing.
  await ledger.enrol(actor("aaa"));
  expect(owner()).toBe(first);
  // An administrator who cannot sign is none.
  await ledger.enrol(actor("ab"), { permissions: ["administer"] });
  expect(owner()).toBe("ab");
  const key = ledger.registry.persons["ab"]?.keys[0]?.fingerprint ?? "";
  await lost("ab", key);
  expect(owner()).toBe(first);
});
