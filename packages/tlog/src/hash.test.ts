import { createHash } from "node:crypto";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { EMPTY_ROOT, leafHash, nodeHash, sha256, sha512 } from "./hash.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("SHA-256 is the same from Node, from noble and from here", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const expected = createHash("sha256").update(bytes).digest("hex");
      expect(hex(sha256(bytes))).toBe(expected);
      expect(hex(nobleSha256(bytes))).toBe(expected);
    }),
  );
});

test("SHA-512 is what Node's is", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(hex(sha512(bytes))).toBe(createHash("sha512").update(bytes).digest("hex"));
    }),
  );
});

test("a leaf's hash is its own, after a longer one and however long", () => {
  const expected = (leaf: Uint8Array) =>
    createHash("sha256").update(Buffer.of(0)).update(leaf).digest("hex");
  for (const length of [70_000, 65_536, 65_535, 300, 2, 0, 65_535]) {
    const leaf = new Uint8Array(length).fill(length % 251);
    expect(hex(leafHash(leaf))).toBe(expected(leaf));
  }
});

test("a digest is a plain Uint8Array of its own", () => {
  const [a, b] = [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))];
  expect(Object.getPrototypeOf(a)).toBe(Uint8Array.prototype);
  const before = hex(b);
  a.fill(0);
  expect(hex(b)).toBe(before);
});

test("leaves, nodes and the empty tree", () => {
  expect(hex(EMPTY_ROOT)).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(hex(leafHash(new Uint8Array()))).toBe(
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  );
  const [left, right] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const input = Buffer.concat([Buffer.of(1), left, right]);
  expect(hex(nodeHash(left, right))).toBe(createHash("sha256").update(input).digest("hex"));
});

test.each([
  [31, 32],
  [32, 33],
  [0, 32],
])("hashes of %i and %i bytes make no node", (left, right) => {
  expect(() => nodeHash(new Uint8Array(left), new Uint8Array(right))).toThrow(TypeError);
});

describe("the choice of SHA-256", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.resetModules();
  });

  /** The module, loaded anew in a Node whose crypto module has this `hash`. */
  async function loadWith(hash: unknown) {
    vi.resetModules();
    const original = process.getBuiltinModule.bind(process);
    vi.spyOn(process, "getBuiltinModule").mockImplementation((name: string) =>
      name === "node:crypto" ? { hash } : original(name),
    );
    return import("./hash.ts");
  }

  const right = (_: string, data: Uint8Array) =>
    createHash("sha256").update(data).digest().toString("latin1");
  const counted = (hash: (name: string, data: Uint8Array) => unknown) => vi.fn(hash);

  test("Node's own, where it gives the known answers", async () => {
    const native = counted(right);
    const { sha256: chosen } = await loadWith(native);
    native.mockClear();
    expect(hex(chosen(Uint8Array.of(7)))).toBe(hex(nobleSha256(Uint8Array.of(7))));
    expect(native).toHaveBeenCalledOnce();
  });

  test.each([
    ["is not there", undefined],
    ["gives wrong answers", counted(() => "\0".repeat(32))],
    ["gives bytes, not text", counted((_, data) => createHash("sha256").update(data).digest())],
    ["knows only the empty string", counted((_, data) => right("", data.subarray(0, 0)))],
    [
      "throws",
      counted(() => {
        throw new Error("disabled");
      }),
    ],
  ])("noble's, where Node's %s", async (_, native) => {
    const { sha256: chosen } = await loadWith(native);
    native?.mockClear();
    expect(hex(chosen(Uint8Array.of(7)))).toBe(hex(nobleSha256(Uint8Array.of(7))));
    if (native !== undefined) expect(native).not.toHaveBeenCalled();
  });
});
