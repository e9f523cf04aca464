/**
 * Waits on 127.0.0.1 for the browser that comes back from the server's page with a
 * code (RFC 8252 §7.3). Anything on this machine can knock here: only an answer
 * with the state that we made is taken, everything else is sent away.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Loopback {
  readonly port: number;
  /** The address that the browser came to, with everything it brought. Rejects when `signal` aborts. */
  answer(signal: AbortSignal): Promise<URL>;
  close(): Promise<void>;
}

const page = (text: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Countermand</title></head><body><p>${text}</p></body></html>`;

/** What our own server sends back with. */
const ownCode = /^[A-Za-z0-9_-]{43}$/;

/** `isCode`: what a code looks like. Where somebody says no, `error` comes in its place. */
export async function listenOnLoopback(state: string, isCode = ownCode): Promise<Loopback> {
  const waiting = Promise.withResolvers<URL>();
  const server = createServer((request, response) => {
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const path = request.url ?? "/";
    const url = new URL(URL.canParse(path, `http://${address}`) ? path : "/", `http://${address}`);
    const code = url.searchParams.get("code") ?? "";
    const error = url.searchParams.get("error") ?? "";
    const ours =
      request.method === "GET" &&
      url.pathname === "/" &&
      // A page that had a name of its own turned into 127.0.0.1 would say that name.
      request.headers.host === address &&
      url.searchParams.get("state") === state &&
      (isCode.test(code) || /^[a-z_]{1,60}$/.test(error));
    response.writeHead(ours ? 200 : 404, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      connection: "close",
    });
    response.end(
      page(
        ours
          ? "The command line has its answer; you may close this page."
          : "Nothing is here for you.",
      ),
    );
    if (ours) waiting.resolve(url);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async answer(signal) {
      const stop = () => waiting.reject(signal.reason as Error);
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
      try {
        return await waiting.promise;
      } finally {
        signal.removeEventListener("abort", stop);
      }
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
