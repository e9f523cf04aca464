/** Attacks on the server's own network by way of an address that was configured or answers. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { startReceiver } from "../testing/receiver.ts";
import { isPublicAddress } from "./addresses.ts";
import { postSafely, type SafeOptions } from "./safe-request.ts";

const never = new AbortController().signal;

function post(url: string | URL, options: Partial<SafeOptions> & { inside?: boolean } = {}) {
  const { inside = false, ...rest } = options;
  const target = { url: new URL(url), inside };
  return postSafely(target, {}, "{}", { timeout: 5_000, signal: never, ...rest });
}

describe("which addresses are public", () => {
  test.each([
    "93.184.215.14",
    "8.8.8.8",
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.1",
    "100.128.0.1",
    "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
    "2a00:1450:4001:829::200e",
  ])("%s is", (address) => expect(isPublicAddress(address)).toBe(true));

  test.each([
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "localhost",
    "",
    "127.1",
  ])("%s is not", (address) => expect(isPublicAddress(address)).toBe(false));
});

describe("nothing inside is reached", () => {
  test.each([
    ["loopback", "127.0.0.1"],
    ["decimal", "2130706433"],
    ["octal", "0177.0.0.1"],
    ["hexadecimal", "0x7f.0x0.0x0.0x1"],
    ["short", "127.1"],
    ["zero", "0"],
    ["full-width digits", "１２７.0.0.1"],
    ["IPv4 in IPv6", "[::ffff:127.0.0.1]"],
    ["IPv4 in IPv6, in hexadecimal", "[::ffff:7f00:1]"],
    ["IPv6 loopback", "[::1]"],
  ])("%s", async (_how, host) => {
    const receiver = await startReceiver();
    await expect(post(`http://${host}:${receiver.port}/`)).rejects.toMatchObject({
      code: "refused-address",
    });
    expect(receiver.received).toEqual([]);
  });

  test.each(["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/"])(
    "the metadata service at %s",
    async (url) => {
      await expect(post(url)).rejects.toMatchObject({ code: "refused-address" });
    },
  );

  test("a name that stands for an address inside, be it beside a public one", async () => {
    const receiver = await startReceiver();
    for (const addresses of [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::ffff:127.0.0.1"]]) {
      await expect(
        post(`http://hooks.example.com:${receiver.port}/`, { resolve: async () => addresses }),
      ).rejects.toThrow(/hooks\.example\.com is \S+, which is no public address/);
    }
    expect(receiver.received).toEqual([]);
  });

  test("localhost, by the system's own resolver", async () => {
    const receiver = await startReceiver();
    await expect(post(`http://localhost:${receiver.port}/`)).rejects.toMatchObject({
      code: "refused-address",
    });
    expect(receiver.received).toEqual([]);
  });

  test("a name that stands for another address the second time it is asked", async () => {
    const inside = await startReceiver("127.0.0.1");
    let asked = 0;
    // Only a host that is allowed inside can be connected to in a test.
    const answer = await post(`http://rebinding.example.com:${inside.port}/`, {
      inside: true,
      resolve: async () => [(asked += 1) === 1 ? "127.0.0.1" : "127.0.0.2"],
    });
    expect(answer.status).toBe(204);
    // Once: what was looked at is what was connected to. Nobody listens on 127.0.0.2.
    expect(asked).toBe(1);
    await expect(
      post(`http://rebinding.example.com:${inside.port}/`, {
        resolve: async () => [(asked += 1) === 2 ? "127.0.0.1" : "93.184.215.14"],
      }),
    ).rejects.toMatchObject({ code: "refused-address" });
    expect(asked).toBe(2);
    expect(inside.received).toHaveLength(1);
  });
});

describe("an answer is an answer", () => {
  test.each([301, 302, 303, 307, 308])("%i leads nowhere", async (status) => {
    const [receiver, metadata] = [await startReceiver(), await startReceiver()];
    receiver.answer = () => ({ status, headers: { location: metadata.url.href } });
    expect(await post(receiver.url, { inside: true })).toEqual({ status });
    expect(metadata.received).toEqual([]);
  });

  test("the status counts, however much follows", async () => {
    const receiver = await startReceiver();
    receiver.answer = () => ({ status: 200, body: "x".repeat(10_000_000) });
    expect(await post(receiver.url, { inside: true })).toEqual({ status: 200 });
  });

  test("one that does not come is waited for no longer than was said", async () => {
    const receiver = await startReceiver();
    receiver.answer = () => ({ after: "never" });
    await expect(post(receiver.url, { inside: true, timeout: 200 })).rejects.toMatchObject({
      code: "timeout",
      message: `${receiver.url.host} did not answer within 0.2 s`,
    });
  });

  test("a name server that does not answer counts in the same time", async () => {
    await expect(
      post("https://slow.example.com/", { timeout: 100, resolve: () => new Promise(() => {}) }),
    ).rejects.toMatchObject({ code: "timeout" });
  });

  test("the path, which may be a secret, is in no error", async () => {
    for (const [url, resolve] of [
      ["https://127.0.0.1/T0/SECRET", undefined],
      ["https://hooks.example.com/T0/SECRET", async () => []],
    ] as const) {
      const error = await post(url, resolve === undefined ? {} : { resolve }).catch(String);
      expect(error).not.toContain("SECRET");
    }
  });
});

test("proxies of the environment are not asked", async () => {
  const [receiver, proxy] = [await startReceiver(), await startReceiver()];
  const code = `
    const { postSafely } = await import(${JSON.stringify(import.meta.resolve("./safe-request.ts"))});
    const target = { url: new URL(${JSON.stringify(receiver.url.href)}), inside: true };
    const options = { timeout: 5000, signal: new AbortController().signal };
    const { status } = await postSafely(target, {}, "{}", options);
    console.log(status);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["-C", "source", "--input-type=module", "-e", code],
    {
      env: {
        ...process.env,
        NODE_USE_ENV_PROXY: "1",
        HTTP_PROXY: `http://127.0.0.1:${proxy.port}`,
        http_proxy: `http://127.0.0.1:${proxy.port}`,
        NO_PROXY: "",
        no_proxy: "",
      },
    },
  );
  expect(stdout.trim()).toBe("204");
  expect(receiver.received).toHaveLength(1);
  expect(proxy.received).toEqual([]);
});
