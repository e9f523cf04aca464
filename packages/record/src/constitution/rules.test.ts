/** Every rule refuses, one by one, with nothing else in its way: the signature check is left out here. */
import { beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../bytes/canonical-json.ts";
import { formatEntry, registryStream } from "../entry/entry.ts";
import { maxRecordEntries } from "../lifecycle/advance.ts";
import { digestOf } from "../lifecycle/record-hash.ts";
import { applyEntry } from "../lifecycle/replay.ts";
import type { RecordState } from "../lifecycle/state.ts";
import { parsePayload, makePayload } from "../statements/signed-statement.ts";
import type { Head, Subject } from "../statements/statement-type.ts";
import { statementTypes } from "../statements/types.ts";
import { defaultPolicy, permissions } from "../statements/words.ts";
import {
  actor,
  assessmentBody,
  decisionBody,
  instance,
  personOf,
  proposal,
  TestLedger,
  type Actor,
} from "../testing/actors.ts";
import { Refusal } from "./refusal.ts";

const id = "RB-2026-1";
const ines = actor("ines");
const bo = actor("bo");
const cleo = actor("cleo");
let ledger: TestLedger;

beforeEach(async () => {
  ledger = await TestLedger.open();
  for (const who of [ines, bo, cleo]) await ledger.enrol(who);
  await ledger.says(ines, "proposed", proposal(ledger));
  await ledger.says(ines, "assessed", assessmentBody());
});

interface Changes {
  readonly head?: Partial<Head>;
  readonly stream?: string;
  readonly subjects?: readonly Subject[];
  readonly userPresent?: boolean;
}

/** The rule that refuses the statement, or `accepted`. No signature is looked at. */
function outcome(by: Actor, type: string, body: JsonObject, changes: Changes = {}): string {
  const kind = statementTypes.get(type);
  const stream = changes.stream ?? (kind?.stream === registryStream ? registryStream : id);
  const state = ledger.world.records.get(stream);
  const subjects =
    changes.subjects ??
    kind?.subjects(body, (stream === registryStream ? ledger.world.registry : state) as never) ??
    [];
  const head = {
    id: crypto.randomUUID(),
    actor: by.id,
    key: by.fingerprint,
    instance,
    occurredAt: ledger.time(),
    ...changes.head,
  };
  const statement = {
    ...parsePayload(makePayload(type, subjects, head, body)),
    ...(changes.userPresent === undefined ? {} : { userPresent: changes.userPresent }),
  };
  const { registry } = ledger.world;
  const prev = stream === registryStream ? registry?.head : state?.head;
  const entry = {
    recordedAt: ledger.time(),
    stream,
    ...(prev === undefined ? {} : { prev }),
    ...(registry === undefined ? {} : { registry: registry.head }),
    envelope: { payload: "", payloadType: "", signatures: [] },
  };
  try {
    applyEntry(ledger.world, entry, statement, { index: 99, leafHash: "0".repeat(64) });
    return "accepted";
  } catch (error) {
    if (error instanceof Refusal) return error.rule;
    throw error;
  }
}

function put(change: (state: RecordState) => RecordState): void {
  ledger.world.records.set(id, change(ledger.record()));
}
const during = (status: RecordState["status"]) => put((state) => ({ ...state, status }));
const target = () => digestOf(ledger.record().proposal.target);
const start = () => ({ record: id, target: target(), command: ledger.commit("x") });
const about = (type: string, body: JsonObject) =>
  statementTypes.get(type)?.subjects(body, ledger.record() as never) ?? [];

describe("the signer", () => {
  test("what is right is accepted", () => {
    expect(outcome(bo, "decision", decisionBody(ledger.record()))).toBe("accepted");
  });

  test.each([
    ["for another ledger", "instance-bound", { head: { instance: "example.com/other" } }],
    ["nobody who is enrolled", "signer-enrolled", { head: { actor: "mallory" } }],
    ["with somebody else's key", "key-bound", { head: { actor: "cleo" } }],
    ["without a touch", "key-type", { userPresent: false }],
    [
      "a minute and a millisecond ahead",
      "clock",
      { head: { occurredAt: "2026-11-23T02:01:00.001Z" } },
    ],
  ] as const)("%s", (_name, rule, changes) => {
    expect(outcome(bo, "decision", decisionBody(ledger.record()), changes)).toBe(rule);
  });

  test("a minute ahead is within tolerance, a touch is a touch", () => {
    const changes = { head: { occurredAt: "2026-11-23T02:01:00.000Z" }, userPresent: true };
    expect(outcome(bo, "decision", decisionBody(ledger.record()), changes)).toBe("accepted");
  });

  test("a key that vouches for another one than it is", () => {
    const eve = actor("eve");
    const body = {
      newKey: { fingerprint: eve.fingerprint, line: eve.line },
      issuer: "https://idp.example.com",
      token: ledger.commit("token"),
      keys: { digest: "a".repeat(64), size: 1 },
    };
    expect(outcome(bo, "key-enrolled", body)).toBe("key-bound");
  });

  test("the system, with a person's key", () => {
    const body = { record: id, deadline: ledger.time() };
    expect(outcome(bo, "expired", body, { head: { actor: "countermand" } })).toBe("key-bound");
  });

  test("a machine that came to hold the permission all the same", () => {
    const { registry } = ledger;
    const robot = { ...registry.persons["bo"], kind: "agent" } as never;
    ledger.world.registry = { ...registry, persons: { ...registry.persons, bo: robot } };
    expect(outcome(bo, "decision", decisionBody(ledger.record()))).toBe("humans-decide");
  });

  test("a permission that was not given", async () => {
    const dan = actor("dan");
    await ledger.enrol(dan, { permissions: ["observe"] });
    expect(outcome(dan, "decision", decisionBody(ledger.record()))).toBe("signer-permitted");
  });
});

describe("the registry", () => {
  const opening = (changes: JsonObject = {}) => ({
    logKey: "k",
    systemKey: { fingerprint: ines.fingerprint, line: ines.line },
    policy: defaultPolicy,
    administrator: personOf(bo, permissions),
    ...changes,
  });

  test("is opened once, and first", () => {
    expect(outcome(ines, "log-opened", opening())).toBe("lifecycle");
    const person = { person: personOf(actor("eve"), []) };
    const subjects = about("withdrawn", {});
    ledger.world.registry = undefined;
    expect(outcome(ines, "person-added", person, { subjects })).toBe("lifecycle");
    expect(outcome(ines, "log-opened", opening())).toBe("accepted");
  });

  test("is opened by the key that it names, with an administrator of its own", () => {
    ledger.world.registry = undefined;
    expect(outcome(bo, "log-opened", opening())).toBe("key-bound");
    const powerless = opening({ administrator: personOf(bo, ["approve"]) });
    expect(outcome(ines, "log-opened", powerless)).toBe("registry");
    const machine = { ...personOf(bo, ["administer"]), kind: "agent" };
    expect(outcome(ines, "log-opened", opening({ administrator: machine }))).toBe("humans-decide");
    const shared = opening({ administrator: personOf(ines, permissions) });
    expect(outcome(ines, "log-opened", shared)).toBe("registry");
  });

  test("enrols nobody twice, and no key of the system's", () => {
    const ada = ledger.administrator;
    expect(outcome(ada, "person-added", { person: personOf({ ...actor("bo") }, []) })).toBe(
      "registry",
    );
    expect(
      outcome(ada, "person-added", { person: personOf({ ...actor("countermand") }, []) }),
    ).toBe("registry");
    expect(
      outcome(ada, "person-added", { person: personOf({ ...ledger.system, id: "eve" }, []) }),
    ).toBe("registry");
    expect(
      outcome(ada, "key-revoked", { person: "eve", fingerprint: bo.fingerprint, reason: "lost" }),
    ).toBe("registry");
    expect(
      outcome(ada, "key-revoked", { person: "bo", fingerprint: ines.fingerprint, reason: "lost" }),
    ).toBe("registry");
  });
});

describe("the record", () => {
  test("begins with a proposal", () => {
    const body = { ...decisionBody(ledger.record()), record: "RB-2026-2" };
    expect(
      outcome(bo, "decision", body, { stream: "RB-2026-2", subjects: about("decision", body) }),
    ).toBe("lifecycle");
  });

  test("is the one that the statement names", () => {
    const body = { ...decisionBody(ledger.record()), record: "RB-2026-2" };
    expect(outcome(bo, "decision", body)).toBe("record-bound");
  });

  test("has an end to its entries", () => {
    const item = ledger.record().timeline[0] as RecordState["timeline"][number];
    put((state) => ({
      ...state,
      timeline: Array.from({ length: maxRecordEntries - 1 }, () => item),
    }));
    const artefact = {
      record: id,
      kind: "log",
      digest: "d".repeat(64),
      size: 1,
      mediaType: "text/plain",
    };
    expect(outcome(bo, "evidence", artefact)).toBe("accepted");
    put((state) => ({ ...state, timeline: Array.from({ length: maxRecordEntries }, () => item) }));
    expect(outcome(bo, "evidence", { ...artefact, digest: "e".repeat(64) })).toBe("record-bound");
  });

  test.each([
    ["a reason that the policy does not know", "policy", { reason: "because" }],
    [
      "a target that runs already",
      "policy",
      { target: { type: "commit", commit: "b".repeat(40) } },
    ],
    ["an end that has passed", "policy", { expiresAt: "2026-11-23T01:59:59.999Z" }],
    ["an end beyond what the policy allows", "policy", { expiresAt: "2026-12-23T02:00:00.001Z" }],
    ["an end just within it", "accepted", { expiresAt: "2026-12-23T02:00:00.000Z" }],
    ["a revision of nothing", "record-bound", { revises: { record: id, hash: "0".repeat(64) } }],
  ] as const)("a proposal with %s", (_name, rule, changes) => {
    expect(outcome(ines, "proposed", proposal(ledger, changes), { stream: "RB-2026-2" })).toBe(
      rule,
    );
  });

  test("a revision names number, id and version of what it revises", () => {
    const { hash, uid } = ledger.record();
    const revise = (changes: JsonObject) =>
      outcome(
        ines,
        "proposed",
        proposal(ledger, { uid, revises: { record: id, hash }, ...changes }),
      );
    expect(revise({ revises: { record: id, hash: "0".repeat(64) } })).toBe("record-bound");
    expect(revise({ revises: { record: "RB-2026-2", hash } })).toBe("record-bound");
    expect(revise({ uid: "00000000-0000-4000-8000-00000000000f" })).toBe("record-bound");
    expect(outcome(ines, "proposed", proposal(ledger))).toBe("record-bound");
    expect(revise({})).toBe("accepted");
  });

  test("an authorised one needs no further approval, and can still be rejected", async () => {
    await ledger.says(bo, "decision", decisionBody(ledger.record()));
    expect(outcome(cleo, "decision", decisionBody(ledger.record()))).toBe("lifecycle");
    expect(outcome(cleo, "decision", decisionBody(ledger.record(), "reject"))).toBe("accepted");
  });
});

describe("the execution", () => {
  beforeEach(async () => {
    await ledger.says(bo, "decision", decisionBody(ledger.record()));
  });

  test("needs an authorisation in force", () => {
    put(({ authorisation: _gone, ...state }) => ({ ...state, status: "execution_failed" }));
    expect(outcome(ines, "execution-started", start())).toBe("lifecycle");
  });

  test("needs one of this version", () => {
    put((state) => ({ ...state, status: "execution_failed", hash: "0".repeat(64) }));
    expect(outcome(ines, "execution-started", start())).toBe("lifecycle");
  });

  test("may be tried again inside the window, and not at its end", () => {
    during("execution_failed");
    const window = ledger.record().authorisation;
    ledger.now = Date.parse(window?.notAfter ?? "");
    expect(outcome(ines, "execution-started", start())).toBe("lifecycle");
    ledger.now -= 1;
    expect(outcome(ines, "execution-started", start())).toBe("accepted");
  });

  test("is reported on by its id, and does not end before it began", () => {
    expect(outcome(ines, "execution-started", start())).toBe("accepted");
    const execution = ledger.record().executions.at(-1)?.id ?? "";
    const times = { startedAt: ledger.time(), finishedAt: ledger.time() };
    const finished = { record: id, execution, outcome: { type: "exited", code: 0 }, ...times };
    const other = { ...finished, execution: "00000000-0000-4000-8000-00000000000f" };
    expect(outcome(ines, "execution-finished", other)).toBe("lifecycle");
    const backwards = { ...finished, startedAt: "2026-11-23T03:00:00.000Z" };
    expect(outcome(ines, "execution-finished", backwards)).toBe("clock");
    expect(outcome(ines, "execution-finished", finished)).toBe("accepted");
  });
});

describe("what comes after", () => {
  test("an outcome is not passed while a check failed", () => {
    during("verifying");
    const checks = [
      { name: "a", outcome: "passed" },
      { name: "b", outcome: "failed" },
    ];
    expect(outcome(bo, "verification", { record: id, outcome: "passed", checks })).toBe(
      "lifecycle",
    );
    expect(outcome(bo, "verification", { record: id, outcome: "failed", checks })).toBe("accepted");
  });

  test.each([
    ["divergent without an end", "lifecycle", { alignment: "divergent" }],
    [
      "divergent until now",
      "lifecycle",
      { alignment: "divergent", until: "2026-11-23T02:00:00.000Z" },
    ],
    [
      "aligned with an end",
      "lifecycle",
      { alignment: "aligned", until: "2026-11-24T02:00:00.000Z" },
    ],
    [
      "divergent until tomorrow",
      "accepted",
      { alignment: "divergent", until: "2026-11-24T02:00:00.000Z" },
    ],
    ["aligned", "accepted", { alignment: "aligned" }],
  ] as const)("closing, %s", (_name, rule, fields) => {
    during("in_review");
    expect(outcome(cleo, "closed", { record: id, ...fields })).toBe(rule);
  });
});

test("an entry that is too long is refused before it is written", () => {
  const payload = "A".repeat(20_000);
  const envelope = { payload, payloadType: "application/vnd.in-toto+json", signatures: [] };
  expect(() => formatEntry({ recordedAt: ledger.time(), stream: id, envelope })).toThrow();
});
