/** Signals over a real store: what a rule makes mandatory, once, whoever sends it how often. */
import { verifyPackage, type Identity } from "@countermand/record";
import { actor, personOf, type Actor } from "@countermand/record/testing";
import { expect, test } from "vitest";
import { formatBundle } from "../policy/bundle.ts";
import { readDefault } from "../policy/folder.ts";
import { loadJudge } from "../policy/judge.ts";
import type { SignalEvent } from "../rollbacks/countermand.ts";
import { checkViews } from "../rollbacks/fsck-views.ts";
import { rebuildViews } from "../rollbacks/rebuild.ts";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { RollbacksUnderTest, texts } from "./testing/rollbacks-under-test.ts";

const hour = 3_600_000;
const image = (digit: string): Identity => ({ type: "image", digest: digit.repeat(64) });

function event(
  id: string,
  data: Partial<SignalEvent["data"]> = {},
  changes: Partial<SignalEvent> = {},
): SignalEvent {
  return {
    source: "scanner",
    id,
    type: "vulnerability",
    time: "2026-11-23T01:00:00.000Z",
    data: {
      service: "api",
      environment: "prod",
      severity: "critical",
      ids: ["CVE-2026-1", "CVE-2026-1", "CVE-2026-0"],
      current: image("b"),
      target: image("a"),
      summary: "It runs what it is sent.",
      ...data,
    },
    ...changes,
  };
}

/** Two administrators put the default rules in force, with more. */
async function withRules(it: RollbacksUnderTest, extra = ""): Promise<void> {
  const { files, settings } = await readDefault();
  const all = new Map(files);
  if (extra !== "") all.set("extra.cedar", extra);
  const rules = await it.service.putArtefact(formatBundle(all));
  const { registry } = await it.service.instance();
  const second = actor("dora");
  const may = ["administer", "approve"];
  await it.registrySays(it.ada, "person-added", { person: personOf(second, may) });
  const version = registry.policy.version + 1;
  const proposed = { settings: { ...settings, version }, rules };
  await it.registrySays(it.ada, "policy-proposed", proposed as never);
  const waiting = (await it.service.instance()).registry.policyProposal?.id ?? "";
  await it.registrySays(second, "policy-decided", { proposal: waiting, decision: "accept" });
}

async function findings(it: RollbacksUnderTest): Promise<string[]> {
  const found: string[] = [];
  const logId = it.service.opened?.logId ?? 0;
  for await (const { where, problem } of checkViews(it.store.database, logId, it.store.judges)) {
    found.push(`${where}: ${problem}`);
  }
  return found;
}

const soon = `@id("soon") @oblige("4h") @owner("gone, cleo")
permit (principal, action == Action::"signal", resource)
when { resource.signalIds.contains("CVE-2026-9") };
`;

