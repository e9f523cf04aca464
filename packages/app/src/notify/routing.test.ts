import { describe, expect, test } from "vitest";
import { destinationsOf, type Routing } from "./routing.ts";
import { noticeOf } from "./testing/notices.ts";

const general = ["ops", "chat"];
const where = (routing: Partial<Routing>, notice = noticeOf()) =>
  destinationsOf(notice, { general, routes: [], ...routing }).map(({ channel }) => channel);

describe("who is told", () => {
  test("nobody without a route, each channel once with several", () => {
    expect(where({})).toEqual([]);
    expect(where({ routes: [{ to: ["ops"] }, { to: ["ops", "chat"] }] })).toEqual(["ops", "chat"]);
  });

  test.each([
    [{ kinds: ["rollback.authorised"] }, true],
    [{ kinds: ["decision.made"] }, false],
    [{ services: ["api", "web"] }, true],
    [{ services: ["web"] }, false],
    [{ environments: ["prod"] }, true],
    [{ environments: ["staging"] }, false],
    [{ services: ["api"], environments: ["staging"] }, false],
    [{ groups: ["security"] }, false],
  ] as const)("%j matches: %s", (route, matches) => {
    expect(where({ routes: [{ to: ["ops"], ...route }] })).toEqual(matches ? ["ops"] : []);
  });

  test("what is of no record has no service", () => {
    const { record: _none, ...notice } = noticeOf({ kind: "policy.proposed" });
    expect(where({ routes: [{ to: ["ops"], services: ["api"] }] }, notice)).toEqual([]);
    expect(where({ routes: [{ to: ["ops"] }] }, notice)).toEqual(["ops"]);
  });

  test("a group that the policy wants told, and visibly nobody where no route names it", () => {
    const notice = noticeOf({ groups: ["legal", "security"] });
    const routes = [{ to: ["chat"], groups: ["security"] }];
    expect(destinationsOf(notice, { general, routes })).toEqual([
      { channel: "chat" },
      {
        channel: "group:legal",
        skipped: "the policy wants the group legal told, and no route names it",
      },
    ]);
  });

  test("everybody of an emergency, whatever the routes say", () => {
    const notice = noticeOf({ kind: "emergency.opened" });
    expect(where({}, notice)).toEqual(general);
    expect(where({ routes: [{ to: ["chat"] }] }, notice)).toEqual(general);
  });

  test("a person alone of their key, and nobody where persons are not told", () => {
    const notice = noticeOf({ kind: "key.used", person: "bo", key: "SHA256:x" });
    const routes = [{ to: general }];
    expect(where({ routes }, notice)).toEqual([]);
    expect(where({ routes, people: "mail" }, notice)).toEqual(["mail"]);
  });
});
