import { describe, expect, test } from "vitest";
import { isTenantName, readTenantConfig } from "./tenants.ts";

const url = "COUNTERMAND_URL=https://acme.example.com\n";
const read = (text: string, env: Record<string, string> = {}) =>
  readTenantConfig(env, text, "/data/tenants/acme");

test("its own settings, and of the server's only what names nothing of another ledger", () => {
  const config = read(`# Acme\n${url}COUNTERMAND_NAMES='a.example.com, b.example.com'\n`, {
    DATABASE_URL: "postgresql://db/countermand",
    COUNTERMAND_PORT: "1234",
    COUNTERMAND_URL: "https://server.example.com",
    COUNTERMAND_MIRRORS: "/srv/mirror",
    COUNTERMAND_WITNESS_POLICY: "witnesses",
    COUNTERMAND_OIDC_ISSUER: "https://login.example.com",
    COUNTERMAND_OIDC_CLIENT_ID: "server",
    COUNTERMAND_SCRUB_RATE: "7",
  });
  expect(config).toMatchObject({
    data: "/data/tenants/acme",
    databaseUrl: "postgresql://db/countermand",
    login: "required",
    names: ["a.example.com", "b.example.com"],
    scrubRate: 7,
    mirrors: [],
  });
  expect(config.url.href).toBe("https://acme.example.com/");
  expect(config.oidc).toBeUndefined();
  expect(config.witnessPolicy).toBeUndefined();
  expect(read(`${url}COUNTERMAND_SCRUB_RATE=9`, { COUNTERMAND_SCRUB_RATE: "7" }).scrubRate).toBe(9);
});

test.each([
  ["", "COUNTERMAND_URL is missing"],
  [`${url}COUNTERMAND_PORT=80`, "COUNTERMAND_PORT is the whole server's"],
  [`${url}COUNTERMAND_DATA=/elsewhere`, "COUNTERMAND_DATA is the whole server's"],
  [`${url}PATH=/bin`, '"PATH" is no setting'],
  ["COUNTERMAND_URL=http://acme.example.com", "COUNTERMAND_URL is an https:// address"],
  [`${url}COUNTERMAND_LOGIN=perhaps`, "COUNTERMAND_LOGIN is off or required"],
])("%j is refused", (text, says) => {
  expect(() => read(text)).toThrow(says);
});

describe("names", () => {
  test.each(["a", "acme", "acme-2", "0", "a".repeat(63)])("%s is one", (name) =>
    expect(isTenantName(name)).toBe(true),
  );
  test.each(["", "Acme", "-a", "a-", "a.b", "a/b", "..", "a_b", "ä", "a".repeat(64), "a\n"])(
    "%j is none",
    (name) => expect(isTenantName(name)).toBe(false),
  );
});
