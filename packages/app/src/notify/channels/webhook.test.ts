import { describe, expect, test } from "vitest";
import { noticeOf } from "../testing/notices.ts";
import { startReceiver } from "../testing/receiver.ts";
import type { Message } from "./channel.ts";
import { checkSignature } from "./signature.ts";
import { escapeForChat, slackBody, slackChannel, webhookBody, webhookChannel } from "./webhook.ts";

const secret = new Uint8Array(32).fill(7);
const now = () => new Date("2026-11-23T02:00:01.500Z");
const never = new AbortController().signal;
const message: Message = {
  id: "msg_1",
  notice: noticeOf(),
  ledger: "example.com/rollbacks",
  link: "https://audit.example.com/records/RB-2026-1",
};

describe("a webhook", () => {
  test("is signed over id, time and the very bytes that arrive", async () => {
    const receiver = await startReceiver();
    const channel = webhookChannel({ url: receiver.url, inside: true }, [secret], { now });
    expect(await channel.send(message, never)).toEqual({ kind: "sent" });
    const [request] = receiver.received;
    if (request === undefined) throw new TypeError("nothing came");
    const { headers, body } = request;
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "webhook-id": "msg_1",
      "webhook-timestamp": "1795399201",
    });
    const signature = String(headers["webhook-signature"]);
    const signed = { id: "msg_1", timestamp: 1_795_399_201, body };
    expect(checkSignature(signed, signature, secret)).toBe(true);
    expect(checkSignature({ ...signed, body: `${body} ` }, signature, secret)).toBe(false);
    expect(body).toBe(webhookBody(message));
    expect(JSON.parse(body)).toMatchObject({
      type: "rollback.authorised",
      timestamp: "2026-11-23T02:00:00.000Z",
      data: { ledger: "example.com/rollbacks", index: 7, record: { id: "RB-2026-1" } },
    });
  });

  test.each([
    [{ status: 200 }, { kind: "sent" }],
    [{ status: 410 }, { kind: "dead" }],
    [{ status: 500 }, { kind: "retry", after: 0 }],
    [{ status: 400 }, { kind: "retry", after: 0 }],
    [
      { status: 429, headers: { "retry-after": "120" } },
      { kind: "retry", after: 120_000 },
    ],
    [
      { status: 503, headers: { "retry-after": "Mon, 23 Nov 2026 02:01:01 GMT" } },
      { kind: "retry", after: 59_500 },
    ],
    [{ status: 302, headers: { location: "http://169.254.169.254/" } }, { kind: "retry" }],
  ])("%j is %j", async (answer, outcome) => {
    const receiver = await startReceiver();
    receiver.answer = () => answer;
    const channel = webhookChannel({ url: receiver.url, inside: true }, [secret], { now });
    expect(await channel.send(message, never)).toMatchObject(outcome);
  });

  test("ends with the server", async () => {
    const receiver = await startReceiver();
    receiver.answer = () => ({ after: "never" });
    const ended = new AbortController();
    const channel = webhookChannel({ url: receiver.url, inside: true }, [secret], { now });
    setTimeout(() => ended.abort(new Error("the server ends")), 100);
    await expect(channel.send(message, ended.signal)).rejects.toThrow("the server ends");
  });
});

describe("a message to a chat", () => {
  test("commands and mentions in names are text", () => {
    const hostile = "<!channel> <@U1|x> &lt; @here";
    expect(escapeForChat(hostile)).toBe(
      "&lt;!channel&gt; &lt;@\u200bU1|x&gt; &amp;lt; @\u200bhere",
    );
    const body = slackBody({
      ...message,
      notice: noticeOf({
        actor: "x/@channel",
        says: `${hostile}\n\u202eevil`,
        record: {
          id: "RB-2026-1",
          service: "a/@here",
          environment: "p/@all",
          status: "authorised",
          reason: "r",
          target: "t",
        },
      }),
    });
    const { text } = JSON.parse(body) as { text: string };
    expect(text).not.toMatch(/[<>]|@[A-Za-z]|\u202e/);
    expect(text.split("\n")).toHaveLength(5);
    expect(JSON.parse(body)).toMatchObject({ link_names: 0, mrkdwn: false, unfurl_links: false });
  });

  test("arrives", async () => {
    const receiver = await startReceiver();
    const channel = slackChannel({ url: receiver.url, inside: true }, { now });
    expect(await channel.send(message, never)).toEqual({ kind: "sent" });
    expect(JSON.parse(receiver.received[0]?.body ?? "{}")).toMatchObject({
      text: expect.stringMatching(
        /^Authorised: RB-2026-1, api in prod\n[^]*\nhttps:\/\/audit\.example\.com\/records\/RB-2026-1$/,
      ) as string,
    });
  });
});
