import { expect, it } from "vitest";
import { order } from "./order.ts";

it("orders semantic versions and Python's, by their own rules", () => {
  for (const [ecosystem, lower, higher] of [
    ["npm", "1.9.0", "1.10.0"],
    ["npm", "1.0.0-rc.1", "1.0.0"],
    ["Go", "v1.38.0", "1.43.0"],
    ["Go", "v0.0.0-20200101000000-abcdefabcdef", "v0.0.1"],
    ["crates.io", "0.0.0-0", "0.1.0"],
    ["GitHub Actions", "v3", "4.1"],
    ["PyPI", "1.0rc1", "1.0"],
    ["PyPI", "1.0", "1.0.post1"],
    ["PyPI", "9", "10.0"],
  ] as const) {
    expect([order(ecosystem, lower, higher), order(ecosystem, higher, lower)], lower).toEqual([
      -1, 1,
    ]);
  }
  expect(order("npm", "1.0.0+a", "v1.0.0+b")).toBe(0);
  expect(order("PyPI", "1.0", "1.0.0")).toBe(0);
});

it("has no answer for what is no version, or whose rule it does not know", () => {
  expect(order("npm", "latest", "1.0.0")).toBeNull();
  expect(order("PyPI", "1.0", "head")).toBeNull();
  expect(order("PyPI", "1".repeat(1_000_000), "1.0")).toBeNull();
  expect(order("npm", "1".repeat(1_000_000), "1.0.0")).toBeNull();
  expect(order("Maven", "1.0", "1.1")).toBeNull();
  expect(order("Maven", "1.0", "1.0")).toBe(0);
});
