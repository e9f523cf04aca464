import { expect, onTestFinished, test } from "vitest";
import { host, testServer } from "./testing/server.ts";

async function ask(url: string) {
  const { app, countermand } = await testServer();
  onTestFinished(() => app.close());
  const answer = await app.inject({ url, headers: { host } });
  return { answer, calls: countermand.calls };
}

test.each([
  ["", "logged"],
  ["?min=logged", "logged"],
])("a proof is asked for by index%s", async (query, min) => {
  const { answer, calls } = await ask(`/v1/entries/17/proof${query}`);
  expect([
    answer.statusCode,
    answer.headers["content-type"],
    answer.headers["cache-control"],
  ]).toEqual([200, "text/plain; charset=utf-8", "no-store"]);
  expect(answer.body).toBe("c2sp.org/tlog-proof@v1\n");
  expect(calls).toEqual([["entryProof", 17, min]]);
});

test("what is not witnessed yet is to be asked for again", async () => {
  const { answer } = await ask("/v1/entries/0/proof?min=witnessed");
  expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([404, "2"]);
  expect(answer.json()).toMatchObject({
    type: "urn:countermand:problem:not-witnessed",
    title: "Not witnessed yet",
  });
});

test.each(["01/proof", "-1/proof", "1e3/proof", "x/proof", "1/proof?min=all", "1/proof?max=1"])(
  "%s is refused",
  async (path) => {
    const { answer, calls } = await ask(`/v1/entries/${path}`);
    expect(answer.statusCode).toBe(400);
    expect(calls).toEqual([]);
  },
);
