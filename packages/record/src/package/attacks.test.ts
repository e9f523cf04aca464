/**
 * The attacks on authority, carried out on the record itself. The numbers are
 * those of the threat model; what an attack needs beyond the record (a page, a
 * session, a database) is tried where that is.
 */
import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { readArchive } from "../archive/archive.ts";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { decodeBase64, encodeBase64, encodeUtf8 } from "../bytes/encoding.ts";
import type { Envelope } from "../dsse/envelope.ts";
import { formatEntry, parseEntry } from "../entry/entry.ts";
import { policyRequest } from "../policy/facts.ts";
import { decisionSentence } from "../statements/decision-sentence.ts";
import { aboutRecord } from "../statements/statement-type.ts";
import {
  actor,
  decisionBody,
  envelopeOf,
  envelopeOver,
  personOf,
  type Actor,
  type TestLedger,
} from "../testing/actors.ts";
import {
  at,
  bo,
  cleo,
  dan,
  emergency,
  ines,
  ledger,
  open,
  record,
  refused,
  registrySays,
  second,
} from "../testing/cast.ts";
import { approvedRecord, partsOf } from "../testing/packaged.ts";
import { day, hour, judgeThat, putInForce, Steps, withRules } from "../testing/steps.ts";
import { packageLimits, paths } from "./layout.ts";
import { makePackage } from "./make.ts";
import { verifyPackage } from "./verify.ts";

beforeEach(async () => open());

async function pending(): Promise<void> {
  await record.propose(ines);
  await record.assess(ines);
}

/** An approval as `by` would sign it now. */
function approval(by: Actor, changes: Parameters<typeof envelopeOf>[5] = {}): Envelope {
  return envelopeOf(
    by,
    "decision",
    aboutRecord({}, record.state),
    decisionBody(record.state),
    ledger.time(),
    changes,
  );
}

