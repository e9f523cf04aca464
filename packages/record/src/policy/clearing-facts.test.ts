/** What rules see of findings and clearings, as time passes. */
import { beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { at, bo, cleo, ines, ledger, open, record, refused, second } from "../testing/cast.ts";
import { day, judgeThat, withRules } from "../testing/steps.ts";
import { dutiesOf } from "../lifecycle/duties.ts";
import { clearingFacts } from "./clearing-facts.ts";
import { classifyRequest } from "./facts.ts";
import type { PolicyRequest } from "./judge.ts";

beforeEach(async () => open());

const facts = () => clearingFacts(record.state, ledger.time());
const weighed = (): JsonObject => ({
  open: [
    { severity: "high", count: 2 },
    { severity: "info", count: 5 },
    { severity: "low", count: 1 },
  ],
  cleared: [
    { by: "context", severity: "medium", count: 1 },
    { by: "evidence", severity: "critical", count: 1, until: at(5 * day) },
    { by: "statement", severity: "critical", count: 2, until: at(3 * day) },
    { by: "statement", severity: "high", count: 3, until: at(2 * day) },
    { by: "vex", severity: "high", count: 4, until: at(5 * day) },
  ],
});
const clear = (ground: string, until = at(day)) =>
  record.says(bo, "implication-cleared", {
    findings: ["0".repeat(32)],
    ground,
    scope: "record",
    until,
    rationale: ledger.commit("the path is not reached"),
  });

const unknown = {
  openCritical: -1,
  openHigh: -1,
  openMedium: -1,
  openLow: -1,
  humanClearedCritical: -1,
  humanClearedHigh: -1,
  humanClearedMedium: -1,
  humanClearedLow: -1,
  machineClearedCritical: -1,
  machineClearedHigh: -1,
  machineClearedMedium: -1,
  machineClearedLow: -1,
  clearedBy: [],
  clearingsExpired: -1,
  clearingGrounds: [],
};

test("without an assessment, or one that counted nothing, nothing is known", async () => {
  await record.propose(ines);
  expect(facts()).toEqual(unknown);
  await record.assess(ines);
  expect(facts()).toEqual(unknown);
});

test("each is counted by its severity and by what cleared it", async () => {
  await record.propose(ines);
  await record.assess(ines, { findings: weighed() });
  expect(facts()).toEqual({
    openCritical: 0,
    openHigh: 2,
    openMedium: 0,
    openLow: 1,
    humanClearedCritical: 2,
    humanClearedHigh: 3,
    humanClearedMedium: 0,
    humanClearedLow: 0,
    machineClearedCritical: 1,
    machineClearedHigh: 4,
    machineClearedMedium: 1,
    machineClearedLow: 0,
    clearedBy: ["context", "evidence", "statement", "vex"],
    clearingsExpired: 0,
    clearingGrounds: [],
  });
});

test("what has ended is open again, from its very millisecond", async () => {
  await record.propose(ines);
  await record.assess(ines, { findings: weighed() });
  ledger.now += 2 * day - 1;
  expect(facts()).toMatchObject({ humanClearedHigh: 3, openHigh: 2, clearingsExpired: 0 });
  ledger.now += 1;
  expect(facts()).toMatchObject({ humanClearedHigh: 0, openHigh: 5, clearingsExpired: 3 });
  ledger.now += 3 * day;
  expect(facts()).toMatchObject({
    openCritical: 3,
    openHigh: 9,
    clearingsExpired: 10,
    clearedBy: ["context"],
    machineClearedMedium: 1,
  });
});

test("grounds are those of the clearings that hold, once each, weighed or not", async () => {
  await record.propose(ines);
  await record.assess(ines);
  await clear("not-affected");
  await clear("accepted-risk", at(2 * day));
  await clear("accepted-risk", at(2 * day));
  expect(facts().clearingGrounds).toEqual(["accepted-risk", "not-affected"]);
  ledger.now += day;
  expect(facts().clearingGrounds).toEqual(["accepted-risk"]);
});

test("a rule asks two from security for what a person cleared at high", async () => {
  const asked: PolicyRequest[] = [];
  await withRules(
    ledger,
    second,
    judgeThat((request) => {
      asked.push(request);
      const byHand = request.resource.humanClearedHigh > 0;
      return byHand ? { roles: [{ role: "security", count: 2 }] } : {};
    }),
  );
  await record.propose(ines);
  await record.assess(ines, { findings: weighed() });
  expect(asked.at(-1)).toEqual(classifyRequest(record.state, ledger.registry, ledger.time()));
  await record.approve(bo);
  await record.approve(cleo);
  expect(record.state.status).toBe("pending_approval");
  await record.assess(ines, { findings: { open: [], cleared: [] } });
  await record.approve(bo);
  expect(record.state.status).toBe("authorised");
});

test("a rule refuses an approval that counts on what has ended", async () => {
  await withRules(
    ledger,
    second,
    judgeThat(
      () => ({}),
      ({ action, resource }) => action !== "approve" || resource.clearingsExpired === 0,
    ),
  );
  await record.propose(ines);
  await record.assess(ines, { findings: weighed() });
  ledger.now += 2 * day;
  await refused("policy", () => record.approve(bo));
});

test("what an assessment counts is in its sentence, and bounded", async () => {
  await record.propose(ines);
  await record.assess(ines, { findings: weighed() });
  expect(record.state.timeline.at(-1)?.says).toContain("findings cleared: 11");
  const duty = dutiesOf(record.state).find((item) => item.term === "Findings");
  expect(duty?.says).toMatch(/^open: 2 high, 5 info, 1 low; cleared: 1 medium by context, 1 crit/);
  for (const wrong of [
    { open: [{ severity: "high", count: 0 }], cleared: [] },
    { open: [], cleared: [{ by: "me", severity: "high", count: 1 }] },
    { open: [] },
  ]) {
    await expect(record.assess(ines, { findings: wrong })).rejects.toMatchObject({ code: "shape" });
  }
});
