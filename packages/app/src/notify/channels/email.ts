/**
 * Mail by SMTP. Encryption is required unless the server is on this machine; the
 * server's certificate is checked. What a mail server answers may repeat the
 * addresses, so only its code is told on.
 */
import { createTransport } from "nodemailer";
import { linesOf, titleOf } from "../text.ts";
import type { Channel, Message, Outcome } from "./channel.ts";

export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** Encrypted from the first byte (`smtps:`); otherwise STARTTLS. */
  readonly secure: boolean;
  /** Refuse to go on without encryption. */
  readonly requireTls: boolean;
  /** PEM certificates to trust in place of the system's. */
  readonly ca?: string;
  readonly user?: string;
  readonly password?: string;
}

export interface MailSender {
  readonly server: MailServer;
  readonly from: string;
  /** Who gets what is routed here; a person's notice goes to that person alone. */
  readonly to: readonly string[];
  /** Milliseconds for one attempt; 30,000 unless told. */
  readonly timeout?: number;
}

/** One address and nothing else: no list, no comment, no line break. */
export function isMailAddress(text: string): boolean {
  return (
    text.length <= 254 &&
    /^[^\s@<>()[\]\\,;:"\p{C}]{1,64}@[A-Za-z0-9\u0080-\uffff](?:[A-Za-z0-9.\u0080-\uffff-]*[A-Za-z0-9\u0080-\uffff])?$/u.test(
      text,
    )
  );
}

export function emailChannel(sender: MailSender): Channel {
  return {
    type: "email",
    async send(message, signal) {
      const to = message.addresses ?? sender.to;
      if (to.length === 0) return { kind: "dead", problem: "the channel has no addresses" };
      return await sendMail(sender, message, to, signal);
    },
  };
}

async function sendMail(
  { server, from, timeout = 30_000 }: MailSender,
  { id, notice, ledger, link }: Message,
  to: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  signal.throwIfAborted();
  const transport = createTransport({
    host: server.host,
    port: server.port,
    secure: server.secure,
    requireTLS: server.requireTls && !server.secure,
    // On this machine a certificate would be for another name.
    ignoreTLS: !server.requireTls && !server.secure,
    ...(server.ca === undefined ? {} : { tls: { ca: server.ca } }),
    ...(server.user === undefined
      ? {}
      : { auth: { user: server.user, pass: server.password ?? "" } }),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const limit = AbortSignal.timeout(timeout);
  const any = AbortSignal.any([limit, signal]);
  const stop = () => reject(any.reason as Error);
  any.addEventListener("abort", stop, { once: true });
  const sending = transport.sendMail({
    from,
    to: [...to],
    subject: `[countermand] ${titleOf(notice)}`,
    text: `${linesOf(notice, ledger, link).join("\n\n")}\n`,
    messageId: `<${id}@${domainOf(from)}>`,
    headers: { "Auto-Submitted": "auto-generated" },
  });
  // Whoever loses the race is nobody's failure.
  sending.catch(() => undefined);
  try {
    const { rejected } = await Promise.race([sending, stopped]);
    const refused = rejected?.length ?? 0;
    if (refused === 0) return { kind: "sent" };
    return {
      kind: "sent",
      problem: `the mail server refused ${refused} of ${to.length} addresses`,
    };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "retry", problem: problemOf(error, server, limit.aborted) };
  } finally {
    any.removeEventListener("abort", stop);
    transport.close();
  }
}

function problemOf(error: unknown, { host, port }: MailServer, late: boolean): string {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const where = `${host}:${port}`;
  if (late) return `the mail server ${where} did not take it in time`;
  const word = typeof code === "string" && /^[A-Z_]{2,40}$/.test(code) ? code : "no code";
  const answer = typeof responseCode === "number" ? `, it answers ${responseCode}` : "";
  return `the mail server ${where} did not take it (${word}${answer})`;
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}
