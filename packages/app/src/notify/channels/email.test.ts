import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { noticeOf } from "../testing/notices.ts";
import type { Message } from "./channel.ts";
import { emailChannel, isMailAddress, type MailServer } from "./email.ts";

const never = new AbortController().signal;
const message: Message = {
  id: "msg_1",
  notice: noticeOf(),
  ledger: "example.com/rollbacks",
  link: "https://audit.example.com/records/RB-2026-1",
};

interface Letter {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly secure: boolean;
}

/** A server on this machine that keeps what it is given. */
async function startMail(options: SMTPServerOptions = {}) {
  const letters: Letter[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    onRcptTo(address, _session, done) {
      if (address.address.startsWith("nobody")) {
        done(Object.assign(new Error(`no ${address.address} here`), { responseCode: 550 }));
      } else done();
    },
    onData(stream, session, done) {
      let text = "";
      stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        letters.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text,
          secure: session.secure,
        });
        done();
      });
    },
    ...options,
  });
  // What a client breaks off is no failure of the test's.
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return { letters, port: address.port };
}

function plainServer(port: number, changes: Partial<MailServer> = {}): MailServer {
  return { host: "127.0.0.1", port, secure: false, requireTls: false, ...changes };
}

const to = ["security@example.com"];
const from = "countermand@example.com";

describe("mail", () => {
  test("says what happened, under an id that is the same each time", async () => {
    const { letters, port } = await startMail();
    const channel = emailChannel({ server: plainServer(port), from, to });
    expect(await channel.send(message, never)).toEqual({ kind: "sent" });
    expect(await channel.send(message, never)).toEqual({ kind: "sent" });
    expect(letters).toHaveLength(2);
    expect(letters[0]).toMatchObject({ from, to });
    const text = letters[0]?.text ?? "";
    expect(text).toContain("Subject: [countermand] Authorised: RB-2026-1, api in prod\r\n");
    expect(text).toContain("Auto-Submitted: auto-generated\r\n");
    expect(text).toContain("https://audit.example.com/records/RB-2026-1");
    const ids = letters.map((letter) => /^Message-ID: (.*)\r$/im.exec(letter.text)?.[1]);
    expect(ids).toEqual(["<msg_1@example.com>", "<msg_1@example.com>"]);
  });

  test("goes to the person alone where it is a person's", async () => {
    const { letters, port } = await startMail();
    const channel = emailChannel({ server: plainServer(port), from, to });
    const notice = noticeOf({ kind: "key.used", person: "bo", key: "SHA256:abc" });
    await channel.send({ ...message, notice, addresses: ["bo@example.com"] }, never);
    expect(letters[0]?.to).toEqual(["bo@example.com"]);
    const text = (letters[0]?.text ?? "").replaceAll("=\r\n", "");
    expect(text).toContain("person revoke-key bo SHA256:abc --reason compromised");
  });

  test("names in it make no header and no other recipient", async () => {
    const { letters, port } = await startMail();
    const record = {
      ...(message.notice.record ?? { id: "", status: "", reason: "", target: "" }),
      service: "x\r\nBcc: mallory@example.com\r\n\r\nhello",
      environment: "prod",
    };
    const channel = emailChannel({ server: plainServer(port), from, to });
    await channel.send({ ...message, notice: noticeOf({ record }) }, never);
    expect(letters[0]?.to).toEqual(to);
    expect(letters[0]?.text).not.toMatch(/^Bcc:/im);
  });

  test("what the server refuses is tried again, and no address is told on", async () => {
    const { letters, port } = await startMail();
    const channel = emailChannel({ server: plainServer(port), from, to: ["nobody@example.com"] });
    const outcome = await channel.send(message, never);
    expect(outcome).toEqual({
      kind: "retry",
      problem: `the mail server 127.0.0.1:${port} did not take it (EENVELOPE, it answers 550)`,
    });
    expect(letters).toEqual([]);
  });

  test("of several addresses, those that are refused are counted", async () => {
    const { letters, port } = await startMail();
    const both = ["nobody@example.com", ...to];
    const channel = emailChannel({ server: plainServer(port), from, to: both });
    expect(await channel.send(message, never)).toEqual({
      kind: "sent",
      problem: "the mail server refused 1 of 2 addresses",
    });
    expect(letters).toHaveLength(1);
  });

  test("a server that says nothing is waited for no longer than was said", async () => {
    const { port } = await startMail({ onConnect: () => undefined });
    const channel = emailChannel({ server: plainServer(port), from, to, timeout: 200 });
    expect(await channel.send(message, never)).toMatchObject({ kind: "retry" });
  });

  test("nobody to write to is said at once", async () => {
    const channel = emailChannel({ server: plainServer(1), from, to: [] });
    expect(await channel.send(message, never)).toMatchObject({ kind: "dead" });
  });
});

describe("encryption", () => {
  let folder = "";
  let key = "";
  let cert = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "countermand-mail-"));
    const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    execFileSync(
      "openssl",
      [
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" "),
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-keyout",
        keyFile,
        "-out",
        certFile,
      ],
      { stdio: "pipe" },
    );
    [key, cert] = [readFileSync(keyFile, "utf8"), readFileSync(certFile, "utf8")];
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("where it is required, a server that does not offer it gets nothing", async () => {
    const { letters, port } = await startMail();
    const server = plainServer(port, { requireTls: true, user: "u", password: "SECRET" });
    const outcome = await emailChannel({ server, from, to }).send(message, never);
    expect(outcome).toMatchObject({ kind: "retry" });
    expect(JSON.stringify(outcome)).not.toContain("SECRET");
    expect(letters).toEqual([]);
  });

  test.each([
    ["from the first byte", { secure: true }, { secure: true }],
    ["by STARTTLS", { requireTls: true }, { disabledCommands: ["AUTH"] }],
  ])("%s, with a certificate that is trusted; another gets nothing", async (_how, ours, theirs) => {
    const { letters, port } = await startMail({ key, cert, ...theirs });
    const server = plainServer(port, ours);
    expect(await emailChannel({ server, from, to }).send(message, never)).toMatchObject({
      kind: "retry",
    });
    expect(letters).toEqual([]);
    const trusting = { ...server, ca: cert };
    expect(await emailChannel({ server: trusting, from, to }).send(message, never)).toEqual({
      kind: "sent",
    });
    expect(letters).toMatchObject([{ secure: true }]);
  });
});

describe("an address", () => {
  test.each(["ada@example.com", "a.b+c@mail.example.co", "jürgen@bücher.example", "a@localhost"])(
    "%s is one",
    (text) => expect(isMailAddress(text)).toBe(true),
  );
  test.each([
    "",
    "ada",
    "@example.com",
    "ada@",
    "a@b@c.example",
    "ada@example.com, mallory@example.com",
    "ada@example.com\r\nBcc: mallory@example.com",
    "Ada <ada@example.com>",
    '"a b"@example.com',
    "ada@-x",
    `${"a".repeat(65)}@example.com`,
    `a@${"x".repeat(260)}`,
  ])("%j is none", (text) => expect(isMailAddress(text)).toBe(false));
});
