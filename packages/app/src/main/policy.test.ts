/** A policy with rules, from its proposal to the package that a stranger verifies. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { verifyPackage, type Identity, type JsonObject } from "@countermand/record";
import { actor, personOf } from "@countermand/record/testing";
import { expect, test } from "vitest";
import { formatBundle } from "../policy/bundle.ts";
import { readDefault } from "../policy/folder.ts";
import { loadJudge } from "../policy/judge.ts";
import { checkViews } from "../rollbacks/fsck-views.ts";
import { rebuildViews } from "../rollbacks/rebuild.ts";
import { describeOnBothStores } from "../storage/testing/both-stores.ts";
import { undoReportBytes } from "../undo/range/render.ts";
import { summaryOf } from "../undo/range/summary.ts";
import { undoReport } from "../undo/testing/report.ts";
import { inverseProofBytes } from "../undo/inverse/proof.ts";
import { policyGroups } from "./people.ts";
import { RollbacksUnderTest } from "./testing/rollbacks-under-test.ts";

async function withDefaultRules(
  it: RollbacksUnderTest,
  changes: { readonly extra?: string; readonly reviewBy?: string } = {},
) {
  const { files, settings } = await readDefault();
  const all = new Map(files);
  if (changes.extra !== undefined) all.set("extra.cedar", changes.extra);
  const rules = await it.service.putArtefact(formatBundle(all));
  const second = actor("dora");
  const { registry } = await it.service.instance();
  if (registry.persons["dora"] === undefined) {
    const may = ["administer", "approve"];
    await it.registrySays(it.ada, "person-added", { person: personOf(second, may) });
  }
  const { extra: _rules, ...dates } = changes;
  const version = registry.policy.version + 1;
  const proposed = { settings: { ...settings, ...dates, version }, rules };
  await it.registrySays(it.ada, "policy-proposed", proposed as never);
  const waiting = (await it.service.instance()).registry.policyProposal?.id ?? "";
  await it.registrySays(second, "policy-decided", { proposal: waiting, decision: "accept" });
  return { rules, second };
}

async function findings(it: RollbacksUnderTest): Promise<string[]> {
  const found: string[] = [];
  const logId = it.service.opened?.logId ?? 0;
  for await (const { where, problem } of checkViews(it.store.database, logId, it.store.judges)) {
    found.push(`${where}: ${problem}`);
  }
  return found;
}

const denyOps = `@id("no-ops-on-api")
@says("the api is frozen")
forbid (principal, action == Action::"initiate", resource) when { resource.service == "api" };
`;

describeOnBothStores("a policy with rules", (under) => {
  test("classifies, asks for more, and is replayed by a stranger", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const { rules } = await withDefaultRules(it);
    await it.propose();
    await it.assess();
    const classified = await it.state();
    expect(classified.classification?.hash).toBe(classified.hash);
    expect(classified.timeline.map(({ type }) => type)).toContain("classified");
    await it.decide(it.bo);
    if ((await it.state()).status !== "authorised") await it.decide(it.cleo);
    const state = await it.state();
    expect(["authorised", "pending_approval"]).toContain(state.status);
    expect(await findings(it)).toEqual([]);
    const { different } = await rebuildViews(it.store.database, it.service.opened?.logId ?? 0);
    expect(different).toEqual([]);

    const bytes = await it.service.exportRecord(state.id, {});
    const replayed = await verifyPackage(bytes, { loadJudge: async () => loadJudge });
    expect(replayed.findings).toEqual([]);
    expect(replayed.verdict).toBe("good");
    expect(replayed.notChecked.join(" ")).not.toContain("policy's rules");
    const without = await verifyPackage(bytes);
    expect(without.verdict).toBe("good");
    expect(without.notChecked[0]).toContain("nothing here can read the policy's rules");
    const lean = await it.service.exportRecord(state.id, { withoutArtefacts: true });
    const report = await verifyPackage(lean, { loadJudge: async () => loadJudge });
    expect(report.notChecked[0]).toContain(`sha256:${rules.digest} are not included`);
  });

  test("a rule that forbids, refuses; after a restart too; where the rules are lost, nothing is allowed", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const { rules } = await withDefaultRules(it, { extra: denyOps });
    await expect(it.propose()).rejects.toMatchObject({ rule: "policy" });
    await it.restart();
    await expect(it.propose()).rejects.toThrow(/the api is frozen/);
    await it.propose(it.ada, { service: "shop" });
    expect(await findings(it)).toEqual([]);
    await it.stop();
    rmSync(join(it.folder, "data", "blobs"), { recursive: true });
    await it.restart();
    await expect(it.propose(it.ada, { service: "shop" })).rejects.toThrow(
      `sha256:${rules.digest} are not here`,
    );
    await expect(it.assess()).rejects.toMatchObject({ rule: "policy" });
  });

  test("a clean revert to what ran here goes by its lane; without the proof people decide", async () => {
    await using it = await RollbacksUnderTest.start(under);
    await withDefaultRules(it);
    const clean = { ...undoReport, unknowns: [] };
    const bytes = undoReportBytes(clean);
    const stored = async (content: Uint8Array): Promise<JsonObject> => ({
      ...(await it.service.putArtefact(content)),
    });
    const states = {
      current: { type: "commit", commit: "c".repeat(40) },
      target: { type: "commit", commit: "a".repeat(40) },
    };
    const proof = inverseProofBytes({
      from: { tree: "1".repeat(40), commit: "c".repeat(40) },
      to: { tree: "2".repeat(40), commit: "a".repeat(40) },
      undoes: [{ before: { tree: "2".repeat(40) }, after: { tree: "1".repeat(40) } }],
      objects: "sha1",
      paths: [{ path: "a.ts", how: "swap" }],
      takesBack: "all",
    });
    const assess = async (id: string, more: JsonObject = {}) =>
      it.assess(id, { ...summaryOf(clean), report: await stored(bytes), ...more });

    // First it is seen running: the gate's memory alone is not the ledger's.
    await it.propose(it.ada, states);
    await assess("RB-2026-1", { inverse: await stored(proof) });
    expect((await it.state()).status).toBe("pending_approval");
    await it.decide(it.bo);
    if ((await it.state()).status !== "authorised") await it.decide(it.cleo);
    await it.service.gate({
      id: crypto.randomUUID(),
      service: "api",
      environment: "prod",
      target: states.target as Identity,
      caller: "argocd",
      record: "RB-2026-1",
    });
    const seen = { record: "RB-2026-1", running: states.target, source: "kubectl" };
    await it.service.submit(
      await it.submission(it.cleo, "observation", seen, {}, await it.state()),
    );

    await it.propose(it.ada, states);
    await assess("RB-2026-2", { inverse: await stored(proof) });
    const state = await it.state("RB-2026-2");
    expect(state.classification?.classes).toContain("clean-revert");
    expect(state.authorisation).toMatchObject({ lane: "clean-revert", approvals: [] });

    await it.propose(it.ada, states);
    await assess("RB-2026-3");
    expect((await it.state("RB-2026-3")).status).toBe("pending_approval");

    await it.propose(it.ada, { ...states, current: { type: "commit", commit: "d".repeat(40) } });
    await expect(assess("RB-2026-4", { inverse: await stored(proof) })).rejects.toThrow(
      /the proof is about going from c/,
    );
    await expect(
      assess("RB-2026-3", { inverse: await stored(new TextEncoder().encode("{}")) }),
    ).rejects.toMatchObject({ code: "invalid" });
    expect(await findings(it)).toEqual([]);
    const verified = await verifyPackage(await it.service.exportRecord("RB-2026-2", {}), {
      loadJudge: async () => loadJudge,
    });
    expect(verified.findings).toEqual([]);
  });

  test("a review date that passes is an entry, by itself and once", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const reviewBy = new Date(it.now + 3_600_000).toISOString();
    await withDefaultRules(it, { reviewBy });
    await it.service.tick();
    expect((await it.service.instance()).registry.policyReviewDue).toBeUndefined();
    it.now += 3_600_000;
    expect(await it.service.tick()).toBe(1);
    expect(await it.service.tick()).toBe(0);
    const { registry } = await it.service.instance();
    expect(registry.policyReviewDue).toBeDefined();
    await it.restart();
    expect((await it.service.instance()).registry).toEqual(registry);
    expect(await findings(it)).toEqual([]);
  });

  test("rules that do not load are never proposed, and the old ones stay", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const { rules } = await withDefaultRules(it);
    const broken = await it.service.putArtefact(new TextEncoder().encode("permit (everything);"));
    const { settings } = await readDefault();
    await expect(
      it.registrySays(it.ada, "policy-proposed", {
        settings: { ...settings, version: 9 },
        rules: { ...broken },
      }),
    ).rejects.toMatchObject({ code: "invalid" });
    await expect(
      withDefaultRules(it, { extra: "permit (principal, action, resource) when { 1 };" }),
    ).rejects.toMatchObject({ code: "invalid" });
    expect((await it.service.instance()).registry.rules?.digest).toBe(rules.digest);
  });

  test("which groups may read is said by two administrators, and holds from the second's word on", async () => {
    await using it = await RollbacksUnderTest.start(under);
    const { second } = await withDefaultRules(it);
    const groups = [{ issuer: "https://login.example.com", group: "7d1e", role: "reader" }];
    const { registry } = await it.service.instance();
    const { policy: before, rules } = registry;
    const settings = { ...before, version: before.version + 1, groups };
    await it.registrySays(it.ada, "policy-proposed", { settings, rules } as never);
    const said = policyGroups(it.service);
    const proposal = (await it.service.instance()).registry.policyProposal?.id ?? "";
    const accept = { proposal, decision: "accept" };
    await expect(it.registrySays(it.ada, "policy-decided", accept)).rejects.toMatchObject({
      rule: "registry",
    });
    expect(await said.mapping()).toEqual([]);
    await it.registrySays(second, "policy-decided", accept);
    expect(await said.mapping()).toEqual(groups);
  });

  test.each([
    [{ issuer: "login.example.com", group: "a", role: "sre" }, "issuer"],
    [{ issuer: "https://login.example.com", group: "", role: "sre" }, "group"],
    [{ issuer: "https://login.example.com", group: "a\u202eb", role: "sre" }, "group"],
    [{ issuer: "https://login.example.com", group: "a", role: "SRE" }, "role"],
    [{ issuer: "https://login.example.com", group: "a", name: "x", role: "sre" }, "name"],
  ])("a mapping such as %j is refused", async (row, where) => {
    await using it = await RollbacksUnderTest.start(under);
    const { policy: before } = (await it.service.instance()).registry;
    const settings = { ...before, version: before.version + 1, groups: [row] };
    await expect(it.registrySays(it.ada, "policy-proposed", { settings })).rejects.toThrow(
      `groups[0].${where}`,
    );
  });
});