describe("2: the operator, with database, system key and log key, forges an approval", () => {
  /** What `verify` says of a package whose log the operator signed over entries of their choice. */
  async function forged(write: (ledger: TestLedger, who: Actor) => Promise<Envelope>) {
    const honest = await approvedRecord();
    // The log before the approval, and then what the operator writes in its place.
    const until = honest.record().timeline.find((item) => item.type === "decision")?.index ?? 0;
    const entries = honest.entries.slice(0, until);
    const { prev, registry, recordedAt } = parseEntry(honest.entries[until] ?? new Uint8Array());
    const envelope = await write(honest, actor("bo"));
    const links = {
      ...(prev === undefined ? {} : { prev }),
      ...(registry === undefined ? {} : { registry }),
    };
    entries.push(formatEntry({ recordedAt, stream: "RB-2026-1", ...links, envelope }));
    const parts = { ...(await partsOf(honest, entries)), openings: [] };
    return verifyPackage(makePackage(parts));
  }
  const body = async (honest: TestLedger) => decisionBody(honest.record());
  const subjects = (honest: TestLedger) => aboutRecord({}, honest.record());

  test("the honest log verifies", async () => {
    const honest = await approvedRecord();
    const report = await verifyPackage(makePackage(await partsOf(honest)));
    expect(report.findings).toEqual([]);
    expect(report.record?.status).toBe("authorised");
  });

  test.each([
    [
      "with a key of the operator's under the approver's name",
      async (honest: TestLedger, rogue: Actor) =>
        envelopeOf(rogue, "decision", subjects(honest), await body(honest), honest.time()),
    ],
    [
      "with the system's key, naming the approver's",
      async (honest: TestLedger) => {
        const key = honest.registry.persons["bo"]?.keys[0]?.fingerprint ?? "";
        const by = { ...honest.system, id: "bo" };
        return envelopeOf(by, "decision", subjects(honest), await body(honest), honest.time(), {
          key,
        });
      },
    ],
    [
      "in the system's own name",
      async (honest: TestLedger) =>
        envelopeOf(honest.system, "decision", subjects(honest), await body(honest), honest.time()),
    ],
    [
      "by changing the decision that the approver signed",
      async (honest: TestLedger) => {
        const entry = honest.entries.map(parseEntry).find((item) => {
          const text = atob(item.envelope.payload);
          return text.includes('"decision":"approve"');
        });
        if (entry === undefined) throw new Error("no approval");
        const { envelope } = entry;
        const text = new TextDecoder().decode(decodeBase64(envelope.payload));
        const other = text.replace("no implication", "an implication").replace("prod", "prod2");
        return { ...envelope, payload: encodeBase64(encodeUtf8(other)) };
      },
    ],
    [
      "by an authorisation without any approval",
      async (honest: TestLedger) => {
        const state = honest.record();
        const grant = {
          record: state.id,
          approvals: [],
          policy: honest.registry.policyDigest,
          rules: ["approvals>=1"],
          target: "0".repeat(64),
          notBefore: honest.time(),
          notAfter: new Date(honest.now + hour).toISOString(),
        };
        return envelopeOf(honest.system, "authorised", subjects(honest), grant, honest.time());
      },
    ],
  ])("%s", async (_name, write) => {
    const report = await forged(write);
    expect(report.verdict).toBe("finding");
    expect(report.findings[0]?.where).toMatch(/^entries\//);
    expect(report.record?.status).toBe("pending_approval");
  });

  test("by enrolling a key for the approver: the system is no administrator", async () => {
    const rogue = actor("bo");
    const key = { fingerprint: rogue.fingerprint, line: rogue.line };
    const attempt = registrySays(ledger.system, "key-added", { person: "bo", newKey: key });
    await expect(attempt).rejects.toMatchObject({ rule: "system-only" });
  });
});

describe("3: an approval is replayed", () => {
  beforeEach(pending);
  const put = (envelope: Envelope, stream = record.id) => ledger.append(stream, envelope);

  test("twice, and after it was taken back", async () => {
    const envelope = approval(bo);
    await put(envelope);
    await ledger.settle();
    await record.takeBack(bo);
    await refused("chain", () => put(envelope));
  });

  test("on another record, with its number changed or not", async () => {
    const other = new Steps(ledger, "RB-2026-2");
    await other.propose(ines, { uid: "00000000-0000-4000-8000-000000000002" });
    await other.assess(ines);
    await refused("record-bound", () => put(approval(bo), other.id));
    const renamed = { ...decisionBody(record.state), record: other.id };
    const subjects = aboutRecord({}, record.state);
    const lifted = envelopeOf(bo, "decision", subjects, renamed, ledger.time());
    await refused("record-bound", () => put(lifted, other.id));
  });

  test("from staging in production", async () => {
    await refused("instance-bound", () => put(approval(bo, { instance: "example.com/staging" })));
  });

  test("after the request expired, and after the plan was edited", async () => {
    const old = approval(bo);
    await record.revise(ines, { target: { type: "commit", commit: "d".repeat(40) } });
    await record.assess(ines);
    await refused("record-bound", () => put(old));
    const fresh = approval(bo);
    await record.wait(3 * day);
    expect(record.state.status).toBe("expired");
    await refused("lifecycle", () => put(fresh));
  });

  test("as another kind of statement", async () => {
    const wrong = approval(bo, { namespace: "evidence.v1@countermand" });
    await expect(put(wrong)).rejects.toMatchObject({ code: "signature" });
  });
});

describe("4: the page shows one thing and has another signed", () => {
  beforeEach(pending);

  test("what was signed is what the record says was read", async () => {
    const shown = decisionSentence(record.state, "approve").replace("api", "a-harmless-service");
    await record.approve(bo, { summary: shown });
    const line = record.state.timeline.find((item) => item.type === "decision");
    // The sentence of the other thing stands in the record, signed, beside what it was said about.
    expect(line?.says).toContain(`"${shown}"`);
    expect(shown).not.toBe(decisionSentence(record.state, "approve"));
  });

  test.each([
    ["a right-to-left override", "Approve \u202Eipa"],
    ["a line feed", "Approve\nRB-1"],
    ["an escape", "Approve \u001B[8m"],
    ["a letter that looks like another", "Approve \u0430pi"],
    ["nothing", ""],
  ])("%s is not a sentence that can be signed", async (_name, summary) => {
    await expect(record.approve(bo, { summary })).rejects.toMatchObject({ code: "shape" });
  });
});

describe("8: a stolen session or token", () => {
  beforeEach(pending);

  test("is no key: without a signature, with nobody's, or with a machine's it decides nothing", async () => {
    const unsigned = { ...approval(bo), signatures: [] };
    await expect(ledger.append(record.id, unsigned)).rejects.toMatchObject({ code: "envelope" });
    const thief = approval({ ...actor("bo") });
    await expect(ledger.append(record.id, thief)).rejects.toMatchObject({ rule: "key-bound" });
    const pipeline = actor("pipeline");
    await ledger.enrol(pipeline, { kind: "workload", permissions: ["initiate", "execute"] });
    await refused("signer-permitted", () => record.approve(pipeline));
    await expect(
      ledger.enrol(actor("pipeline2"), { kind: "workload", permissions: ["approve"] }),
    ).rejects.toMatchObject({ rule: "humans-decide" });
  });

  test("of a gate's caller opens nothing that is not authorised", async () => {
    await refused("lifecycle", () => record.gate("ci-token"));
  });
});

describe("15: a role that was not given", () => {
  const self = (by: Actor, type: string, body: JsonObject) =>
    expect(registrySays(by, type, { person: by.id, ...body })).rejects.toMatchObject({
      rule: "registry",
    });

  test("an administrator gives themselves none, nor permissions, nor an account", async () => {
    await self(second, "role-granted", { role: "security" });
    await self(second, "permissions-changed", { permissions: ["approve", "administer"] });
    const subject = ledger.commit("subject");
    await self(second, "account-linked", { issuer: "https://idp.example.com", subject });
  });

  test("who is no administrator gives none", async () => {
    const body = { person: "cleo", role: "security" };
    await expect(registrySays(bo, "role-granted", body)).rejects.toMatchObject({
      rule: "signer-permitted",
    });
  });

  test("a policy is not put in force by who proposed it, nor one that was exchanged meanwhile", async () => {
    const propose = (by: Actor, approvals: number) =>
      registrySays(by, "policy-proposed", {
        settings: { ...ledger.registry.policy, version: 2, approvals },
      });
    await propose(second, 1);
    const seen = ledger.registry.policyProposal?.id ?? "";
    const accept = (by: Actor, proposal: string) =>
      registrySays(by, "policy-decided", { proposal, decision: "accept" });
    await expect(accept(second, seen)).rejects.toMatchObject({ rule: "registry" });
    await propose(second, 5);
    await expect(accept(ledger.administrator, seen)).rejects.toMatchObject({ rule: "registry" });
  });

  test("the roles of a decision are the ledger's, whatever a login's groups are called", async () => {
    await withRules(
      ledger,
      second,
      judgeThat(() => ({ roles: [{ role: "security", count: 1 }] })),
    );
    // An account at a provider where a group was renamed to `security` is linked: that is no role here.
    const subject = ledger.commit("subject");
    await registrySays(second, "account-linked", {
      person: "bo",
      issuer: "https://idp.example.com",
      subject,
    });
    await pending();
    await record.approve(bo);
    expect(record.state.status).toBe("pending_approval");
    const said = { head: { actor: "bo", key: bo.fingerprint }, recordedAt: ledger.time() } as never;
    const request = policyRequest("approve", record.state, ledger.registry, said, undefined);
    expect(request.principal.roles).toEqual([]);
  });
});

describe("16: a request from another site", () => {
  beforeEach(pending);

  test("that repeats a decision which the browser holds says nothing new", async () => {
    const envelope = approval(bo);
    await ledger.append(record.id, envelope);
    await ledger.settle();
    expect(await record.outcome(() => ledger.append(record.id, envelope))).toBe("chain");
  });

  test("that makes one up has no signature over it", async () => {
    const forged = approval(bo);
    const payload = new TextDecoder().decode(decodeBase64(forged.payload));
    const other = encodeUtf8(payload.replace('"decision":"approve"', '"decision":"reject"'));
    await expect(
      ledger.append(record.id, { ...forged, payload: encodeBase64(other) }),
    ).rejects.toMatchObject({ code: "signature" });
  });
});

describe("18: a signer whose key is made to deceive", () => {
  test("a key with which one signature holds for everything is not enrolled", async () => {
    // The identity point: a wire string of the type, then one of the point's 32 bytes.
    const blob = Buffer.concat([
      Buffer.from([0, 0, 0, 11]),
      Buffer.from("ssh-ed25519"),
      Buffer.from([0, 0, 0, 32, 1]),
      Buffer.alloc(31),
    ]);
    const hash = createHash("sha256").update(blob).digest("base64").replace("=", "");
    const key = { fingerprint: `SHA256:${hash}`, line: `ssh-ed25519 ${blob.toString("base64")}` };
    const attempts = [
      () =>
        registrySays(ledger.administrator, "person-added", {
          person: { ...personOf(actor("eve"), ["approve"]), key },
        }),
      () => registrySays(ledger.administrator, "key-added", { person: "bo", newKey: key }),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toMatchObject({ code: "key" });
    }
  });

  test("one key is one person's: it is not enrolled for a second, nor again after its end", async () => {
    const theirs = { fingerprint: bo.fingerprint, line: bo.line };
    const again = (person: string) =>
      registrySays(ledger.administrator, "key-added", { person, newKey: theirs });
    await expect(again("cleo")).rejects.toMatchObject({ rule: "registry" });
    await registrySays(ledger.administrator, "key-revoked", {
      person: "bo",
      fingerprint: bo.fingerprint,
      reason: "replaced",
    });
    await expect(again("cleo")).rejects.toMatchObject({ rule: "registry" });
    await expect(again("bo")).rejects.toMatchObject({ rule: "registry" });
  });

  test("the key stands in what it signs: another that verifies is not the one meant", async () => {
    await pending();
    const wrong = approval(bo, { key: cleo.fingerprint });
    await expect(ledger.append(record.id, wrong)).rejects.toThrow(/key/);
  });

  test("a statement is known by its id, never by its signature", async () => {
    await pending();
    const first = approval(bo);
    await ledger.append(record.id, first);
    await ledger.settle();
    await record.takeBack(bo);
    const payload = decodeBase64(first.payload);
    // The same words under another signature of the same key are the same statement.
    const resigned = envelopeOver(payload, bo, "decision.v1@countermand");
    await refused("chain", () => ledger.append(record.id, resigned));
  });
});

describe("19: a policy that fails open", () => {
  const nothing = judgeThat(
    () => ({}),
    () => false,
  );
  test.each([
    ["rules that are not here", undefined],
    ["rules that permit nothing", nothing],
  ])("%s let nobody do anything", async (_name, judge) => {
    await withRules(
      ledger,
      second,
      judgeThat(() => ({})),
    );
    await pending();
    ledger.world = { ...ledger.world, judging: () => judge };
    await refused("policy", () => record.approve(bo));
    await refused("policy", () => record.decide(bo, "escalate", { to: "sre" }));
    await refused("policy", () => record.says(ines, "withdrawn", {}));
    const other = new Steps(ledger, "RB-2026-2");
    const uid = "00000000-0000-4000-8000-000000000002";
    expect(await other.outcome(() => other.propose(ines, { uid, ...emergency }))).toBe("policy");
  });

  test("a judge that throws lets nothing through and leaves nothing", async () => {
    const broken = {
      ...judgeThat(() => ({})),
      permits: () => {
        throw new Error("out of memory");
      },
    };
    await withRules(
      ledger,
      second,
      judgeThat(() => ({})),
    );
    await pending();
    const entries = ledger.entries.length;
    ledger.world = { ...ledger.world, judging: () => broken };
    await expect(record.approve(bo)).rejects.toThrow("out of memory");
    expect(ledger.entries.length).toBe(entries);
  });

  test("rules cannot ask for less than one approval, nor make their own lane", async () => {
    await withRules(
      ledger,
      second,
      judgeThat(() => ({ approvals: 0 })),
    );
    await pending();
    expect(record.state.status).toBe("pending_approval");
    await record.approve(bo);
    expect(record.state.authorisation?.approvals).toHaveLength(1);
  });

  test("settings that a rule of the ledger forbids never load, and the old ones stay", async () => {
    const { policy, policyDigest } = ledger.registry;
    await expect(putInForce(ledger, second, { version: 1 })).rejects.toMatchObject({
      rule: "registry",
    });
    await expect(putInForce(ledger, second, { approvals: 0 })).rejects.toMatchObject({
      code: "shape",
    });
    await expect(putInForce(ledger, second, { reviewBy: at(0) })).rejects.toMatchObject({
      rule: "registry",
    });
    expect(ledger.registry).toMatchObject({ policy, policyDigest });
  });
});

describe("20: a name that is a pattern in allowed_signers", () => {
  test.each(["*", "*@example.com", "a,bo", "bo cert-authority", "bo\nbo", "!bo", "b?", "Bo", ""])(
    "%j is nobody's name",
    async (id) => {
      const eve = { ...actor("eve"), id };
      await expect(ledger.enrol(eve)).rejects.toMatchObject({ code: "shape" });
    },
  );

  test("and a package's file has one plain name a line", async () => {
    const honest = await approvedRecord();
    const files = readArchive(makePackage(await partsOf(honest)), packageLimits);
    const file = files.find((item) => item.path === paths.allowedSigners);
    const text = new TextDecoder().decode(file?.bytes);
    const lines = text.split("\n").filter((line) => !/^(?:#.*)?$/.test(line));
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) expect(line).toMatch(/^[a-z0-9][a-z0-9._-]* namespaces="/);
  });
});

test("who was not asked has no say: an onlooker, the dismissed, and the proposer's friend", async () => {
  await pending();
  const onlooker = actor("onlooker");
  await ledger.enrol(onlooker, { permissions: ["observe"] });
  await refused("signer-permitted", () => record.approve(onlooker));
  await registrySays(ledger.administrator, "permissions-changed", {
    person: "dan",
    permissions: [],
  });
  await refused("signer-permitted", () => record.approve(dan));
});
