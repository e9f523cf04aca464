import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rootReference, someLeaves } from "./testing/reference.ts";
import {
  decodeBundle,
  decodeTile,
  encodeBundle,
  encodeTile,
  entriesPath,
  MAX_ENTRY_SIZE,
  parseTilePath,
  partialWidth,
  tilePath,
  tileRoot,
  tilesForSize,
} from "./tile.ts";

describe("paths", () => {
  test.each([
    [0, 0, 256, "tile/0/000"],
    [0, 67, 256, "tile/0/067"],
    [1, 999, 256, "tile/1/999"],
    [0, 1000, 256, "tile/0/x001/000"],
    [0, 1067, 8, "tile/0/x001/067.p/8"],
    [2, 1_234_067, 256, "tile/2/x001/x234/067"],
    [0, 1_000_000, 255, "tile/0/x001/x000/000.p/255"],
    [63, 0, 1, "tile/63/000.p/1"],
    [0, Number.MAX_SAFE_INTEGER, 256, "tile/0/x009/x007/x199/x254/x740/991"],
  ])("level %i, number %i, width %i: %s", (level, n, width, path) => {
    expect(tilePath(level, n, width)).toBe(path);
    expect(parseTilePath(path)).toEqual({ kind: "tile", level, n, width });
    const entries = path.replace(/^tile\/\d+/, "tile/entries");
    expect(entriesPath(n, width)).toBe(entries);
    expect(parseTilePath(entries)).toEqual({ kind: "entries", n, width });
  });

  test("have a number in as few groups as hold it, to 1,100 and where a group is added", () => {
    const around = [10 ** 6, 1_234_567, 10 ** 9, 10 ** 12, 10 ** 15];
    const numbers = [
      ...Array.from({ length: 1101 }, (_, n) => n),
      ...around.flatMap((n) => [n - 1, n, n + 1]),
    ];
    const paths = new Set<string>();
    for (const n of numbers) {
      // Three digits from the right, again and again.
      const groups: string[] = [];
      let rest = n;
      do {
        groups.unshift(String(rest % 1000).padStart(3, "0"));
        rest = Math.floor(rest / 1000);
      } while (rest > 0);
      const number = groups.join("/x").replace(/^(?=.*\/)/, "x");
      const last = number.lastIndexOf("/x");
      const path = last === -1 ? number : `${number.slice(0, last)}/${number.slice(last + 2)}`;
      expect(tilePath(0, n)).toBe(`tile/0/${path}`);
      expect(parseTilePath(`tile/0/${path}`)).toEqual({ kind: "tile", level: 0, n, width: 256 });
      expect(parseTilePath(entriesPath(n, 7))).toEqual({ kind: "entries", n, width: 7 });
      paths.add(path);
    }
    expect(paths.size).toBe(numbers.length);
  });

  test("read back as they were written", () => {
    fc.assert(
      fc.property(
        fc.nat(63),
        fc.oneof(fc.maxSafeNat(), fc.nat(2_000_000)),
        fc.integer({ min: 1, max: 256 }),
        (level, n, width) => {
          expect(parseTilePath(tilePath(level, n, width))).toEqual({
            kind: "tile",
            level,
            n,
            width,
          });
        },
      ),
    );
  });

  test.each(
    ["", "tile", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile//000"]
      .concat(["tile/00/000", "tile/01/000", "tile/-1/000", "tile/64/000", "tile/100/000"])
      .concat(["tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/000", "tile/0/x000/067"])
      .concat(["tile/0/x000/x001/000", "tile/0/001/000", "tile/0/x001", "tile/0/x01/000"])
      .concat(["tile/0/X001/000", "tile/0/000.p/0", "tile/0/000.p/00", "tile/0/000.p/08"])
      .concat(["tile/0/000.p/256", "tile/0/000.p/999", "tile/0/000.p/", "tile/0/000.p"])
      .concat(["tile/0/000.P/8", "tile/0/000\n", "tile/0/000?x", "tile/0/٠٠٠", "tile/Entries/000"])
      .concat(["tile/entries/x000/000", "tile/0/%30%30%30", "tile/0/../0/000"])
      .concat(["tile/0/x009/x007/x199/x254/x740/992", "tile/0/x001/x000/x000/x000/x000/x000/000"]),
  )("%j is refused", (path) => {
    expect(() => parseTilePath(path)).toThrow(
      expect.objectContaining({ name: "TlogError", code: "path" }),
    );
  });

  test("one character more, less or other never reads as the same tile", () => {
    const path = fc
      .tuple(fc.nat(63), fc.nat(2_000_000), fc.integer({ min: 1, max: 256 }))
      .map(([level, n, width]) => tilePath(level, n, width));
    fc.assert(
      fc.property(
        path,
        fc.nat(40),
        fc.constantFrom(...Array.from("0123456789x/.pe")),
        (whole, at, char) => {
          const cut = at % (whole.length + 1);
          for (const skip of [0, 1]) {
            for (const put of ["", char]) {
              const other = whole.slice(0, cut) + put + whole.slice(cut + skip);
              if (other === whole) continue;
              let parsed;
              try {
                parsed = parseTilePath(other);
              } catch {
                continue;
              }
              const { n, width } = parsed;
              const again =
                parsed.kind === "tile" ? tilePath(parsed.level, n, width) : entriesPath(n, width);
              expect(again).toBe(other);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    [-1, 0, 256],
    [64, 0, 256],
    [0.5, 0, 256],
    [0, -1, 256],
    [0, 2 ** 53, 256],
    [0, 0, 0],
    [0, 0, 257],
    [0, 0, 1.5],
  ])("level %s, number %s, width %s is a programmer's mistake", (level, n, width) => {
    expect(() => tilePath(level, n, width)).toThrow(TypeError);
  });
});

describe("which tiles a tree has", () => {
  test.each([
    [70_000, [112, 17, 1, 0]],
    [256, [0, 1, 0]],
    [255, [255, 0]],
    [257, [1, 1, 0]],
    [65_536, [0, 0, 1, 0]],
    [0, [0]],
    [Number.MAX_SAFE_INTEGER, [255, 255, 255, 255, 255, 255, 31, 0]],
  ])("the partial widths at %i leaves are %j", (size, widths) => {
    expect(widths.map((_, level) => partialWidth(level, size))).toEqual(widths);
    expect(partialWidth(63, size)).toBe(0);
  });

  /** Level by level, as long as there are hashes. */
  function naive(size: number): string[] {
    const paths: string[] = [];
    let hashes = size;
    for (let level = 0; hashes > 0; level++) {
      for (let at = 0; at < hashes; at += 256) {
        paths.push(tilePath(level, at / 256, Math.min(256, hashes - at)));
      }
      hashes = Math.floor(hashes / 256);
    }
    return paths;
  }
  const pathsFor = (size: number) =>
    [...tilesForSize(size)].map(({ level, n, width }) => tilePath(level, n, width));

  test("all of them, at every size to 600", () => {
    for (let size = 0; size <= 600; size++) expect(pathsFor(size)).toEqual(naive(size));
  });

  test.each([65_535, 65_536, 65_537, 65_792, 70_000, 131_072])("all of them at %i", (size) => {
    expect(pathsFor(size)).toEqual(naive(size));
  });

  test("at 2^24 + 1 leaves, four levels", () => {
    const count = [0, 0, 0, 0];
    for (const { level } of tilesForSize(2 ** 24 + 1)) count[level] = (count[level] ?? 0) + 1;
    expect(count).toEqual([65_537, 256, 1, 1]);
  });

  test.each([-1, 0.5, 2 ** 53])("%s is no size", (size) => {
    expect(() => [...tilesForSize(size)]).toThrow(TypeError);
  });
});

describe("tiles", () => {
  const hashes = someLeaves(256);

  test.each([1, 2, 255, 256])("of %i hashes read back", (width) => {
    const some = hashes.slice(0, width);
    const bytes = encodeTile(some);
    expect(bytes.length).toBe(32 * width);
    expect(decodeTile(bytes, width)).toEqual(some);
    const wrong = [bytes.slice(1), bytes.slice(32), Uint8Array.of(...bytes, 0), new Uint8Array()];
    for (const other of wrong) {
      expect(() => decodeTile(other, width)).toThrow(expect.objectContaining({ code: "tile" }));
    }
  });

  test("read from a Buffer keep nothing of it", () => {
    const buffer = Buffer.from(encodeTile(hashes));
    const read = decodeTile(buffer, 256);
    buffer.fill(0);
    expect(read).toEqual(hashes);
  });

  test("have the root of the tree over their hashes", () => {
    for (let width = 1; width <= 256; width *= 2) {
      expect(tileRoot(hashes.slice(0, width))).toEqual(rootReference(hashes.slice(0, width)));
    }
    expect(() => tileRoot(hashes.slice(0, 3))).toThrow(TypeError);
    expect(() => tileRoot([])).toThrow(TypeError);
  });

  test("of other sizes are a programmer's mistake", () => {
    expect(() => encodeTile([])).toThrow(TypeError);
    expect(() => encodeTile([...hashes, ...hashes])).toThrow(TypeError);
    expect(() => encodeTile([new Uint8Array(31)])).toThrow(TypeError);
    expect(() => decodeTile(new Uint8Array(), 0)).toThrow(TypeError);
    expect(() => decodeTile(new Uint8Array(257 * 32), 257)).toThrow(TypeError);
  });
});

describe("entry bundles", () => {
  test("read back, empty and largest entries too", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 600 }), { minLength: 1, maxLength: 256 }),
        (entries) => {
          const bytes = encodeBundle(entries);
          expect(decodeBundle(bytes)).toEqual(entries);
          expect(decodeBundle(bytes, entries.length)).toEqual(entries);
        },
      ),
      { numRuns: 40 },
    );
    const largest = [new Uint8Array(MAX_ENTRY_SIZE).fill(7), new Uint8Array()];
    expect(decodeBundle(encodeBundle(largest))).toEqual(largest);
  });

  const two = encodeBundle([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
  const full = encodeBundle(Array.from({ length: 256 }, () => new Uint8Array()));

  test.each<[string, Uint8Array, number | undefined, string | undefined]>([
    ["nothing", new Uint8Array(), undefined, undefined],
    ["half a length", two.slice(0, 1), undefined, "byte 0"],
    ["half a second length", two.slice(0, 6), undefined, "byte 5"],
    ["a second entry cut short", two.slice(0, 7), undefined, "byte 5"],
    ["a byte too many", Uint8Array.of(...two, 0), undefined, "byte 8"],
    ["257 entries", Uint8Array.of(...full, 0, 0), undefined, "byte 512"],
    ["two entries for three", two, 3, undefined],
    ["two entries for one", two, 1, undefined],
  ])("of %s are refused", (_, bytes, width, where) => {
    expect(() => decodeBundle(bytes, width)).toThrow(
      expect.objectContaining({ code: "bundle", where }),
    );
  });

  test("of other sizes are a programmer's mistake", () => {
    expect(() => encodeBundle([])).toThrow(TypeError);
    expect(() => encodeBundle(Array.from({ length: 257 }, () => new Uint8Array()))).toThrow(
      TypeError,
    );
    expect(() => encodeBundle([new Uint8Array(MAX_ENTRY_SIZE + 1)])).toThrow(TypeError);
  });

  test("read from a Buffer keep nothing of it", () => {
    const buffer = Buffer.from(two);
    const entries = decodeBundle(buffer);
    buffer.fill(0);
    expect(encodeBundle(entries)).toEqual(two);
  });
});
