import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

describe("login", () => {
  test("nothing said: no mode, no address, no provider", () => {
    const { login, url, oidc } = readConfig({});
    expect({ login, url, oidc }).toEqual({});
  });

  test("all said", () => {
    const config = readConfig({
      COUNTERMAND_LOGIN: "required",
      COUNTERMAND_URL: "https://audit.example.com:8443",
      COUNTERMAND_OIDC_ISSUER: "https://login.example.com/tenant/",
      COUNTERMAND_OIDC_CLIENT_ID: "countermand",
      COUNTERMAND_OIDC_SCOPES: "openid groups  profile",
    });
    expect(config.login).toBe("required");
    expect(config.url?.host).toBe("audit.example.com:8443");
    expect(config.oidc).toEqual({
      issuer: "https://login.example.com/tenant/",
      clientId: "countermand",
      scopes: ["groups", "profile"],
      groupsClaim: "groups",
    });
  });

  test.each([
    [{ COUNTERMAND_LOGIN: "on" }, "COUNTERMAND_LOGIN is off or required"],
    [{ COUNTERMAND_URL: "http://audit.example.com" }, "COUNTERMAND_URL is an https:// address"],
    [{ COUNTERMAND_URL: "audit.example.com" }, "COUNTERMAND_URL is an https:// address"],
    [{ COUNTERMAND_URL: "https://u@audit.example.com" }, "without user"],
    [{ COUNTERMAND_URL: "https://audit.example.com/x" }, "the path /x"],
    [{ COUNTERMAND_OIDC_ISSUER: "https://login.example.com" }, "given together"],
    [{ COUNTERMAND_OIDC_CLIENT_ID: "countermand" }, "given together"],
    [
      { COUNTERMAND_OIDC_ISSUER: "http://login.example.com", COUNTERMAND_OIDC_CLIENT_ID: "x" },
      "COUNTERMAND_OIDC_ISSUER is an https:// address",
    ],
  ])("%o is refused", (env, says) => {
    expect(() => readConfig(env)).toThrow(says);
  });
});
