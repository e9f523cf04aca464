import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { isLoopbackHost, readNotifySettings } from "./config.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countermand-notify-"));
  const made = folder;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  put("ops.secret", `whsec_${Buffer.alloc(32, 1).toString("base64")}\n`);
  put("chat.url", "https://hooks.example.com/services/T0/SECRET\n");
  put("mail.password", "hunter2\n");
});

function put(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), 0o600);
}

const ops = { type: "webhook", url: "https://hooks.example.com/x", secretFiles: ["ops.secret"] };
const mail = { type: "email", server: "smtp://mail.example.com", from: "c@example.com" };
const chat = { type: "slack", urlFile: "chat.url" };

async function read(value: unknown) {
  put("notify.json", typeof value === "string" ? value : JSON.stringify(value));
  return await readNotifySettings(join(folder, "notify.json"), { now: () => new Date(0) });
}

describe("the file", () => {
  test("gives channels, routes and by which persons are told", async () => {
    const settings = await read({
      channels: {
        ops,
        chat,
        mail: { ...mail, user: "c", passwordFile: "mail.password" },
        sec: { ...mail, to: ["security@example.com"] },
      },
      people: "mail",
      routes: [{ to: ["ops", "sec"], kinds: ["decision.made"], groups: ["security"] }],
    });
    expect([...settings.channels].map(([name, { type }]) => [name, type])).toEqual([
      ["ops", "webhook"],
      ["chat", "slack"],
      ["mail", "email"],
      ["sec", "email"],
    ]);
    expect(settings).toMatchObject({ general: ["ops", "chat", "sec"], people: "mail" });
    expect(settings.retryDays).toBe(3);
  });

  test("nobody at all may be told", async () => {
    expect(await read({ channels: {} })).toMatchObject({ general: [], routes: [] });
  });

  test.each<[string, unknown, RegExp]>([
    ["no JSON", "{", /it is not JSON/],
    ["a list", [], /the top level/],
    ["a word too many", { channels: {}, extra: 1 }, /extra/],
    ["another type", { channels: { a: { type: "pager" } } }, /channels\.a\.type/],
    ["a name with a colon", { channels: { "group:x": chat } }, /channels/],
    ["http in public", { channels: { ops: { ...ops, url: "http://x.example" } } }, /https:\/\//],
    ["a file URL", { channels: { ops: { ...ops, url: "file:///etc/passwd" } } }, /https:\/\//],
    ["a user", { channels: { ops: { ...ops, url: "https://u:p@x.example" } } }, /https:\/\//],
    ["no secret", { channels: { ops: { ...ops, secretFiles: [] } } }, /secretFiles/],
    [
      "three secrets",
      { channels: { ops: { ...ops, secretFiles: ["a", "b", "c"] } } },
      /secretFiles/,
    ],
    [
      "a secret that is not there",
      { channels: { ops: { ...ops, secretFiles: ["no"] } } },
      /ENOENT/,
    ],
    ["a weak secret", { channels: { ops: { ...ops, secretFiles: ["chat.url"] } } }, /no secret/],
    ["an HTTP mail server", { channels: { mail: { ...mail, server: "http://m" } } }, /smtps:/],
    ["a password in it", { channels: { mail: { ...mail, server: "smtp://u:p@m" } } }, /smtps:/],
    ["a user without password", { channels: { mail: { ...mail, user: "u" } } }, /together/],
    ["a list for an address", { channels: { mail: { ...mail, to: ["a@b.c,d@e.f"] } } }, /address/],
    ["a route to nowhere", { channels: {}, routes: [{ to: ["ops"] }] }, /no channel ops/],
    ["a route to nobody", { channels: { mail }, routes: [{ to: ["mail"] }] }, /nobody to tell/],
    ["another kind", { channels: { chat }, routes: [{ to: ["chat"], kinds: ["x"] }] }, /kinds/],
    [
      "a kind for one person",
      { channels: { chat }, routes: [{ to: ["chat"], kinds: ["key.used"] }] },
      /kinds/,
    ],
    ["people by chat", { channels: { chat }, people: "chat" }, /no channel of type email/],
    ["people by nothing", { channels: {}, people: "mail" }, /no channel of type email/],
    ["days without end", { channels: {}, retryDays: 400 }, /retryDays/],
  ])("with %s is refused, and says where", async (_what, value, says) => {
    await expect(read(value)).rejects.toThrow(says);
    await expect(read(value)).rejects.toMatchObject({ code: "config" });
  });

  test("a secret is in no error", async () => {
    put("chat.url", "http://hooks.example.com/services/T0/SECRET");
    const error = await read({ channels: { chat } }).catch(String);
    expect(error).toMatch(/channels\.chat\.urlFile/);
    expect(error).not.toContain("SECRET");
  });

  test("that is not there is said", async () => {
    await expect(
      readNotifySettings(join(folder, "none.json"), { now: () => new Date(0) }),
    ).rejects.toThrow(/none\.json cannot be read \(ENOENT\)/);
  });
});

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["localhost", true],
  ["::1", true],
  ["localhost.example.com", false],
  ["127.0.0.1.example.com", false],
  ["10.0.0.1", false],
])("encryption is required of %s unless it is this machine: %s", (host, loopback) => {
  expect(isLoopbackHost(host)).toBe(loopback);
});
