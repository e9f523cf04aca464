import { spawnSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { concat, encodeUtf8 } from "../bytes/encoding.ts";
import { RecordError } from "../bytes/error.ts";
import { readArchive, writeArchive, type ArchiveFile } from "./archive.ts";

const limits = { maxBytes: 10_000_000, maxFiles: 100, maxFileBytes: 1_000_000 };
const time = 1_795_000_000;
const file = (path: string, text = path): ArchiveFile => ({ path, bytes: encodeUtf8(text) });
const long = `${"a".repeat(99)}/${"b".repeat(55)}/${"c".repeat(100)}`;

const hasTar = spawnSync("tar", ["--version"]).stdout?.toString().includes("GNU tar") ?? false;
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "archive-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const segment = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,30}$/);
const files = fc.uniqueArray(
  fc.record({
    path: fc.array(segment, { minLength: 1, maxLength: 4 }).map((names) => names.join("/")),
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(0, 511, 512, 513, 1024).map((n) => new Uint8Array(n).fill(7)),
    ),
  }),
  {
    maxLength: 8,
    // Neither may be the other, nor lie in it.
    comparator: (a, b) => {
      const [x, y] = [`${a.path.toLowerCase()}/`, `${b.path.toLowerCase()}/`];
      return x.startsWith(y) || y.startsWith(x);
    },
  },
);

describe("what is written", () => {
  test("reads back, and is the same bytes for the same files", () => {
    fc.assert(
      fc.property(files, fc.nat(8 ** 10), (some, mtime) => {
        const archive = writeArchive(some, mtime);
        expect(archive.length % 512).toBe(0);
        const back = readArchive(archive, limits);
        expect(back).toEqual(some);
        expect(writeArchive(back, mtime)).toEqual(archive);
        expect(readArchive(concat(archive, new Uint8Array(512 * 17)), limits)).toEqual(some);
      }),
    );
    expect(readArchive(writeArchive([], 0), limits)).toEqual([]);
  });

  test("holds the longest path, and no longer one", () => {
    expect(long).toHaveLength(256);
    for (const path of [long, long.slice(1), `${"a/".repeat(60)}b`, "x".repeat(100)]) {
      expect(readArchive(writeArchive([file(path)], 0), limits)).toEqual([file(path)]);
    }
    expect(() => writeArchive([file(`${long}c`)], 0)).toThrow("longer than 256");
    for (const path of ["x".repeat(101), `a/${"x".repeat(101)}`, `${"x".repeat(156)}/a`]) {
      expect(() => writeArchive([file(path)], 0)).toThrow("fits no ustar header");
    }
  });

  test.each([
    ["/etc/passwd", "is no path"],
    ["", "is no path"],
    ["a/", "is no path"],
    ["a//b", "is no path"],
    ["a\\b", "is no path"],
    ["a b", "is no path"],
    ["caf\u00e9", "is no path"],
    ["a\n", "is no path"],
    ["C:x", "is no path"],
    [".", "has a segment . or .."],
    ["..", "has a segment . or .."],
    ["a/../b", "has a segment . or .."],
    ["./a", "has a segment . or .."],
  ])("has no path %j", (path, problem) => {
    expect(() => writeArchive([file(path)], 0)).toThrow(problem);
    expect(() => writeArchive([file(path)], 0)).toThrow(RecordError);
  });

  test("has no file twice, nor as a folder", () => {
    for (const [paths, problem] of [
      [["a", "b", "a"], '"a" is in the archive already'],
      [["Readme", "README"], "is in the archive already"],
      [["a", "a/b"], '"a/b" lies in a folder that is a file'],
      [["a/b/c", "a/b"], '"a/b" is a file and a folder at once'],
      [["x/Y/z", "x/y"], "is a file and a folder at once"],
    ] as const) {
      expect(() =>
        writeArchive(
          paths.map((path) => file(path)),
          0,
        ),
      ).toThrow(problem);
    }
    expect(() => writeArchive([file("a.b/..c"), file("a.b/...")], 0)).not.toThrow();
  });

  test("has a time in whole seconds", () => {
    for (const bad of [-1, 0.5, Number.NaN, 8 ** 11]) {
      expect(() => writeArchive([], bad)).toThrow(TypeError);
    }
  });
});