describeOnBothStores("a signal", (under) => {
  test("is kept where no rules are in force, and where none matches", async () => {
    await using it = await RollbacksUnderTest.start(under);
    expect(await it.service.signal(event("A", { service: "shop" }))).toEqual({
      outcome: "no-rule",
      repeated: false,
    });
    await withRules(it);
    const answer = await it.service.signal(event("B", { severity: "high" }));
    expect(answer).toEqual({ outcome: "no-rule", repeated: false });
    expect((await it.service.records({})).items).toEqual([]);
    // A scanner sends what it finds every night; by now there are rules.
    const again = await it.service.signal(event("A", { service: "shop" }));
    expect(again).toMatchObject({ outcome: "mandatory", repeated: true, record: "RB-2026-1" });
    expect(await it.service.signal(event("B", { severity: "high" }))).toEqual({
      outcome: "no-rule",
      repeated: true,
    });
    const { items } = await it.service.signals({});
    expect(items.map((item) => [item.event.id, item.outcome])).toEqual([
      ["B", "no-rule"],
      ["A", "mandatory"],
    ]);
  });

  test("opens a mandatory rollback that a stranger can verify", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await withRules(it);
    const answer = await it.service.signal(event("GHSA-1"));
    expect(answer).toEqual({
      outcome: "mandatory",
      repeated: false,
      record: "RB-2026-1",
      owner: "ada",
      deadline: "2026-11-24T02:00:00.000Z",
      rules: ["critical-signal"],
    });
    const { state, openings } = await it.service.record("RB-2026-1");
    expect(state).toMatchObject({
      status: "proposed",
      proposers: [],
      proposal: {
        service: "api",
        reason: "security",
        signal: { source: "scanner", id: "GHSA-1", ids: ["CVE-2026-1", "CVE-2026-0"] },
      },
    });
    const said = openings.map(({ value }) => value as string).join("\n");
    expect(said).toContain("It runs what it is sent.");
    await it.assess("RB-2026-1");
    await it.decide(it.bo, "RB-2026-1");
    const now = await it.state();
    if (now.status !== "authorised") await it.decide(it.cleo, "RB-2026-1");
    expect((await it.state()).status).toBe("authorised");
    expect(await findings(it)).toEqual([]);
    const { different } = await rebuildViews(it.store.database, it.service.opened?.logId ?? 0);
    expect(different).toEqual([]);
    const bytes = await it.service.exportRecord("RB-2026-1", {});
    const report = await verifyPackage(bytes, { loadJudge: async () => loadJudge });
    expect(report.findings).toEqual([]);
    expect(report.verdict).toBe("good");
    // Somebody who has no Cedar verifies everything else.
    expect((await verifyPackage(bytes)).verdict).toBe("good");
  });

  test("that is sent again is the same one, also after a restart; with another content it is refused", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await withRules(it);
    const first = await it.service.signal(event("GHSA-1"));
    it.now += hour;
    await it.restart();
    expect(await it.service.signal(event("GHSA-1"))).toEqual({ ...first, repeated: true });
    expect((await it.service.records({})).items).toHaveLength(1);
    await expect(it.service.signal(event("GHSA-1", { severity: "high" }))).rejects.toThrow(
      /GHSA-1 of scanner was received before with another content/,
    );
    const other = await it.service.signal(event("GHSA-1", {}, { source: "other" }));
    expect(other).toMatchObject({ outcome: "joined", record: "RB-2026-1" });
  });

  test("whose row was lost on the way opens no second record", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await withRules(it);
    const first = await it.service.signal(event("GHSA-1"));
    await it.store.database.transaction(async (tx) => {
      await tx.deleteFrom("signal").execute();
    });
    expect(await it.service.signal(event("GHSA-1"))).toEqual(first);
    expect((await it.service.records({})).items).toHaveLength(1);
  });

  test("about the same state joins what is open, if that ends in time", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await withRules(it, soon);
    await it.service.signal(event("GHSA-1"));
    const second = await it.service.signal(event("GHSA-2"));
    expect(second).toMatchObject({ outcome: "joined", record: "RB-2026-1" });
    // Sooner than what is open: a record of its own, with its own owner.
    const third = await it.service.signal(event("GHSA-3", { ids: ["CVE-2026-9"] }));
    expect(third).toMatchObject({
      outcome: "mandatory",
      record: "RB-2026-2",
      owner: "cleo",
      deadline: "2026-11-23T06:00:00.000Z",
      rules: ["critical-signal", "soon"],
    });
    for (const changes of [
      { current: image("c") },
      { service: "shop" },
      { environment: "prod-eu" },
    ]) {
      const answer = await it.service.signal(
        event(JSON.stringify(changes).length.toString(), changes),
      );
      expect(answer.outcome).toBe("mandatory");
    }
    expect(await findings(it)).toEqual([]);
    const { items } = await it.service.signals({ outcome: "joined" });
    expect(items.map(({ event: { id }, record }) => [id, record])).toEqual([
      ["GHSA-2", "RB-2026-1"],
    ]);
  });

  test("that many send at once is one record", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await withRules(it);
    const answers = await Promise.all(
      ["1", "1", "2", "3", "3", "4"].map((id) => it.service.signal(event(id))),
    );
    expect(new Set(answers.map(({ record }) => record))).toEqual(new Set(["RB-2026-1"]));
    expect((await it.service.records({})).items).toHaveLength(1);
    expect((await it.service.signals({})).items).toHaveLength(4);
    expect(await findings(it)).toEqual([]);
  });

  test("that knows neither what runs nor where to go back to waits for a person, and falls due", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await withRules(it);
    const { current: _c, target: _t, ...data } = event("X").data;
    const blind = (id: string) => it.service.signal({ ...event(id), data });
    expect(await blind("GHSA-1")).toMatchObject({ outcome: "mandatory", record: "RB-2026-1" });
    // Nobody knows that it is the same state.
    expect(await blind("GHSA-2")).toMatchObject({ outcome: "mandatory", record: "RB-2026-2" });
    await expect(it.assess("RB-2026-1")).rejects.toMatchObject({ rule: "target-pinned" });
    const { uid, hash, proposal } = await it.state();
    await it.propose(it.bo, {
      uid,
      revises: { record: "RB-2026-1", hash },
      obligation: { ...proposal.obligation },
      kind: "redeploy-previous",
      current: image("b") as never,
      target: image("a") as never,
    });
    await it.assess("RB-2026-1");
    expect((await it.state()).status).toBe("pending_approval");
    it.now += 24 * hour;
    await it.service.tick();
    expect((await it.state()).obligationOverdue).toBeDefined();
    expect((await it.state("RB-2026-2")).obligationOverdue).toBeDefined();
    expect(await findings(it)).toEqual([]);
  });

  test("is overridden with a control in its place, by who does not own it", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await withRules(it);
    // By now the keys are old enough to decide on what is grave.
    it.now += 25 * hour;
    await it.service.signal(event("GHSA-1"));
    const body = { record: "RB-2026-1", until: "2026-11-26T00:00:00.000Z" };
    const why = {
      control: "The route is blocked at the edge until the fixed version ships.",
      rationale: texts.rationale,
    };
    const overridden = async (by: Actor) =>
      it.service.submit(await it.submission(by, "overridden", body, why, await it.state()));
    await expect(overridden(it.ada)).rejects.toMatchObject({
      rule: "approver-not-proposer",
    });
    await overridden(it.bo);
    expect((await it.state()).status).toBe("overridden");
  });

  test("from the future, and one that nobody can judge, are refused and not kept", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const late = event("F", {}, { time: "2026-11-23T02:02:00.000Z" });
    await expect(it.service.signal(late)).rejects.toThrow(/check the sender's clock/);
    expect((await it.service.signals({})).items).toEqual([]);
  });

  test("is listed in pages, newest first", async () => {
    await using it = await RollbacksUnderTest.start(under);
    for (let n = 0; n < 7; n++) {
      it.now += 1000;
      await it.service.signal(event(`S_${n}`, {}, { source: n % 2 === 0 ? "a_b" : "c" }));
    }
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await it.service.signals({
        limit: 3,
        ...(after === undefined ? {} : { after }),
      });
      seen.push(...page.items.map((item) => item.event.id));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(["S_6", "S_5", "S_4", "S_3", "S_2", "S_1", "S_0"]);
    await expect(it.service.signals({ after: "x" })).rejects.toMatchObject({ code: "invalid" });
  });
});
