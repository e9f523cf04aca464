import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "./bytes.ts";
import { formatCheckpoint, parseCheckpoint } from "./checkpoint-text.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { cosigner } from "./cosignature.ts";
import { EMPTY_ROOT } from "./hash.ts";
import { formatSignerKey, parseSignerKey } from "./note-key.ts";
import { signNote } from "./note.ts";
import { logKey, origin, otherKey, witness } from "./testing/keys.ts";
import { flip, someLeaves } from "./testing/reference.ts";

const root = someLeaves(1)[0] as Uint8Array;
const hash = encodeBase64(root);

test("is three lines and reads back", () => {
  const text = formatCheckpoint({ origin, size: 42, root });
  expect(text).toBe(`example.com/log\n42\n${hash}\n`);
  expect(parseCheckpoint(text)).toEqual({ origin, size: 42, root });
  expect(formatCheckpoint({ origin, size: 0, root: EMPTY_ROOT })).toBe(
    "example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
  );
});

test("reads back whatever its lines, or is not written", () => {
  const line = fc
    .string({ unit: "binary", minLength: 1, maxLength: 60 })
    .map((text) => text.toWellFormed().replaceAll(/[\u0000-\u001f]/g, "x"));
  fc.assert(
    fc.property(
      line,
      fc.maxSafeNat(),
      fc.array(line, { minLength: 1, maxLength: 3 }),
      (name, size, extensions) => {
        const checkpoint = { origin: name, size: Math.max(size, 1), root, extensions };
        const text = formatCheckpoint(checkpoint);
        expect(parseCheckpoint(text)).toEqual(checkpoint);
        expect(formatCheckpoint(parseCheckpoint(text))).toBe(text);
      },
    ),
  );
});

describe("a text is refused, with its line:", () => {
  test.each<[string, string, string]>([
    ["nothing", "", "line 1"],
    ["one line", "a\n", "line 2"],
    ["two lines", "a\n1\n", "line 3"],
    ["no newline at the end", `a\n1\n${hash}`, "line 3"],
    ["an empty origin", `\n1\n${hash}\n`, "line 1"],
    ["an origin of 256 bytes", `${"é".repeat(128)}\n1\n${hash}\n`, "line 1"],
    ["a control character", `a\tb\n1\n${hash}\n`, "line 1"],
    ["a lone surrogate", `a\uD800\n1\n${hash}\n`, "line 1"],
    ["a carriage return", `a\n1\r\n${hash}\n`, "line 2"],
    ["no size", `a\n\n${hash}\n`, "line 2"],
    ["a leading zero", `a\n01\n${hash}\n`, "line 2"],
    ["a sign", `a\n+1\n${hash}\n`, "line 2"],
    ["a negative size", `a\n-1\n${hash}\n`, "line 2"],
    ["a space before the size", `a\n 1\n${hash}\n`, "line 2"],
    ["hexadecimal", `a\n0x1\n${hash}\n`, "line 2"],
    ["an exponent", `a\n1e3\n${hash}\n`, "line 2"],
    ["a size of 2^53", `a\n9007199254740992\n${hash}\n`, "line 2"],
    ["no root", "a\n1\n\n", "line 3"],
    ["a root of 31 bytes", `a\n1\n${encodeBase64(root.slice(1))}\n`, "line 3"],
    ["a root of 64 bytes", `a\n1\n${encodeBase64(Uint8Array.of(...root, ...root))}\n`, "line 3"],
    ["a root with other last bits", `a\n1\n${"A".repeat(42)}B=\n`, "line 3"],
    ["a root of the web's base64", `a\n1\n${"_".repeat(42)}8=\n`, "line 3"],
    ["an empty tree with a root", `a\n0\n${hash}\n`, "line 3"],
    ["an empty extension line", `a\n1\n${hash}\nx\n\ny\n`, "line 5"],
    ["an empty last line", `a\n1\n${hash}\n\n`, "line 4"],
  ])("%s", (_, text, where) => {
    expect(() => parseCheckpoint(text)).toThrow(
      expect.objectContaining({ name: "TlogError", code: "checkpoint", where }),
    );
  });

  test("a million characters, without looking into them", () => {
    expect(() => parseCheckpoint(`a\n1\n${hash}\n${"x".repeat(1_000_000)}\n`)).toThrow("at most");
  });
});

