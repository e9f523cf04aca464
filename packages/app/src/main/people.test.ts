import { makeOpening, registryStream, statementTypes, type JsonObject } from "@countermand/record";
import { envelopeOf, type Actor } from "@countermand/record/testing";
import { expect, test } from "vitest";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { registryPeople } from "./people.ts";
import { origin, RollbacksUnderTest } from "./testing/rollbacks-under-test.ts";

const issuer = "https://login.example.com";

/** Links an account as an administrator does: the subject is committed to, its opening kept beside. */
async function link(it: RollbacksUnderTest, by: Actor, person: string, subject: string) {
  const opening = makeOpening(subject, crypto.getRandomValues(new Uint8Array(32)));
  const body = { person, issuer, subject: opening.commitment };
  const accepted = await it.service.submit({
    envelope: await said(it, by, "account-linked", body),
    openings: [opening],
  });
  return accepted.receipts[0]?.index;
}

async function said(it: RollbacksUnderTest, by: Actor, type: string, body: JsonObject) {
  const { registry } = await it.service.instance();
  const kind = statementTypes.get(type);
  if (kind?.stream !== registryStream) throw new TypeError(type);
  return envelopeOf(by, type, kind.subjects(body, registry), body, it.time(), { instance: origin });
}

describeOnBothStores("people of the registry", (under) => {
  test("before there is a ledger there is nobody", async () => {
    await using it = await RollbacksUnderTest.start(under, { empty: true });
    const people = registryPeople(it.service, () => new Date(it.now));
    expect(await people.humans()).toEqual([]);
    expect(await people.personOf(issuer, "1")).toBeUndefined();
    expect(await people.isEnrolled("ada")).toBe(false);
    expect(await people.keysOf("constructor")).toEqual([]);
  });

  test("who is enrolled, who administers, and with which keys, as of now", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const people = registryPeople(it.service, () => new Date(it.now));
    expect(await people.humans()).toEqual(["ada", "bo", "cleo"]);
    expect(await people.mayAdminister("ada")).toBe(true);
    expect(await people.mayAdminister("bo")).toBe(false);
    expect(await people.isEnrolled("mallory")).toBe(false);
    expect(await people.keysOf("bo")).toEqual([it.bo.line]);
    await it.registrySays(it.ada, "key-revoked", {
      person: "bo",
      fingerprint: it.bo.fingerprint,
      reason: "lost",
    });
    expect(await people.keysOf("bo")).toEqual([]);
    await it.registrySays(it.ada, "permissions-changed", { person: "bo", permissions: [] });
    expect(await people.isEnrolled("bo")).toBe(false);
    expect(await people.humans()).toEqual(["ada", "cleo"]);
  });

  test("an account is its person's from the linking on, by issuer and subject alone", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const people = registryPeople(it.service, () => new Date(it.now));
    expect(await people.personOf(issuer, "248289761001")).toBeUndefined();
    await link(it, it.ada, "bo", "248289761001");
    expect(await people.personOf(issuer, "248289761001")).toBe("bo");
    expect(await people.personOf(`${issuer}/`, "248289761001")).toBeUndefined();
    expect(await people.personOf(issuer, "bo@example.com")).toBeUndefined();
    await it.restart();
    const again = registryPeople(it.service, () => new Date(it.now));
    expect(await again.personOf(issuer, "248289761001")).toBe("bo");
  });

  test("an account that was linked to two persons is nobody's", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const people = registryPeople(it.service, () => new Date(it.now));
    await link(it, it.ada, "bo", "1");
    await link(it, it.ada, "cleo", "1");
    expect(await people.personOf(issuer, "1")).toBeUndefined();
  });
});
