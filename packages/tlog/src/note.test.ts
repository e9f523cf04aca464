import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "./bytes.ts";
import { keyTypes, parseVerifierKey, type NoteSigner, type NoteVerifier } from "./note-key.ts";
import { formatNote, formatSignature, openNote, parseNote, signNote } from "./note.ts";
import { bytesOf, logKey, otherKey, textOf, witness } from "./testing/keys.ts";
import { flip } from "./testing/reference.ts";

const verifiers = [logKey.verifier];

test("the specification's example opens", async () => {
  const key = parseVerifierKey(
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
  );
  const note = bytesOf(
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n",
  );
  const opened = await openNote(note, [key]);
  expect(opened).toMatchObject({
    text: "This is an example message.\n",
    verified: [{ name: "example.com/foo", keyId: 0x530d903a, verifier: key }],
    ignored: [],
  });
  expect(formatNote(parseNote(note))).toEqual(note);
});

test("what is signed opens, whatever the text, blank lines and signature-like lines included", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.constantFrom("", "— a b", "— example.com/log AAAAAAA="),
          fc
            .string({ unit: "binary" })
            .map((line) => line.toWellFormed().replaceAll(/[\u0000-\u001f]/g, "")),
        ),
        { minLength: 1, maxLength: 6 },
      ),
      async (lines) => {
        const text = `${lines.join("\n")}\n`;
        const bytes = await signNote(text, [logKey, otherKey]);
        const opened = await openNote(bytes, verifiers);
        expect(opened.text).toBe(text);
        expect(opened.verified.map(({ name }) => name)).toEqual([logKey.name]);
        expect(opened.ignored.map(({ name }) => name)).toEqual([otherKey.name]);
        expect(formatNote(parseNote(bytes))).toEqual(bytes);
      },
    ),
    { numRuns: 60 },
  ));

const line = "— a AAAAAAA=\n";

describe("a note is refused", () => {
  test.each<[string, string | Uint8Array, string | undefined]>([
    ["empty", "", undefined],
    ["text alone", "text\n", undefined],
    ["no blank line", `text\n${line}`, undefined],
    ["no text", `\n${line}`, undefined],
    ["no signature", "text\n\n", "line 3"],
    ["a blank line at the end", `text\n\n${line}\n`, "line 5"],
    ["no newline at the end", `text\n\n${line}`.slice(0, -1), "line 3"],
    ["a carriage return", `text\r\n\n${line}`, "byte 4"],
    ["a tab", `te\txt\n\n${line}`, "byte 2"],
    ["a zero byte", `text\n\n— a\u0000 AAAAAAA=\n`, "byte 11"],
    ["bytes that are not UTF-8", Uint8Array.of(0x61, 0x0a, 0xff, 0x0a, 0x0a, 0x0a), "line 2"],
    ["a hyphen for the dash", "text\n\n- a AAAAAAA=\n", "line 3"],
    ["an en dash", "text\n\n– a AAAAAAA=\n", "line 3"],
    ["two spaces", "text\n\n—  a AAAAAAA=\n", "line 3"],
    ["no name", "text\n\n— AAAAAAA=\n", "line 3"],
    ["a plus in the name", "text\n\n— a+b AAAAAAA=\n", "line 3"],
    ["a no-break space in the name", "text\n\n— a\u00a0b AAAAAAA=\n", "line 3"],
    ["a space at the end", "text\n\n— a AAAAAAA= \n", "line 3"],
    ["base64 with other last bits", "text\n\n— a AAAAAAB=\n", "line 3"],
    ["base64 without padding", "text\n\n— a AAAAAAA\n", "line 3"],
    ["base64 of the web", "text\n\n— a AAAA_-A=\n", "line 3"],
    ["a key id alone", "text\n\n— a AAAAAA==\n", "line 3"],
    ["a bad line after a good one", `text\n\n${line}x\n`, "line 4"],
    ["text with blank lines, then a bad line", `a\n\nb\n\nx\n`, "line 5"],
    ["101 signatures", `text\n\n${line.repeat(101)}`, undefined],
    ["a million bytes", `${"x".repeat(1_000_000)}\n\n${line}`, undefined],
  ])("%s", (_, note, where) => {
    const bytes = typeof note === "string" ? bytesOf(note) : note;
    expect(() => parseNote(bytes)).toThrow(expect.objectContaining({ code: "note", where }));
  });

  test("but not for 100 signatures, nor for text that is one empty line", () => {
    expect(parseNote(bytesOf(`text\n\n${line.repeat(100)}`)).signatures).toHaveLength(100);
    expect(parseNote(bytesOf(`\n\n${line}`)).text).toBe("\n");
  });
});

