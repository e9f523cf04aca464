import { statementTypes, type RecordState } from "@countermand/record";
import { describe, expect, test } from "vitest";
import { messageId, noticesOf, type Appended } from "./notice.ts";
import { noticeOf } from "./testing/notices.ts";

const entry: Appended = {
  index: 7,
  leafHash: "ab".repeat(32),
  type: "authorised",
  actor: "system",
  key: "SHA256:k",
  occurredAt: "2026-11-23T02:00:00.000Z",
  recordedAt: "2026-11-23T02:00:01.000Z",
  says: "said",
  body: {},
  byHuman: false,
};

/** As much of a record as a notice looks at. */
function record(changes: object = {}): RecordState {
  return {
    id: "RB-2026-1",
    status: "proposed",
    obligations: { notify: ["security"] },
    proposal: {
      service: "api",
      environment: "prod",
      reason: "availability",
      target: { type: "commit", commit: "a".repeat(40) },
      rationale: "hmac-sha256:rationale",
      ...(changes as { proposal?: object }).proposal,
    },
    ...Object.fromEntries(Object.entries(changes).filter(([name]) => name !== "proposal")),
  } as unknown as RecordState;
}

const kinds = (...given: Parameters<typeof noticesOf>) =>
  noticesOf(...given).map(({ kind }) => kind);

