/** For tests: a notice, and settings around channels. */
import type { Channel } from "../channels/channel.ts";
import type { NotifySettings } from "../config.ts";
import type { Notice } from "../notice.ts";
import type { Route } from "../routing.ts";

export function noticeOf(changes: Partial<Notice> = {}): Notice {
  return {
    kind: "rollback.authorised",
    index: 7,
    leafHash: "ab".repeat(32),
    statement: "authorised",
    occurredAt: "2026-11-23T02:00:00.000Z",
    recordedAt: "2026-11-23T02:00:00.000Z",
    actor: "system",
    says: "authorised until 2026-11-23T06:00:00.000Z",
    record: {
      id: "RB-2026-1",
      service: "api",
      environment: "prod",
      status: "authorised",
      reason: "availability",
      target: "aaaaaaaaaaaa",
    },
    groups: [],
    ...changes,
  };
}

export function settingsOf(
  channels: Readonly<Record<string, Channel>>,
  more: Partial<NotifySettings> & { readonly routes?: readonly Route[] } = {},
): NotifySettings {
  const names = Object.keys(channels);
  return {
    channels: new Map(Object.entries(channels)),
    general: names,
    routes: [{ to: names }],
    retryDays: 3,
    ...more,
  };
}
