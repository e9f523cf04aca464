/** For tests: a receiver of webhooks, on a port of this machine. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answering {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds before it answers; `never`: it does not. */
  readonly after?: number | "never";
}

export interface Receiver {
  readonly url: URL;
  readonly port: number;
  readonly received: Received[];
  /** How the next requests are answered. */
  answer: (request: Received) => Answering;
}

/** Gone after the test. */
export async function startReceiver(host = "127.0.0.1"): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = {
        url: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      received.push(one);
      const { status = 204, headers = {}, body = "", after = 0 } = receiver.answer(one);
      if (after === "never") return;
      setTimeout(() => response.writeHead(status, headers).end(body), after);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: new URL(`http://${host.includes(":") ? `[${host}]` : host}:${port}/hook`),
    port,
    received,
    answer: () => ({}),
  };
  return receiver;
}
