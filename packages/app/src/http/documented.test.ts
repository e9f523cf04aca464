/** docs/http.md says what the server does: every route with who may ask, every problem, the headers. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { accessOf } from "./access.ts";
import { loginCookie, sessionCookie } from "./cookies.ts";
import { httpDefaults } from "./config.ts";
import { problemStatuses } from "./problem.ts";
import { routes } from "./routes/all.ts";
import { contentSecurityPolicy, securityHeaders } from "./security.ts";

const page = readFileSync(new URL("../../../../docs/http.md", import.meta.url), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );

test("every route is in the table, with who may ask, and no other", () => {
  const path = (text: string) => text.replaceAll(/:(\w+)/g, "{$1}").replace("*", "{path}");
  const served = routes.map((route) => [
    `\`${route.method} ${path(route.path)}\``,
    accessOf[route.operationId],
    route.summary,
  ]);
  const told = rows.filter(([first]) => /^`(?:GET|POST) /.test(first ?? ""));
  expect(told).toEqual([
    ...served,
    ["`GET /openapi.json`", accessOf["openapi"], "This description"],
  ]);
});

test("every problem is in the table, with its status", () => {
  const told = new Map<string, string>();
  for (const [codes = "", statuses = ""] of rows.filter((row) => /^[\d, ]+$/.test(row[1] ?? ""))) {
    const names = codes.split(",").map((code) => code.trim().replaceAll("`", ""));
    const numbers = statuses.split(",").map((status) => status.trim());
    names.forEach((name, i) => told.set(name, numbers[i] ?? numbers[0] ?? ""));
  }
  const answered = Object.entries(problemStatuses).map(([code, status]) => [code, `${status}`]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(answered));
});

test("headers, cookies and limits are as the page says", () => {
  expect(page).toContain(contentSecurityPolicy());
  for (const name of Object.keys(securityHeaders)) expect(page.toLowerCase()).toContain(name);
  for (const cookie of [sessionCookie, loginCookie]) expect(page).toContain(`\`${cookie}\``);
  const { requestTimeout, headersTimeout, maxJsonBytes, maxArtefactBytes } = httpDefaults;
  expect(page).toContain(
    `whole in ${requestTimeout / 1000} s, its headers in ${headersTimeout / 1000} s`,
  );
  expect(page).toContain(`JSON ${maxJsonBytes / 2 ** 20} MB`);
  expect(page).toContain(`an artefact ${maxArtefactBytes / 2 ** 20} MB`);
});

test("the pages with script are the three that the page names", () => {
  const scripted = routes.filter(({ path }) => path.endsWith(".js")).map(({ path }) => path);
  expect(scripted.toSorted()).toEqual(["/login.js", "/passkey.js", "/sign.js"]);
  for (const name of ["`/login`", "`/passkeys`", "`POST /records/{id}/decide`"]) {
    expect(page).toContain(name);
  }
});
