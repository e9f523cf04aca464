import { request } from "node:http";
import { expect, test } from "vitest";
import { listenOnLoopback, type Loopback } from "./loopback.ts";

const state = "the-state-that-we-made";
const code = "c".repeat(43);

/** The status of a request to the port; the Host is whatever is given. */
function knock(
  { port }: Loopback,
  path: string,
  { host = `127.0.0.1:${port}`, method = "GET" } = {},
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port, path, method, headers: { host } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}

test("only the answer with our state is taken, however many others knock", async () => {
  const loopback = await listenOnLoopback(state);
  try {
    const taken = loopback.answer(AbortSignal.timeout(10_000));
    const other = "x".repeat(43);
    for (const path of [
      "/",
      `/?code=${other}`,
      `/?code=${other}&state=another`,
      `/?code=short&state=${state}`,
      `/?error=access_denied&state=another`,
      `/?error=%3Cscript%3E&state=${state}`,
      `/?code=${other}%0a&state=${state}`,
      `/other?code=${other}&state=${state}`,
      "//evil.example/",
      "//[",
    ]) {
      expect([path, await knock(loopback, path)]).toEqual([path, 404]);
    }
    const right = `/?code=${code}&state=${state}`;
    // A name of another page that was turned into 127.0.0.1.
    expect(await knock(loopback, right, { host: `evil.example:${loopback.port}` })).toBe(404);
    expect(await knock(loopback, right, { method: "POST" })).toBe(404);
    expect(await knock(loopback, right)).toBe(200);
    expect((await taken).searchParams.get("code")).toBe(code);
  } finally {
    await loopback.close();
  }
});

test("nobody came: the wait ends, and the port is free again", async () => {
  const loopback = await listenOnLoopback(state);
  await expect(loopback.answer(AbortSignal.timeout(20))).rejects.toMatchObject({
    name: "TimeoutError",
  });
  await loopback.close();
  await expect(knock(loopback, "/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a provider's codes look otherwise, and it may say no", async () => {
  const loopback = await listenOnLoopback(state, /^[\x21-\x7e]{1,100}$/);
  const taken = loopback.answer(AbortSignal.timeout(10_000));
  expect(await knock(loopback, `/?code=${"x".repeat(101)}&state=${state}`)).toBe(404);
  expect(await knock(loopback, `/?error=access_denied&state=${state}`)).toBe(200);
  expect((await taken).searchParams.get("error")).toBe("access_denied");
  await loopback.close();
});