describe("any byte", () => {
  const archive = writeArchive([file("dir/a", "alpha"), file("b", "x".repeat(600))], time);
  const content = (at: number): boolean => (at >= 512 && at < 517) || (at >= 1536 && at < 2136);

  test("flipped outside the files' content is refused", () => {
    for (let at = 0; at < archive.length; at++) {
      for (const bit of [0x01, 0x20, 0x80]) {
        const flipped = concat(archive);
        flipped[at] = (flipped[at] ?? 0) ^ bit;
        if (content(at)) expect(readArchive(flipped, limits)).toHaveLength(2);
        else expect(() => readArchive(flipped, limits), `byte ${at}`).toThrow(RecordError);
      }
    }
  });

  test("cut off is refused", () => {
    for (let length = 0; length < archive.length; length++) {
      expect(() => readArchive(archive.subarray(0, length), limits), `${length}`).toThrow(
        RecordError,
      );
    }
    expect(() => readArchive(archive.subarray(0, -512), limits)).toThrow(
      "cut off: two zero blocks",
    );
    expect(() => readArchive(archive.subarray(0, -1024), limits)).toThrow("cut off");
  });

  test("after the end is refused, unless zero", () => {
    const more = concat(archive, new Uint8Array(1024));
    more[more.length - 1] = 1;
    expect(() => readArchive(more, limits)).toThrow("something follows the zero block");
    expect(() => readArchive(concat(archive, archive), limits)).toThrow("something follows");
  });
});

