/** Webhooks: Standard Webhooks for programs, and the form that Slack, Mattermost and others take for chat. */
import { retryAfter } from "../backoff.ts";
import { linesOf, titleOf } from "../text.ts";
import type { Channel, Message, Outcome } from "./channel.ts";
import { postSafely, SafeRequestError, type SafeOptions, type SafeTarget } from "./safe-request.ts";
import { signatureOf } from "./signature.ts";

export interface WebhookSurroundings {
  readonly now: () => Date;
  /** Milliseconds for one attempt; 10,000 unless told. */
  readonly timeout?: number;
  readonly resolve?: NonNullable<SafeOptions["resolve"]>;
}

export function webhookChannel(
  target: SafeTarget,
  secrets: readonly Uint8Array[],
  around: WebhookSurroundings,
): Channel {
  return {
    type: "webhook",
    send(message, signal) {
      const body = webhookBody(message);
      const timestamp = Math.floor(around.now().getTime() / 1000);
      const headers = {
        "content-type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": signatureOf({ id: message.id, timestamp, body }, secrets),
      };
      return post(target, headers, body, around, signal);
    },
  };
}

/** docs/spec/webhooks.md */
export function webhookBody({ notice, ledger, link }: Message): string {
  const { kind, recordedAt, ...data } = notice;
  return JSON.stringify({
    type: kind,
    timestamp: recordedAt,
    data: { ledger, ...data, ...(link === undefined ? {} : { link }) },
  });
}

export function slackChannel(target: SafeTarget, around: WebhookSurroundings): Channel {
  return {
    type: "slack",
    send: (message, signal) =>
      post(target, { "content-type": "application/json" }, slackBody(message), around, signal),
  };
}

export function slackBody({ notice, ledger, link }: Message): string {
  const lines = [titleOf(notice), ...linesOf(notice, ledger, undefined)].map(escapeForChat);
  if (link !== undefined) lines.push(link);
  return JSON.stringify({
    text: lines.join("\n"),
    mrkdwn: false,
    link_names: 0,
    unfurl_links: false,
    unfurl_media: false,
  });
}

/**
 * `<`, `>` and `&` open Slack's own commands (`<!here>`, `<@U123>`); a bare `@here`
 * or `@channel` is one to other chats, so an `@` is parted from its name by a
 * character without width.
 */
export function escapeForChat(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("@", "@\u200b");
}

async function post(
  target: SafeTarget,
  headers: Readonly<Record<string, string>>,
  body: string,
  { now, timeout = 10_000, resolve }: WebhookSurroundings,
  signal: AbortSignal,
): Promise<Outcome> {
  const { host } = target.url;
  try {
    const answer = await postSafely(target, headers, body, {
      timeout,
      signal,
      ...(resolve === undefined ? {} : { resolve }),
    });
    const { status } = answer;
    if (status >= 200 && status < 300) return { kind: "sent" };
    // Standard Webhooks: the receiver wants no more of these.
    if (status === 410) return { kind: "dead", problem: `${host} answers 410 Gone` };
    const redirect = status >= 300 && status < 400;
    return {
      kind: "retry",
      problem: `${host} answers ${status}${redirect ? ", and redirects are not followed: configure where it really is" : ""}`,
      after: retryAfter(answer.retryAfter, now()),
    };
  } catch (error) {
    if (!(error instanceof SafeRequestError)) throw error;
    return { kind: "retry", problem: error.message };
  }
}