test("an origin of 255 bytes and spaces is one", () => {
  const long = `${"é".repeat(127)} `;
  expect(parseCheckpoint(`${long}\n1\n${hash}\n`).origin).toBe(long);
});

test.each([
  ["an origin that is a whole checkpoint", { origin: `a\n0\n${encodeBase64(EMPTY_ROOT)}` }],
  ["an extension of two lines", { extensions: ["x\ny"] }],
  ["an empty extension", { extensions: [""] }],
  ["no origin", { origin: "" }],
  ["half a leaf", { size: 0.5 }],
  ["a size of 2^53", { size: 2 ** 53 }],
  ["a root of 31 bytes", { root: root.slice(1) }],
  ["an empty tree's root that is not", { size: 0 }],
])("%s is not written", (_, wrong) => {
  expect(() => formatCheckpoint({ origin, size: 1, root, ...wrong })).toThrow();
});

describe("opening", () => {
  const text = formatCheckpoint({ origin, size: 42, root });
  const keys = [logKey.verifier, witness.verifier];

  test("gives the checkpoint and who signed it", async () => {
    const opened = await openCheckpoint(await signNote(text, [logKey, witness]), keys, origin);
    expect(opened).toMatchObject({ origin, size: 42, root });
    expect(opened.note.verified).toMatchObject([
      { name: origin },
      { name: "witness.example/w1", timestamp: 1_700_000_000 },
    ]);
  });

  test("refuses another log's checkpoint, though a known key signed it", async () => {
    const other = formatCheckpoint({ origin: "example.com/other", size: 42, root });
    for (const signers of [[logKey], [logKey, otherKey]]) {
      await expect(
        openCheckpoint(await signNote(other, signers), [...keys, otherKey.verifier], origin),
      ).rejects.toThrow(expect.objectContaining({ code: "checkpoint", where: "line 1" }));
    }
  });

  test("refuses a checkpoint that witnesses signed and the log did not", async () => {
    const note = await signNote(text, [witness]);
    await expect(openCheckpoint(note, keys, origin)).rejects.toThrow(
      expect.objectContaining({
        code: "signature",
        message: expect.stringContaining('log "example.com/log" itself'),
      }),
    );
  });

  test("refuses a cosignature in the log's name for the log's own signature", async () => {
    const namesake = await cosigner(origin, new Uint8Array(32).fill(9), () => 1);
    const note = await signNote(text, [namesake]);
    await expect(openCheckpoint(note, [namesake.verifier], origin)).rejects.toThrow("itself");
  });

  test("refuses a log's key under another name", async () => {
    const renamed = await parseSignerKey(await formatSignerKey("example.com/alias", logKey.seed));
    const note = await signNote(text, [renamed]);
    await expect(openCheckpoint(note, [renamed.verifier], origin)).rejects.toThrow("itself");
  });

  test("takes either of two keys of the log, as while one follows the other", async () => {
    const next = await parseSignerKey(await formatSignerKey(origin, flip(logKey.seed, 0)));
    const note = await signNote(text, [logKey, next]);
    for (const known of [[logKey.verifier], [next.verifier], [logKey.verifier, next.verifier]]) {
      expect((await openCheckpoint(note, known, origin)).size).toBe(42);
    }
  });

  test("refuses what is signed and no checkpoint", async () => {
    await expect(openCheckpoint(await signNote("hello\n", [logKey]), keys, origin)).rejects.toThrow(
      expect.objectContaining({ code: "checkpoint" }),
    );
  });

  test("any bit flipped in a checkpoint with one signature is refused", async () => {
    const note = await signNote(text, [logKey]);
    for (let at = 0; at < note.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        await expect(
          openCheckpoint(flip(note, at, bit), [logKey.verifier], origin),
        ).rejects.toThrow(expect.objectContaining({ name: "TlogError" }));
      }
    }
  });
});