/** Changes header fields of a one-file archive and puts the checksum right again. */
function forged(...changes: readonly (readonly [at: number, text: string])[]): Uint8Array {
  const archive = writeArchive([file("a", "alpha")], time);
  for (const [at, text] of changes) archive.set(encodeUtf8(text), at);
  const sum = archive.subarray(0, 512).reduce((s, b, i) => s + (i >= 148 && i < 156 ? 32 : b), 0);
  archive.set(encodeUtf8(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return archive;
}

describe("a header whose checksum is right is refused for", () => {
  test.each<[string, readonly (readonly [number, string])[], string]>([
    [
      "a declared size beyond the end",
      [[124, "00000007777"]],
      "byte 0: a says it has 4095 bytes, 1536 are left",
    ],
    [
      "a huge declared size",
      [[124, "77777777777"]],
      "says it has 8589934591 bytes; the limit is 1000000",
    ],
    ["a size that is no octal", [[124, "0000000000x"]], "the size is not eleven octal digits"],
    ["a size with spaces", [[124, "          5"]], "the size is not eleven octal digits"],
    ["a size without its end", [[124, "000000000050"]], "the size is not eleven octal digits"],
    ["a time with a sign", [[136, "-0000000001"]], "the time is not eleven octal digits"],
    ["an absolute name", [[0, "/a"]], '"/a" is no path'],
    ["a name that leads out", [[0, ".."]], "has a segment . or .."],
    ["bytes after the name's end", [[5, "x"]], "the name is not what this format fixes"],
    ["a prefix where none is needed", [[345, "p"]], "the name is not what this format fixes"],
    ["a set-uid mode", [[100, "0004755"]], "the mode is not what this format fixes"],
    ["an owner", [[108, "0001750"]], "the uid is not"],
    ["a user name", [[265, "root"]], "the user name is not"],
    ["a link name", [[157, "b"]], "the link name is not"],
    ["something in the padding of the header", [[505, "x"]], "the padding is not"],
    ["a hard link", [[156, "1"]], "byte 0: a hard link; only regular files"],
    ["a device", [[156, "3"]], "a character device"],
    ["an unknown type", [[156, "~"]], "an entry of unknown type"],
    ["the old type of a file", [[156, "\0"]], "a file of the format before ustar"],
    ["the magic of GNU tar", [[257, "ustar  \0"]], "no ustar header"],
  ])("%s", (_, changes, problem) => {
    expect(() => readArchive(forged(...changes), limits)).toThrow(problem);
  });

  test("(the forging itself is not what is refused)", () => {
    expect(readArchive(forged(), limits)).toEqual([file("a", "alpha")]);
  });

  test("two times in one archive, or a path twice", () => {
    const end = 1024;
    const both = (one: Uint8Array, two: Uint8Array): Uint8Array =>
      concat(one.subarray(0, -end), two);
    const [a, b] = [writeArchive([file("a")], 1), writeArchive([file("b")], 2)];
    expect(() => readArchive(both(a, b), limits)).toThrow(
      "byte 1024: the time is not that of the first",
    );
    expect(() => readArchive(both(a, a), limits)).toThrow("already");
  });
});

test("limits hold exactly", () => {
  const archive = writeArchive([file("a", "12345"), file("b")], time);
  const exact = { maxBytes: archive.length, maxFiles: 2, maxFileBytes: 5 };
  expect(readArchive(archive, exact)).toHaveLength(2);
  const refused =
    (change: Partial<typeof exact>): (() => unknown) =>
    () =>
      readArchive(archive, { ...exact, ...change });
  expect(refused({ maxBytes: archive.length - 1 })).toThrow("bytes; the limit is");
  expect(refused({ maxFiles: 1 })).toThrow("byte 1024: more than 1 files");
  expect(refused({ maxFileBytes: 4 })).toThrow("a says it has 5 bytes; the limit is 4");
});

const tar = (...args: string[]): Uint8Array => {
  const { status, stdout, stderr } = spawnSync("tar", args, { cwd: folder, maxBuffer: 1e8 });
  if (status !== 0) throw new Error(stderr.toString());
  return concat(stdout);
};

describe.skipIf(!hasTar)("GNU tar (skipped if it is not installed)", () => {
  const ours = [
    file("z.json", "{}"),
    file("a/b/c.txt", "x".repeat(513)),
    file(long, ""),
    file("d"),
  ];

  test("unpacks what we write", () => {
    writeFileSync(join(folder, "ours.tar"), writeArchive(ours, time));
    expect(tar("-tf", "ours.tar").length).toBeGreaterThan(0);
    mkdirSync(join(folder, "out"));
    tar("-xf", "ours.tar", "-C", "out");
    for (const { path, bytes } of ours) {
      expect(concat(readFileSync(join(folder, "out", path)))).toEqual(bytes);
    }
    expect(new TextDecoder().decode(tar("-tvf", "ours.tar", "--utc"))).toContain(
      "-rw-r--r-- 0/0               2 2026-11-18 11:06 z.json",
    );
  });

  const same = [
    "--format=ustar",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--mode=0644",
    `--mtime=@${time}`,
    "-cf",
    "-",
  ];
  const put = ({ path, bytes }: ArchiveFile): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
    return path;
  };

  test("asked for the same, makes the same bytes", () => {
    const theirs = tar(...same, ...ours.map(put));
    const archive = writeArchive(ours, time);
    expect(theirs.subarray(0, archive.length)).toEqual(archive);
    expect(readArchive(theirs, limits)).toEqual(ours);
  });

  test("makes links, folders, pax headers, sparse files: each is refused by its name", () => {
    put(file("plain"));
    symlinkSync("/etc/passwd", join(folder, "sym"));
    linkSync(join(folder, "plain"), join(folder, "hard"));
    mkdirSync(join(folder, "empty"));
    writeFileSync(join(folder, "sparse"), "x");
    truncateSync(join(folder, "sparse"), 1_000_000);
    spawnSync("mkfifo", [join(folder, "fifo")]);
    writeFileSync(join(folder, "caf\u00e9"), "x");
    const ustar =
      (...args: string[]): (() => unknown) =>
      () =>
        readArchive(tar(...same, ...args), limits);
    const pax =
      (...args: string[]): (() => unknown) =>
      () =>
        readArchive(tar("--format=posix", "-cf", "-", ...args), limits);
    const gnu =
      (...args: string[]): (() => unknown) =>
      () =>
        readArchive(tar("--format=gnu", "-cf", "-", ...args), limits);
    expect(ustar("plain")).not.toThrow();
    expect(ustar("sym")).toThrow("a symbolic link; only regular files");
    expect(ustar("plain", "hard")).toThrow("byte 1024: a hard link; only regular files");
    expect(ustar("empty")).toThrow("a folder; only regular files");
    expect(ustar("fifo")).toThrow("a pipe; only regular files");
    expect(ustar("-P", join(folder, "plain"))).toThrow("is no path of an archive");
    expect(ustar("-P", `../${folder.split("/").at(-1)}/plain`)).toThrow("has a segment . or ..");
    expect(ustar("./plain")).toThrow("has a segment . or ..");
    expect(ustar("caf\u00e9")).toThrow("is no path of an archive");
    expect(ustar("plain", "plain")).toThrow();
    expect(ustar("--hard-dereference", "plain", "plain")).toThrow(
      '"plain" is in the archive already',
    );
    expect(pax("plain")).toThrow("a pax header; only regular files");
    expect(pax("--sparse", "sparse")).toThrow("a pax header; only regular files");
    expect(gnu("plain")).toThrow("no ustar header (GNU and older");
    expect(() => readArchive(tar("--format=v7", "-cf", "-", "plain"), limits)).toThrow(
      "no ustar header",
    );
    expect(() => readArchive(tar("-czf", "-", "plain"), limits)).toThrow(RecordError);
    const defaults = (): unknown =>
      readArchive(tar("--format=ustar", "--mode=0600", "-cf", "-", "plain"), limits);
    expect(defaults).toThrow("the mode is not what this format fixes");
  });

  test("an archive of its own, cut or with a size that lies, is refused", () => {
    const archive = tar(...same, put(file("big", "x".repeat(5000))));
    expect(() => readArchive(archive.subarray(0, 2048), limits)).toThrow(
      "says it has 5000 bytes, 1536 are left",
    );
    expect(() => readArchive(archive.subarray(0, 512 + 5120), limits)).toThrow("cut off");
  });
});
