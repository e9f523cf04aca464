import { encodeHex, verifyPackage } from "@countermand/record";
import { decisionBody } from "@countermand/record/testing";
import { sha256 } from "@countermand/tlog";
import { expect, test } from "vitest";
import { checkViews } from "../rollbacks/fsck-views.ts";
import { storeAudit } from "../rollbacks/audits.ts";
import type { AuditedReversal } from "../rollbacks/countermand.ts";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { proposalBody, RollbacksUnderTest, texts } from "./testing/rollbacks-under-test.ts";

const hour = 3_600_000;

async function viewFindings(it: RollbacksUnderTest): Promise<string[]> {
  const logId = it.service.opened?.logId;
  if (logId === undefined) throw new Error("no ledger");
  const found: string[] = [];
  for await (const { where, problem } of checkViews(it.store.database, logId, it.store.judges)) {
    found.push(`${where}: ${problem}`);
  }
  return found;
}

describeOnBothStores("the service", (under) => {
  test("before there is a ledger it says how to open one", async () => {
    await using it = await RollbacksUnderTest.start(under, { empty: true });
    await expect(it.service.instance()).rejects.toMatchObject({ code: "no-ledger" });
    expect(await it.service.records({})).toEqual({ items: [] });
  });

  test("a ledger is opened once, and is the same after a restart", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await expect(it.openLedger()).rejects.toMatchObject({ code: "conflict" });
    await it.propose();
    const before = await it.service.instance();
    await it.restart();
    expect(await it.service.instance()).toEqual(before);
    expect((await it.state()).status).toBe("proposed");
  });

  test("proposals made at once get numbers without gaps, each its own", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const made = await Promise.all(Array.from({ length: 25 }, () => it.propose()));
    expect(made.map(({ stream }) => stream).sort()).toEqual(
      Array.from({ length: 25 }, (_, i) => `RB-2026-${i + 1}`).sort(),
    );
    expect(await viewFindings(it)).toEqual([]);
  });

  test("two approvals at once: one authorises, the other is refused, nothing twice", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    await it.assess();
    const results = await Promise.allSettled([it.decide(it.bo), it.decide(it.cleo)]);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const state = await it.state();
    expect(state.status).toBe("authorised");
    expect(state.timeline.filter((item) => item.type === "authorised")).toHaveLength(1);
  });

  test("a retry gets the first receipt; another content under the same id is refused", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    await it.assess();
    const state = await it.state();
    const id = crypto.randomUUID();
    const once = await it.submission(it.bo, "decision", decisionBody(state), {}, state, id);
    const first = await it.service.submit(once);
    const again = await it.service.submit(once);
    expect(again.repeated).toBe(true);
    expect(again.receipts[0]?.index).toBe(first.receipts[0]?.index);
    const other = await it.submission(
      it.bo,
      "decision",
      decisionBody(state, "reject"),
      {},
      state,
      id,
    );
    await expect(it.service.submit(other)).rejects.toMatchObject({ code: "conflict" });
    const both = await Promise.all([it.service.submit(once), it.service.submit(once)]);
    expect(both.every(({ repeated }) => repeated)).toBe(true);
  });

  test("what time has brought is recorded before a late approval is refused", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    await it.assess();
    it.now += 73 * hour;
    await expect(it.decide()).rejects.toMatchObject({ rule: "lifecycle" });
    expect((await it.state()).status).toBe("expired");
    expect(await viewFindings(it)).toEqual([]);
  });

  test("the clock alone ends what nobody touches, once", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    await it.propose();
    expect(await it.service.tick()).toBe(0);
    it.now += 73 * hour;
    expect(await it.service.tick()).toBe(2);
    expect(await it.service.tick()).toBe(0);
    expect((await it.state("RB-2026-2")).status).toBe("expired");
  });

  test("commitments: every one is opened, and no other", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const good = await it.submission(it.ada, "proposed", proposalBody(), texts);
    const [first, ...rest] = good.openings;
    await expect(it.service.submit({ ...good, openings: rest })).rejects.toMatchObject({
      code: "missing-opening",
    });
    const more = await it.submission(it.ada, "proposed", proposalBody(), texts);
    await expect(
      it.service.submit({ ...good, openings: [...good.openings, ...more.openings] }),
    ).rejects.toMatchObject({ code: "invalid" });
    const lie = {
      commitment: first?.commitment ?? "",
      salt: first?.salt ?? "",
      value: "something else entirely",
    };
    await expect(it.service.submit({ ...good, openings: [lie, ...rest] })).rejects.toMatchObject({
      code: "commitment",
    });
    await it.service.submit(good);
  });

  test("a rationale without substance is refused", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const hollow = { ...texts, rationale: "prod is broken" };
    const made = await it.submission(it.ada, "proposed", proposalBody(), hollow);
    await expect(it.service.submit(made)).rejects.toMatchObject({
      code: "rationale",
      remarks: [{ level: "refused", name: "too-short" }],
    });
  });

  test("what a rationale could say more is in the answer, also of a retry", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const thin = {
      ...texts,
      rationale: "Customers cannot pay, and the queue grows, so we go back",
    };
    const made = await it.submission(it.ada, "proposed", proposalBody(), thin);
    const hints = [{ name: "no-number" }, { name: "no-time" }, { name: "no-change" }];
    expect(await it.service.submit(made)).toMatchObject({ hints, repeated: false });
    expect(await it.service.submit(made)).toMatchObject({ hints, repeated: true });
  });

  test("an assessor cannot leave out an author, nor name a report that is not here", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    for (const [member, value] of Object.entries({
      commits: 1,
      files: 2,
      implications: [{ id: "x", rule: "x@1", direction: "worse", severity: "low", count: 1 }],
      unknowns: [],
      risk: { score: 1, level: "none", coverage: 100, weights: 1 },
      inputs: { rules: "ab".repeat(32), asOf: "2026-11-23T02:00:00.000Z" },
    })) {
      await expect(it.assess("RB-2026-1", { [member]: value })).rejects.toThrow(
        `the assessment's ${member} is not what its report says`,
      );
    }
    await expect(it.assess("RB-2026-1", { authors: [] })).rejects.toThrow(/authors are ada/);
    await expect(it.assess("RB-2026-1", { authors: [], unknownAuthors: 1 })).rejects.toThrow(
      /authors are ada/,
    );
    const gone = { digest: "f".repeat(64), size: 3 };
    await expect(it.assess("RB-2026-1", { report: gone })).rejects.toMatchObject({
      code: "missing-artefact",
    });
    await it.assess();
  });

  test("the signed sentence must be the record's", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    await it.assess();
    const state = await it.state();
    const body = { ...decisionBody(state), summary: "Approve lunch." };
    const made = await it.submission(it.bo, "decision", body, {}, state);
    await expect(it.service.submit(made)).rejects.toMatchObject({ code: "conflict" });
  });

  test("nobody submits what the system says", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    const state = await it.state();
    const body = { record: state.id, deadline: it.time() };
    const made = await it.submission(it.bo, "expired", body, {}, state);
    await expect(it.service.submit(made)).rejects.toThrow();
  });

  test("a deleted text is gone from the store, and the package still verifies", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    await it.assess();
    const state = await it.state();
    const body = {
      record: state.id,
      commitments: [state.proposal.rationale],
      ground: "erasure-request",
    };
    await it.service.submit(await it.submission(it.ada, "opening-deleted", body, {}, state));
    const { openings } = await it.service.record(state.id);
    expect(openings).toHaveLength(2);
    expect(JSON.stringify(openings)).not.toContain("Checkout fails");
    expect(await viewFindings(it)).toEqual([]);
    const packed = await verifyPackage(await it.service.exportRecord(state.id, {}));
    expect(packed).toMatchObject({ verdict: "good", openings: { opened: 2, deleted: 1 } });
  });

  test("an exported package verifies; artefacts and texts can be left out", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    await it.assess();
    await it.decide();
    const whole = await verifyPackage(await it.service.exportRecord("RB-2026-1", {}));
    expect(whole).toMatchObject({ verdict: "good", findings: [], openings: { opened: 3 } });
    const bare = await it.service.exportRecord("RB-2026-1", {
      withoutArtefacts: true,
      withhold: "all",
    });
    expect(Buffer.from(bare).includes("Checkout fails")).toBe(false);
    expect(await verifyPackage(bare)).toMatchObject({ verdict: "good", openings: { opened: 0 } });
    const named = await verifyPackage(
      await it.service.exportRecord("RB-2026-1", { withNames: true }),
    );
    expect(named).toMatchObject({ verdict: "good", openings: { opened: 4, withheld: 0 } });
    await expect(it.service.exportRecord("RB-2026-9", {})).rejects.toMatchObject({
      code: "not-found",
    });
  });

  test("lists page by page, newest first, without a gap or a repeat", async () => {
    await using it = await RollbacksUnderTest.start(under);
    for (let i = 0; i < 12; i++) await it.propose(it.ada, { service: i % 3 === 0 ? "web" : "api" });
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await it.service.records({
        limit: 5,
        ...(after === undefined ? {} : { after }),
      });
      seen.push(...page.items.map((item) => item.id));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(Array.from({ length: 12 }, (_, i) => `RB-2026-${12 - i}`));
    expect((await it.service.records({ service: "web" })).items).toHaveLength(4);
    expect((await it.service.records({ status: ["closed", "expired"] })).items).toHaveLength(0);
    await expect(it.service.records({ after: "' or 1=1" })).rejects.toMatchObject({
      code: "invalid",
    });
    await expect(it.service.records({ limit: 201 })).rejects.toMatchObject({ code: "invalid" });
  });

  test("what an audit found replaces what it found before, and pages", async () => {
    await using it = await RollbacksUnderTest.start(under, { empty: true });
    const found = (n: number): AuditedReversal => ({
      commit: encodeHex(sha256(Uint8Array.of(n))).slice(0, 40),
      committedAt: `2026-11-${String(1 + (n % 20)).padStart(2, "0")}T00:00:00Z`,
      subject: `Revert ${n}`,
      author: "A <a@b>",
      undoes: [],
      reappliedBy: null,
      reason: null,
      tickets: [],
      reviews: [{ trailer: "Acked-by", who: "Bo" }],
      implications: [],
      risk: { score: 0, level: "none", coverage: 100, weights: 1 },
      unknowns: [],
      repository: "/r",
      delay: n,
    });
    const summary = {
      repository: "/r",
      head: "h",
      finishedAt: it.time(),
      commits: 9,
      reversals: 30,
      unknowns: [],
    };
    const all = Array.from({ length: 30 }, (_, n) => found(n));
    await storeAudit(it.store.database, it.service.logId, summary, all);
    await storeAudit(it.store.database, it.service.logId, summary, all);
    const seen: AuditedReversal[] = [];
    let after: string | undefined;
    do {
      const page = await it.service.reversals({
        limit: 7,
        ...(after === undefined ? {} : { after }),
      });
      seen.push(...page.items);
      after = page.next;
    } while (after !== undefined);
    expect(new Set(seen.map(({ commit }) => commit)).size).toBe(30);
    expect(seen.map(({ committedAt }) => committedAt)).toEqual(
      seen
        .map(({ committedAt }) => committedAt)
        .toSorted()
        .toReversed(),
    );
    expect(await it.service.audits()).toEqual([summary]);
    expect(seen[0]).toEqual(found(seen[0]?.delay ?? -1));

    // What an earlier version kept had neither: it is told as unknown and not as none.
    const { risk: _risk, reviews: _reviews, ...earlier } = found(1);
    await storeAudit(it.store.database, it.service.logId, summary, [earlier as AuditedReversal]);
    expect((await it.service.reversals({})).items).toMatchObject([
      { risk: null, reviews: [], unknowns: [expect.stringMatching(/audit the repository again/)] },
    ]);
  });

  test("views that another version of the rules made are rebuilt at the start", async () => {
    await using it = await RollbacksUnderTest.start(under);
    for (let i = 0; i < 90; i++) await it.propose();
    await it.assess();
    await it.decide();
    const before = await it.state();
    await it.stop();
    await under.tamper(
      it.location,
      "update registry set fold = 0",
      "update record set status = 'closed', state = '{}'",
      "delete from record_entry where idx > 7",
    );
    await it.restart();
    expect(await it.state()).toEqual(before);
    expect(await viewFindings(it)).toEqual([]);
    await it.decide(it.cleo, "RB-2026-1", "reject");
  });

  test.each([
    [
      "record",
      "update record set status = 'closed'",
      /column status holds "closed", the entries say/,
    ],
    ["record", "update record set state = '{}'", /column state holds another state/],
    ["record", "delete from record", /the row is missing/],
    [
      "record_entry",
      "update record_entry set actor = 'eve' where type = 'decision'",
      /entry \d+: the row/,
    ],
    ["record_entry", "delete from record_entry where type = 'authorised'", /entry \d+: the row/],
    ["registry", "update registry set state = '{}'", /the registry/],
    [
      "entry",
      "update entry set identity_hash = leaf_hash where idx = 2",
      /entry 2: its identity hash is not that of its bytes/,
    ],
    ["opening", "update opening set value = '\"x\"'", /open/],
    ["opening", "update opening set idx = 0", /makes no such commitment/],
  ])("an edited view is named: %s, %s", async (_table, statement, expected) => {
    await using it = await RollbacksUnderTest.start(under);
    await it.propose();
    await it.assess();
    await it.decide();
    expect(await viewFindings(it)).toEqual([]);
    await under.tamper(it.location, statement);
    expect((await viewFindings(it)).join("\n")).toMatch(expected);
  });
});
