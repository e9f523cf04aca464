import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { canonicalBytes, defaultPolicy } from "@countermand/record";
import { bundleDigest, formatBundle, parseBundle } from "./bundle.ts";
import { PolicyError } from "./error.ts";
import { readDefault, readFolder, writeFolder } from "./folder.ts";
import { limits, schemaName, settingsName } from "./limits.ts";
import { schema1 } from "./schema.ts";

const rule = '@id("a")\npermit (principal, action, resource);\n';
const files = new Map([
  ["a.cedar", rule],
  [schemaName, schema1],
]);
const artefact = (value: object) => canonicalBytes(value as never);
const own = { "a.cedar": rule, [schemaName]: schema1 };

describe("the artefact", () => {
  it("is the same bytes for the same files, in whatever order they come", () => {
    const bytes = formatBundle(files);
    expect(formatBundle(new Map([...files].reverse()))).toEqual(bytes);
    expect(parseBundle(bytes)).toEqual(files);
    expect(formatBundle(parseBundle(bytes))).toEqual(bytes);
  });

  it("has not changed its form, nor the schema its text: ledgers hold digests of both", () => {
    const digest = createHash("sha256").update(schema1).digest("hex");
    expect(digest).toMatchInlineSnapshot(
      `"2f4068647bd5fc7d7ab0407760019c26f6f30573d07ee23f3332e37cf275ac8d"`,
    );
    expect(bundleDigest(formatBundle(files))).toMatchInlineSnapshot(
      `"9f4028e38f6be3220b6071bda616f9c2259e2095477bcf6910f692cdcc19c0c8"`,
    );
  });

  it.each([
    ["no JSON", new TextEncoder().encode("{"), "not JSON"],
    ["another format", artefact({ files: own, format: "2" }), "expected"],
    [
      "a further member",
      artefact({ files: own, format: "countermand-policy-1", x: 1 }),
      "expected",
    ],
    ["no files", artefact({ format: "countermand-policy-1" }), "expected"],
    ["an array", artefact([]), "expected"],
    [
      "a file that is a number",
      artefact({ files: { ...own, "b.cedar": 1 }, format: "countermand-policy-1" }),
      "expected",
    ],
    [
      "no schema",
      artefact({ files: { "a.cedar": rule }, format: "countermand-policy-1" }),
      "missing",
    ],
    [
      "an edited schema",
      artefact({ files: { ...own, [schemaName]: `${schema1}\n` }, format: "countermand-policy-1" }),
      "not edited",
    ],
    [
      "only the schema",
      artefact({ files: { [schemaName]: schema1 }, format: "countermand-policy-1" }),
      "no rules",
    ],
    [
      "a path",
      artefact({ files: { ...own, "../b.cedar": rule }, format: "countermand-policy-1" }),
      "lower-case letters",
    ],
    [
      "the settings",
      artefact({ files: { ...own, [settingsName]: "{}" }, format: "countermand-policy-1" }),
      "lower-case letters",
    ],
    [
      "a prototype",
      new TextEncoder().encode(
        `{"files":{"__proto__":"x","a.cedar":${JSON.stringify(rule)},"schema.cedarschema":${JSON.stringify(schema1)}},"format":"countermand-policy-1"}`,
      ),
      "lower-case letters",
    ],
    [
      "a large file",
      artefact({
        files: { ...own, "b.cedar": " ".repeat(limits.fileBytes + 1) },
        format: "countermand-policy-1",
      }),
      "at most",
    ],
    [
      "many files",
      artefact({
        files: {
          ...own,
          ...Object.fromEntries(
            Array.from({ length: limits.files }, (_, i) => [`f${i}.cedar`, rule]),
          ),
        },
        format: "countermand-policy-1",
      }),
      "at most",
    ],
    ["too many bytes", new Uint8Array(limits.bundleBytes + 1), "at most"],
  ])("is refused where it is %s", (_what, bytes, words) => {
    expect(() => parseBundle(bytes)).toThrow(PolicyError);
    expect(() => parseBundle(bytes)).toThrow(words);
  });

  it("is refused or read for any bytes, never anything else", () => {
    const good = formatBundle(files);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bytes = Uint8Array.from(good);
        bytes[at] = byte;
        try {
          expect(formatBundle(parseBundle(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("the folder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "countermand-policy-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const put = (name: string, text: string | Uint8Array) => writeFile(join(folder, name), text);

  it("is written and read again as it was", async () => {
    const before = await readDefault();
    await writeFolder(join(folder, "p"), before);
    expect(await readFolder(join(folder, "p"))).toEqual(before);
    await expect(writeFolder(join(folder, "p"), before)).rejects.toMatchObject({ code: "EEXIST" });
  });

  describe("with a policy", () => {
    beforeEach(async () => {
      await put(schemaName, schema1);
      await put(settingsName, JSON.stringify(defaultPolicy));
      await put("a.cedar", rule);
    });

    it("reads its own files and leaves the others alone", async () => {
      await put("README.md", "not read");
      await put("cases.yaml", "not read");
      const { files: found, settings } = await readFolder(folder);
      expect([...found.keys()]).toEqual(["a.cedar", schemaName]);
      expect(settings).toEqual(defaultPolicy);
    });

    it("follows no link", async () => {
      await symlink("/etc/passwd", join(folder, "b.cedar"));
      await expect(readFolder(folder)).rejects.toThrow("follows no links");
    });

    it("takes no folder for a file", async () => {
      await mkdir(join(folder, "b.cedar"));
      await expect(readFolder(folder)).rejects.toThrow("not a regular file");
    });

    it.each([
      ["B.cedar", rule, "lower-case"],
      ["b.cedar", Uint8Array.of(0xff), "not UTF-8"],
      ["b.cedar", " ".repeat(limits.fileBytes + 1), "at most"],
      [settingsName, "{", "not JSON"],
      [settingsName, "[".repeat(20), "nested"],
      [settingsName, JSON.stringify({ ...defaultPolicy, approvals: 0 }), "approvals: found 0"],
      [settingsName, JSON.stringify({ ...defaultPolicy, aprovals: 2 }), "unknown"],
      [schemaName, "entity Actor;", "not edited"],
    ])("refuses %s where it is wrong", async (name, text, words) => {
      await put(name, text);
      await expect(readFolder(folder)).rejects.toThrow(PolicyError);
      await expect(readFolder(folder)).rejects.toThrow(words);
    });

    it("says what is missing", async () => {
      await rm(join(folder, settingsName));
      await expect(readFolder(folder)).rejects.toThrow("settings.json: missing");
    });
  });
});
