import { describe, expect, test } from "vitest";
import { refusal, scopes, type Access, type Principal } from "../identity/principal.ts";
import { accessOf } from "./access.ts";
import { routes } from "./routes/all.ts";
import { testServer } from "./testing/server.ts";

test("the table has every registered route and no other", () => {
  const registered = [...routes.map(({ operationId }) => operationId), "openapi"];
  expect(Object.keys(accessOf).toSorted()).toEqual(registered.toSorted());
});

test("what the data folder's token is for is said twice and alike", () => {
  for (const { operationId, needsToken } of routes) {
    expect([operationId, accessOf[operationId] === "operator"]).toEqual([
      operationId,
      needsToken === true,
    ]);
  }
});

test("only reading and logging in is open, and nothing that changes the ledger", () => {
  const open = routes.filter(({ operationId }) => accessOf[operationId] === "open");
  for (const { method, path, tag } of open) {
    if (method === "POST") expect([path, tag]).toEqual([path, "login"]);
    else
      expect(path).toMatch(
        /^\/(?:login(?:\.js|\/.+)?|sign\.js|passkey\.js|style\.css|health|log\/(?:checkpoint|key))$/,
      );
  }
});

test("a route that the table does not know is not served", async () => {
  const { homePage, ...others } = accessOf;
  expect(homePage).toBe("read");
  const before = { ...accessOf };
  const table = accessOf as Record<string, Access>;
  delete table["homePage"];
  try {
    await expect(testServer()).rejects.toThrow("http/access.ts does not say who may homePage");
  } finally {
    Object.assign(table, before);
  }
  expect(Object.keys(others)).not.toContain("homePage");
});

/** The whole of who may what, written out a second time. */
const session = {
  id: "0".repeat(16),
  use: "page",
  method: "oidc",
  holder: "x",
  roles: ["administer", "sre"],
  client: "",
  address: "",
  createdAt: "",
  seenAt: "",
  idleAt: "",
  endsAt: "",
} as const;
const token = { id: "", name: "", person: "ada", createdAt: "", endsAt: "" };
const askers: Readonly<Record<string, Principal>> = {
  nobody: { kind: "nobody" },
  anybody: { kind: "anybody" },
  operator: { kind: "operator" },
  unlinked: { kind: "session", session, roles: [], mayRead: true },
  "unlinked, in no group": { kind: "session", session, roles: [], mayRead: false },
  linked: { kind: "session", session, roles: [], mayRead: true, person: "ada" },
  "token for all": { kind: "token", token: { ...token, scopes } },
  "token to read": { kind: "token", token: { ...token, scopes: ["read"] } },
  "token to submit": { kind: "token", token: { ...token, scopes: ["submit"] } },
  "token for the gate": { kind: "token", token: { ...token, scopes: ["gate"] } },
  "token for signals": { kind: "token", token: { ...token, scopes: ["signal"] } },
};
const may: Readonly<Record<keyof typeof askers, readonly Access[]>> = {
  nobody: ["open"],
  anybody: ["open", "self", "read", "submit", "gate", "signal"],
  operator: ["open", "self", "read", "submit", "gate", "signal", "operator"],
  unlinked: ["open", "self", "read", "session"],
  "unlinked, in no group": ["open", "self", "session"],
  linked: ["open", "self", "read", "submit", "gate", "signal", "session", "person"],
  "token for all": ["open", "self", "read", "submit", "gate", "signal"],
  "token to read": ["open", "self", "read"],
  "token to submit": ["open", "self", "submit"],
  "token for the gate": ["open", "self", "gate"],
  "token for signals": ["open", "self", "signal"],
};
const all: readonly Access[] = [
  "open",
  "self",
  "read",
  "submit",
  "gate",
  "signal",
  "session",
  "person",
  "operator",
];

describe("who may what", () => {
  test.each(Object.entries(askers))("%s", (name, who) => {
    expect(all.filter((access) => refusal(who, access) === undefined)).toEqual(
      all.filter((access) => may[name]?.includes(access)),
    );
  });
});
