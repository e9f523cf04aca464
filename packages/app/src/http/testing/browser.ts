/** For tests: a real Chromium over the DevTools protocol, which can also be given an authenticator. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const chromium = "/usr/bin/chromium";
export const hasChromium = existsSync(chromium);
if (!hasChromium && process.env["CI"] === "true") {
  throw new Error(`${chromium} is missing; CI must log in with a real browser`);
}

interface Reply {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export class Browser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #session: string | undefined;
  #count = 0;

  private constructor(process: ChildProcess, profile: string, socket: WebSocket) {
    this.#process = process;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id !== undefined) this.#waiting.get(reply.id)?.(reply);
    });
  }

  static async open(): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), "countermand-chromium-"));
    const process = spawn(
      chromium,
      [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1100,900",
        "--remote-debugging-port=0",
        `--user-data-dir=${profile}`,
        "about:blank",
      ],
      { stdio: "ignore" },
    );
    const socket = new WebSocket(await debuggerOf(profile, process));
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    const browser = new Browser(process, profile, socket);
    const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
    browser.#session = String(sessionId);
    await browser.send("Page.enable");
    return browser;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#socket.close();
    this.#process.kill("SIGKILL");
    await gone;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#count;
    const reply = await new Promise<Reply>((resolve) => {
      this.#waiting.set(id, resolve);
      const session = this.#session === undefined ? {} : { sessionId: this.#session };
      this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    });
    this.#waiting.delete(id);
    if (reply.error !== undefined) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result ?? {};
  }

  /** The value of an expression in the page, promises awaited. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value?: unknown }).value;
  }

  /** Waits until an expression holds; a page that is being left throws, and is asked again. */
  async until(expression: string): Promise<void> {
    const end = Date.now() + 20_000;
    for (;;) {
      const holds = await this.evaluate(expression).catch(() => false);
      if (holds === true) return;
      if (Date.now() > end) {
        throw new Error(`never: ${expression}\n${await this.url()}\n${await this.text()}`);
      }
      await sleep(50);
    }
  }

  async go(url: string): Promise<void> {
    await this.evaluate("window.left = true").catch(() => undefined);
    await this.send("Page.navigate", { url });
    await this.until("window.left !== true && document.readyState === 'complete'");
  }

  /** Clicks, and waits for the page that this leads to. */
  async follow(selector: string): Promise<void> {
    await this.evaluate("window.left = true");
    await this.click(selector);
    await this.until("window.left !== true && document.readyState === 'complete'");
  }

  async click(selector: string): Promise<void> {
    const found = await this.evaluate(
      `(() => { const e = document.querySelector(${JSON.stringify(selector)}); e?.click(); return e !== null; })()`,
    );
    if (found !== true) throw new Error(`no ${selector} in:\n${await this.text()}`);
  }

  async type(selector: string, text: string): Promise<void> {
    await this.evaluate(
      `document.querySelector(${JSON.stringify(selector)}).value = ${JSON.stringify(text)}`,
    );
  }

  async text(): Promise<string> {
    return String(await this.evaluate("document.body?.innerText ?? ''"));
  }

  async url(): Promise<string> {
    return String(await this.evaluate("location.href"));
  }

  async screenshot(file: string): Promise<void> {
    const { data } = await this.send("Page.captureScreenshot", { captureBeyondViewport: true });
    await writeFile(file, Buffer.from(String(data), "base64"));
  }

  /** A platform authenticator that holds passkeys and says that it knows its user. */
  async addAuthenticator(): Promise<void> {
    await this.send("WebAuthn.enable");
    await this.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  }
}

async function debuggerOf(profile: string, process: ChildProcess): Promise<string> {
  const file = join(profile, "DevToolsActivePort");
  for (let i = 0; i < 400; i++) {
    const text = await readFile(file, "utf8").catch(() => "");
    const [port, path] = text.split("\n");
    if (port !== undefined && path !== undefined) return `ws://127.0.0.1:${port}${path}`;
    if (process.exitCode !== null) throw new Error(`${chromium} ended at once`);
    await sleep(50);
  }
  throw new Error(`${chromium} does not answer`);
}
