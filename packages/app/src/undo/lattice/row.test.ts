import { describe, expect, it } from "vitest";
import { containerRows, dockerfileUserRow, inheritedRows, podRows } from "./kubernetes-rows.ts";
import { compare, type Row } from "./row.ts";

const ordered = (groups: string[][], absent: string): Row => ({
  ...dockerfileUserRow,
  scale: { kind: "ordered", groups, absent },
});
const way = (row: Row, a: string[] | null, b: string[] | null) =>
  compare(row, a, b)?.direction ?? null;

describe("compare", () => {
  it("orders every pair of values, and turns around with them", () => {
    const row = ordered([["write"], ["read"], ["none"]], "read");
    const values = [null, ["write"], ["read"], ["none"]];
    const opposite = { worse: "better", better: "worse", changed: "changed" } as const;
    for (const a of values) {
      for (const b of values) {
        const forth = way(row, a, b);
        const back = way(row, b, a);
        expect(back).toBe(forth === null ? null : opposite[forth]);
      }
    }
    expect(way(row, ["none"], null)).toBe("worse");
    expect(way(row, ["write"], null)).toBe("better");
    expect(way(row, ["read"], null)).toBeNull();
  });

  it("says nothing of an unknown default and only `changed` of a value it does not know", () => {
    expect(way(ordered([["a"], ["b"]], "unknown"), ["b"], null)).toBeNull();
    expect(way(ordered([["a"], ["b"]], "unknown"), null, ["b"])).toBeNull();
    expect(way(ordered([["a"], ["b"]], "a"), ["b"], ["c"])).toBe("changed");
    expect(way(ordered([["a", "b"]], "a"), ["a"], ["b"])).toBe("changed");
    expect(way(ordered([["a"], ["*"]], "a"), ["b"], ["c"])).toBeNull();
  });

  it("compares sets, the member that stands for all included", () => {
    const drop = containerRows.find(({ id }) => id.endsWith("drop")) as Row;
    expect(way(drop, ["ALL"], null)).toBe("worse");
    expect(way(drop, ["ALL"], ["NET_RAW"])).toBe("worse");
    expect(way(drop, ["NET_RAW"], ["ALL"])).toBe("better");
    expect(way(drop, ["A", "B"], ["B", "A"])).toBeNull();
    expect(way(drop, ["A"], ["B"])).toBe("changed");
  });
});

describe("the rows", () => {
  it("have their own ids, a source, and a default that is one of their values", () => {
    const rows = [...podRows, ...containerRows, ...inheritedRows, dockerfileUserRow];
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    for (const { scale, source } of rows) {
      expect(source).toMatch(/^https:\/\//);
      if (scale.kind === "ordered") {
        expect(["unknown", ...scale.groups.flat()]).toContain(scale.absent);
      }
    }
  });
});
