/**
 * The operator's file (`COUNTERMAND_NOTIFY`): channels, routes, and by which
 * channel a person is told. It holds no secret: those are in files beside it, so
 * that it can be shown, compared and kept with other configuration.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { emailChannel, isMailAddress, type MailServer } from "./channels/email.ts";
import type { Channel } from "./channels/channel.ts";
import { parseSecret } from "./channels/signature.ts";
import type { SafeTarget } from "./channels/safe-request.ts";
import { slackChannel, webhookChannel, type WebhookSurroundings } from "./channels/webhook.ts";
import { NotifyError } from "./error.ts";
import { noticeKinds } from "./notice.ts";
import type { Route } from "./routing.ts";

export interface NotifySettings {
  /** By name, in the file's order. */
  readonly channels: ReadonlyMap<string, Channel>;
  /** Channels that have somebody to tell without being told whom. */
  readonly general: readonly string[];
  readonly routes: readonly Route[];
  /** The mail channel by which persons are told of their keys. */
  readonly people?: string;
  /** How long a delivery is tried. */
  readonly retryDays: number;
}

const maxFile = 1_048_576;
const path = z.string().min(1).max(1000);
const name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and hyphens");
const word = z.string().min(1).max(100);
const words = z.array(word).min(1).max(200);
const mail = z.string().refine(isMailAddress, "one mail address");

const channel = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("webhook"),
    url: z.string().max(2000),
    secretFiles: z.array(path).min(1).max(2),
    inside: z.boolean().default(false),
  }),
  z.strictObject({
    type: z.literal("slack"),
    urlFile: path,
    inside: z.boolean().default(false),
  }),
  z.strictObject({
    type: z.literal("email"),
    server: z.string().max(300),
    from: mail,
    to: z.array(mail).max(50).default([]),
    user: z.string().min(1).max(200).exactOptional(),
    passwordFile: path.exactOptional(),
    caFile: path.exactOptional(),
  }),
]);
type ChannelFields = z.infer<typeof channel>;

const file = z.strictObject({
  retryDays: z.int().min(1).max(14).default(3),
  channels: z.record(name, channel),
  people: name.exactOptional(),
  routes: z
    .array(
      z.strictObject({
        to: z.array(name).min(1).max(50),
        kinds: z.array(z.enum(noticeKinds)).min(1).exactOptional(),
        services: words.exactOptional(),
        environments: words.exactOptional(),
        groups: words.exactOptional(),
      }),
    )
    .max(500)
    .default([]),
});

/** Throws a `NotifyError` "config" that names the place of what is wrong. */
export async function readNotifySettings(
  path: string,
  around: WebhookSurroundings,
): Promise<NotifySettings> {
  const parsed = file.safeParse(parseJson(await readBounded(path, maxFile), path));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw wrong(path, `${issue?.path.join(".") || "the top level"}: ${issue?.message}`);
  }
  const { channels: given, routes, people, retryDays } = parsed.data;
  const channels = new Map<string, Channel>();
  for (const [each, fields] of Object.entries(given)) {
    channels.set(each, await open(fields, `channels.${each}`, path, around));
  }
  const general = Object.keys(given).filter((each) => {
    const fields = given[each];
    return fields?.type !== "email" || fields.to.length > 0;
  });
  for (const [i, { to }] of routes.entries()) {
    const unknown = to.find((each) => !general.includes(each));
    if (unknown === undefined) continue;
    throw wrong(
      path,
      channels.has(unknown)
        ? `routes.${i}.to: the channel ${unknown} has no "to", so there is nobody to tell`
        : `routes.${i}.to: there is no channel ${unknown}`,
    );
  }
  if (people !== undefined && given[people]?.type !== "email") {
    throw wrong(path, `people: ${people} is no channel of type email`);
  }
  return { channels, general, routes, ...(people === undefined ? {} : { people }), retryDays };
}

async function open(
  fields: ChannelFields,
  where: string,
  file: string,
  around: WebhookSurroundings,
): Promise<Channel> {
  const beside = (item: string) => resolve(dirname(file), item);
  switch (fields.type) {
    case "webhook": {
      const secrets = await Promise.all(
        fields.secretFiles.map(async (item) =>
          parseSecret(await readBounded(beside(item), 1000), beside(item)),
        ),
      );
      return webhookChannel(
        targetOf(fields.url, fields.inside, `${where}.url`, file),
        secrets,
        around,
      );
    }
    case "slack": {
      const url = (await readBounded(beside(fields.urlFile), 2000)).trim();
      return slackChannel(targetOf(url, fields.inside, `${where}.urlFile`, file), around);
    }
    case "email":
      return emailChannel({
        server: await mailServer(fields, where, file, beside),
        from: fields.from,
        to: fields.to,
      });
  }
}

/** https, or http to a host inside: what is told is signed, and not secret from nobody. */
function targetOf(text: string, inside: boolean, where: string, file: string): SafeTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const { protocol = "", username = "", password = "", hash = "" } = url ?? {};
  const good = protocol === "https:" || (protocol === "http:" && inside);
  if (url === undefined || !good || `${username}${password}${hash}` !== "") {
    // The address is not repeated: it may be a secret.
    throw wrong(
      file,
      `${where} is an https:// address (http:// with "inside": true) without user and fragment`,
    );
  }
  return { url, inside };
}

async function mailServer(
  fields: Extract<ChannelFields, { type: "email" }>,
  where: string,
  file: string,
  beside: (item: string) => string,
): Promise<MailServer> {
  const url = URL.canParse(fields.server) ? new URL(fields.server) : undefined;
  const secure = url?.protocol === "smtps:";
  if (
    url === undefined ||
    (!secure && url.protocol !== "smtp:") ||
    url.hostname === "" ||
    `${url.username}${url.password}${url.pathname.replace(/^\/$/, "")}${url.search}${url.hash}` !==
      ""
  ) {
    throw wrong(file, `${where}.server is smtps://host:465 or smtp://host:587, and nothing more`);
  }
  if ((fields.user === undefined) !== (fields.passwordFile === undefined)) {
    throw wrong(file, `${where}: user and passwordFile are given together`);
  }
  const host = url.hostname.replaceAll(/^\[|\]$/g, "");
  return {
    host,
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    requireTls: !isLoopbackHost(host),
    ...(fields.caFile === undefined
      ? {}
      : { ca: await readBounded(beside(fields.caFile), maxFile) }),
    ...(fields.user === undefined || fields.passwordFile === undefined
      ? {}
      : {
          user: fields.user,
          password: (await readBounded(beside(fields.passwordFile), 1000)).replace(/\r?\n$/, ""),
        }),
  };
}

/** By its form: a name that merely resolves to this machine is not known to stay there. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|::1)$/.test(host);
}

async function readBounded(path: string, max: number): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new NotifyError("config", `${path} cannot be read (${code})`, { cause });
  }
  if (text.length > max) {
    throw new NotifyError("config", `${path} has more than ${max} characters`);
  }
  return text;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw wrong(path, `it is not JSON: ${(cause as Error).message}`, cause);
  }
}

function wrong(path: string, problem: string, cause?: unknown): NotifyError {
  return new NotifyError("config", `the notifications in ${path} cannot be used: ${problem}`, {
    cause,
  });
}