test.each<[string, () => unknown]>([
  ["no signature", () => formatNote({ text: "a\n", signatures: [] })],
  ["a million bytes", () => signNote(`${"x".repeat(1_000_000)}\n`, [logKey])],
  ["a negative key id", () => signNote("a\n", [{ ...logKey, keyId: -1 }])],
  ["a key id of 2^32", () => signNote("a\n", [{ ...logKey, keyId: 2 ** 32 }])],
  ["half a key id", () => signNote("a\n", [{ ...logKey, keyId: 0.5 }])],
  ["no newline at the end", () => signNote("a", [logKey])],
  ["a tab", () => signNote("a\tb\n", [logKey])],
  ["a lone surrogate", () => signNote("a\uD800\n", [logKey])],
  [
    "a name that is two lines",
    () => formatSignature({ name: "a b\n— c", keyId: 1, signature: Uint8Array.of(1) }),
  ],
  [
    "an empty signature",
    () => formatSignature({ name: "a", keyId: 1, signature: Uint8Array.of() }),
  ],
])("writing a note with %s is a programmer's mistake", async (_, write) => {
  await expect(async () => write()).rejects.toThrow(TypeError);
});

describe("opening", () => {
  const text = "the text\n";

  test("refuses a note by nobody that was asked for", async () => {
    const note = await signNote(text, [otherKey]);
    await expect(openNote(note, verifiers)).rejects.toThrow(
      'none of the 1 signatures is by a key that was asked for ("example.com/log")',
    );
    await expect(openNote(note, [])).rejects.toThrow(
      expect.objectContaining({ code: "signature" }),
    );
  });

  test("ignores a signature that shares only the name or only the id", async () => {
    const { verifier } = logKey;
    for (const half of [
      { ...verifier, name: "example.com/else" },
      { ...verifier, keyId: (verifier.keyId ^ 1) >>> 0 },
    ]) {
      const signature = { name: half.name, keyId: half.keyId, signature: new Uint8Array(64) };
      const good = parseNote(await signNote(text, [logKey])).signatures;
      const note = formatNote({ text, signatures: [signature, ...good] });
      const opened = await openNote(note, verifiers);
      expect(opened.verified).toHaveLength(1);
      expect(opened.ignored).toEqual([signature]);
    }
  });

  test("refuses the whole note for one false signature by a known key", async () => {
    const [good] = parseNote(await signNote(text, [logKey])).signatures;
    const [stranger] = parseNote(await signNote(text, [otherKey])).signatures;
    if (good === undefined || stranger === undefined) throw new Error("no signature");
    const bad = { ...good, signature: flip(good.signature, 3) };
    for (const signatures of [[bad], [good, bad], [bad, good], [stranger, bad]]) {
      await expect(openNote(formatNote({ text, signatures }), verifiers)).rejects.toThrow(
        expect.objectContaining({ code: "signature" }),
      );
    }
    const short = { ...good, signature: good.signature.slice(1) };
    await expect(
      openNote(formatNote({ text, signatures: [good, short] }), verifiers),
    ).rejects.toThrow("not true of this text");
  });

  test("counts a signature given twice once", async () => {
    const { signatures } = parseNote(await signNote(text, [logKey]));
    const note = formatNote({ text, signatures: [...signatures, ...signatures] });
    expect((await openNote(note, [...verifiers, ...verifiers])).verified).toHaveLength(1);
  });

  test("refuses two keys that cannot be told apart", async () => {
    const twin: NoteVerifier = { ...otherKey.verifier, name: logKey.name, keyId: logKey.keyId };
    const note = await signNote(text, [logKey]);
    for (const keys of [
      [logKey.verifier, twin],
      [twin, logKey.verifier],
    ]) {
      await expect(openNote(note, keys)).rejects.toThrow(expect.objectContaining({ code: "key" }));
    }
    expect((await openNote(note, [logKey.verifier, { ...logKey.verifier }])).verified).toHaveLength(
      1,
    );
  });

  test("refuses a key of small order, whoever made the verifier", async () => {
    const publicKey = Uint8Array.of(1, ...new Uint8Array(31));
    const weak: NoteVerifier = { name: "w", keyId: 7, type: keyTypes.ed25519, publicKey };
    const signature = Uint8Array.of(...publicKey, ...new Uint8Array(32));
    const note = formatNote({ text, signatures: [{ name: "w", keyId: 7, signature }] });
    await expect(openNote(note, [weak])).rejects.toThrow("small order");
  });

  test("does not take one type of signature for the other", async () => {
    const { name, keyId, publicKey } = logKey.verifier;
    const asWitness: NoteVerifier = { name, keyId, publicKey, type: keyTypes.ed25519Cosignature };
    const note = await signNote(text, [logKey]);
    await expect(openNote(note, [asWitness])).rejects.toThrow("not true of this text");
  });

  test("is not misled by a note in a note", async () => {
    const inner = textOf(await signNote("inner\n", [logKey]));
    const outer = await signNote(`${inner}\nouter\n`, [otherKey]);
    await expect(openNote(outer, verifiers)).rejects.toThrow("none of the 1 signatures");
    expect((await openNote(outer, [otherKey.verifier])).text).toBe(`${inner}\nouter\n`);
  });
});