describe("what an entry is worth telling", () => {
  test("nothing of most", () => {
    for (const type of ["evidence", "assessed", "observation", "constructor", "key-ring"]) {
      expect(kinds({ ...entry, type }, record(), record())).toEqual([]);
    }
  });

  test("the record as it is afterwards, its end, and the groups of its policy", () => {
    const after = record({
      status: "authorised",
      authorisation: { notAfter: "2026-11-23T06:00Z" },
    });
    expect(noticesOf(entry, record(), after)).toEqual([
      {
        kind: "rollback.authorised",
        index: 7,
        leafHash: entry.leafHash,
        statement: "authorised",
        occurredAt: entry.occurredAt,
        recordedAt: entry.recordedAt,
        actor: "system",
        says: "said",
        until: "2026-11-23T06:00Z",
        groups: ["security"],
        record: {
          id: "RB-2026-1",
          service: "api",
          environment: "prod",
          status: "authorised",
          reason: "availability",
          target: "aaaaaaaaaaaa",
        },
      },
    ]);
  });

  test("an emergency when it is opened, not when it is revised", () => {
    const emergency = record({ proposal: { mode: "emergency" } });
    const proposed = { ...entry, type: "proposed" };
    expect(kinds(proposed, undefined, emergency)).toEqual(["emergency.opened"]);
    expect(kinds(proposed, emergency, emergency)).toEqual([]);
    expect(kinds(proposed, undefined, record({ proposal: { mode: "exercise" } }))).toEqual([]);
  });

  test("that it waits for approval each time it begins to", () => {
    const pending = record({ status: "pending_approval" });
    expect(kinds({ ...entry, type: "assessed" }, record(), pending)).toEqual([
      "approval.requested",
    ]);
    expect(kinds({ ...entry, type: "assessed" }, pending, pending)).toEqual([]);
    const authorised = record({ status: "authorised" });
    expect(kinds({ ...entry, type: "lapsed" }, authorised, pending)).toEqual([
      "rollback.lapsed",
      "approval.requested",
    ]);
  });

  test("a retrospective when it begins to be due", () => {
    const owes = record({ status: "authorised", retrospective: { dueAt: "2026-11-26T02:00Z" } });
    expect(noticesOf(entry, record(), owes)).toMatchObject([
      { kind: "rollback.authorised" },
      { kind: "retrospective.due", until: "2026-11-26T02:00Z" },
    ]);
    expect(kinds({ ...entry, type: "retrospective-overdue" }, owes, owes)).toEqual([
      "retrospective.overdue",
    ]);
  });

  test("to a person each use of their key, and to no program", () => {
    const decided = { ...entry, type: "decision", actor: "bo", byHuman: true };
    expect(noticesOf(decided, record(), record())).toMatchObject([
      { kind: "decision.made", groups: ["security"] },
      { kind: "key.used", person: "bo", key: "SHA256:k", groups: [] },
    ]);
    expect(kinds({ ...decided, byHuman: false }, record(), record())).toEqual(["decision.made"]);
    expect(kinds({ ...decided, type: "evidence" }, record(), record())).toEqual(["key.used"]);
    expect(kinds({ ...decided, type: "person-added" }, undefined, undefined)).toEqual(["key.used"]);
  });

  test("runs that begin, fail, or that nobody reported on", () => {
    const failed = record({ status: "execution_failed" });
    const running = record({ status: "executing" });
    const says = (type: string, before: RecordState, after: RecordState) =>
      kinds({ ...entry, type }, before, after);
    expect(says("execution-started", record(), running)).toEqual(["execution.started"]);
    expect(says("execution-finished", running, failed)).toEqual(["execution.failed"]);
    expect(says("execution-finished", failed, failed)).toEqual([]);
    expect(says("execution-finished", running, record({ status: "executed" }))).toEqual([]);
    expect(says("execution-overdue", running, running)).toEqual(["execution.overdue"]);
  });

  test("a rollback that must be, when it is opened, with its end", () => {
    const deadline = "2026-11-25T02:00:00.000Z";
    const must = record({ proposal: { obligation: { deadline } } });
    const proposed = { ...entry, type: "proposed" };
    expect(noticesOf(proposed, undefined, must)).toMatchObject([
      { kind: "obligation.opened", until: deadline },
    ]);
    expect(kinds(proposed, must, must)).toEqual([]);
  });

  test("every timer's entry", () => {
    const timers = [...statementTypes.values()].filter(({ saidBy }) => saidBy === "system");
    const silent = timers
      .map(({ name }) => name)
      .filter((type) => kinds({ ...entry, type }, record(), record()).length === 0);
    // What only says that all is as it should be, or what the record was classed as.
    const quiet = ["classified", "grant-used", "log-opened", "stabilised"];
    // A record that a signal opens is told of as any mandatory one is, when it is opened.
    expect(silent.sort()).toEqual([...quiet, "obliged"].sort());
    const obligation = { signal: "S-1", owner: "bo", deadline: entry.recordedAt };
    const opened = record({ proposal: { ...record().proposal, obligation } });
    expect(kinds({ ...entry, type: "obliged" }, undefined, opened)).toEqual(["obligation.opened"]);
  });

  test("to a person, not to who did it, what became of their keys", () => {
    const by = { ...entry, actor: "ada", byHuman: true };
    const added = { person: "bo", newKey: { fingerprint: "SHA256:n", line: "x" } };
    expect(
      noticesOf({ ...by, type: "key-added", body: added }, undefined, undefined),
    ).toMatchObject([{ kind: "key.added", person: "bo", key: "SHA256:n" }]);
    const revoked = { person: "bo", fingerprint: "SHA256:o", reason: "lost" };
    expect(
      noticesOf({ ...by, type: "key-revoked", body: revoked }, undefined, undefined),
    ).toMatchObject([{ kind: "key.revoked", person: "bo", key: "SHA256:o" }]);
    const enrolled = { newKey: { fingerprint: "SHA256:n", line: "x" } };
    expect(
      noticesOf({ ...by, type: "key-enrolled", body: enrolled }, undefined, undefined),
    ).toMatchObject([{ kind: "key.added", person: "ada" }]);
  });

  test("no commitment", () => {
    const decided = {
      ...entry,
      type: "decision",
      byHuman: true,
      body: { comment: "hmac-sha256:c" },
    };
    expect(JSON.stringify(noticesOf(decided, record(), record()))).not.toContain("hmac");
  });
});

test("an id is of the entry and the kind, the same each time, and without dots", () => {
  expect(messageId(noticeOf())).toBe(`msg_${"ab".repeat(16)}_rollback_authorised`);
  expect(messageId(noticeOf({ kind: "policy.review-due" }))).toMatch(/^[a-z0-9_]+$/);
});