test("any signer will do, one that needs its `this` too", async () => {
  class Signer implements NoteSigner {
    readonly name = logKey.name;
    readonly keyId = logKey.keyId;
    sign(text: Uint8Array) {
      return this.name === "" ? text : logKey.sign(text);
    }
  }
  await openNote(await signNote("a\n", [new Signer()]), verifiers);
});

test("any bit flipped: refused, or the same text by the same signature, and only an ignored line differs", async () => {
  const text = "example.com/log\n5\nbéta — x\n\n\nend\n";
  const bytes = await signNote(text, [otherKey, logKey, witness]);
  const known = [logKey.verifier, witness.verifier];
  const good = await openNote(bytes, known);
  const strangerAt = textOf(bytes).indexOf("— example.com/other");
  const [from, to] = [
    bytesOf(textOf(bytes).slice(0, strangerAt)).length,
    bytesOf(textOf(bytes).slice(0, textOf(bytes).indexOf("\n", strangerAt))).length,
  ];
  let refused = 0;
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const opened = await openNote(flip(bytes, at, bit), known).catch((error: unknown) => error);
      if (opened instanceof Error) {
        expect(opened.name).toBe("TlogError");
        refused++;
        continue;
      }
      if (at >= from && at < to) {
        expect(opened).toMatchObject({ text, verified: good.verified });
        continue;
      }
      // A known line whose name or id changed is a stranger's; what is left is still true.
      expect(opened).toMatchObject({ text });
      const { verified } = opened as typeof good;
      expect(verified.length).toBe(1);
      expect(good.verified).toContainEqual(verified[0]);
    }
  }
  expect(refused).toBeGreaterThan(bytes.length);
});

test("with one signature any bit flipped is refused", async () => {
  const bytes = await signNote("the text\nof two lines\n", [logKey]);
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      await expect(openNote(flip(bytes, at, bit), verifiers)).rejects.toThrow(
        expect.objectContaining({ name: "TlogError" }),
      );
    }
  }
});

test("bytes from anywhere are refused or print the same", () => {
  const piece = fc.constantFrom("\n", "\n\n", "— ", "a ", "AAAAAAA=", "AAAAAAAAA", "x", " ", "é");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const bytes = bytesOf(pieces.join(""));
      let note;
      try {
        note = parseNote(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: "TlogError", code: "note" });
        return;
      }
      expect(formatNote(note)).toEqual(bytes);
    }),
    { numRuns: 3000 },
  );
  expect(
    encodeBase64(parseNote(bytesOf(`t\n\n${line}`)).signatures[0]?.signature ?? bytesOf("")),
  ).toBe("AA==");
});
