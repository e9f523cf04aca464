/** ML-DSA-44 cosignatures (type 0x06): the bytes of the specification, and what is not one. */
import { describe, expect, test } from "vitest";
import { formatCheckpoint } from "./checkpoint-text.ts";
import { cosigner, mlDsa44Cosigner, signedSubtree } from "./cosignature.ts";
import { mlDsa44, mlDsa44PublicKey, signMlDsa44, verifyMlDsa44 } from "./ml-dsa-44.ts";
import {
  formatMlDsa44SignerKey,
  formatSignerKey,
  formatVerifierKey,
  isCosignatureKey,
  keyTypes,
  parseMlDsa44SignerKey,
  parseSignerKey,
  parseVerifierKey,
} from "./note-key.ts";
import { formatNote, openNote, parseNote, signNote } from "./note.ts";
import { isQuorum, parsePolicy } from "./policy.ts";
import { bytesOf, origin } from "./testing/keys.ts";
import { flip } from "./testing/reference.ts";

const seed = new Uint8Array(32).fill(5);
const root = new Uint8Array(32).fill(9);
const text = formatCheckpoint({ origin, size: 7, root });
const time = 1_700_000_000;
const signer = await mlDsa44Cosigner("w.example/pq", seed, () => time);

test("the message is the specification's structure, byte for byte", () => {
  const hex = (value: string) => Buffer.from(value).toString("hex");
  expect(
    Buffer.from(signedSubtree("ab", 258, { origin: "log", size: 513, root })).toString("hex"),
  ).toBe(
    [
      hex("subtree/v1\n\0"),
      "02",
      hex("ab"),
      "0000000000000102",
      "03",
      hex("log"),
      "0000000000000000",
      "0000000000000201",
      "09".repeat(32),
    ].join(""),
  );
});

test.each([
  ["", "log"],
  ["x".repeat(256), "log"],
  ["w", ""],
  ["w", "x".repeat(256)],
  ["ü".repeat(128), "log"],
])("a name of %j cannot be signed", (name, of) => {
  expect(() => signedSubtree(name, 0, { origin: of, size: 1, root })).toThrow(TypeError);
});

test("a line is the time and 2420 bytes, opens with its key, and tells its time", async () => {
  const note = await signNote(text, [signer]);
  const [line] = parseNote(note).signatures;
  expect(line?.signature.length).toBe(8 + mlDsa44.signature);
  const { verified } = await openNote(note, [signer.verifier]);
  expect(verified).toMatchObject([{ name: "w.example/pq", timestamp: time }]);
});

test("two signatures differ, and both are good", async () => {
  const [one, two] = [await signMlDsa44(seed, root), await signMlDsa44(seed, root)];
  const key = await mlDsa44PublicKey(seed);
  expect(one).not.toEqual(two);
  for (const each of [one, two]) expect(await verifyMlDsa44(key, root, each)).toBe(true);
  expect(await verifyMlDsa44(key, text === "" ? root : bytesOf(text), one)).toBe(false);
  expect(await verifyMlDsa44(key, root, one.slice(1))).toBe(false);
  await expect(verifyMlDsa44(key.slice(1), root, one)).rejects.toThrow(/1312 bytes, not 1311/);
  await expect(signMlDsa44(seed.slice(1), root)).rejects.toThrow(TypeError);
});

describe("a line is refused", () => {
  async function changed(change: (signature: Uint8Array) => Uint8Array, of = text) {
    const [line] = parseNote(await signNote(text, [signer])).signatures;
    if (line === undefined) throw new Error("no signature");
    const signatures = [{ ...line, signature: change(line.signature) }];
    return openNote(formatNote({ text: of, signatures }), [signer.verifier]);
  }

  test.each([
    ["another time", (it: Uint8Array) => flip(it, 7)],
    ["another first byte", (it: Uint8Array) => flip(it, 8)],
    ["another last byte", (it: Uint8Array) => flip(it, it.length - 1)],
    ["a byte less", (it: Uint8Array) => it.slice(0, -1)],
    ["a byte more", (it: Uint8Array) => new Uint8Array([...it, 0])],
  ])("with %s", async (_what, change) => {
    await expect(changed(change)).rejects.toMatchObject({ code: "signature" });
  });

  test("over another size, root or log", async () => {
    for (const other of [
      { origin, size: 8, root },
      { origin, size: 7, root: new Uint8Array(32).fill(8) },
      { origin: `${origin}/x`, size: 7, root },
    ]) {
      await expect(changed((it) => it, formatCheckpoint(other))).rejects.toMatchObject({
        code: "signature",
      });
    }
  });

  test("on what is no checkpoint", async () => {
    await expect(changed((it) => it, "a text\n")).rejects.toMatchObject({ code: "checkpoint" });
    await expect(signNote("a text\n", [signer])).rejects.toMatchObject({ code: "checkpoint" });
  });

  test("under another name", async () => {
    const other = { ...signer.verifier, name: "other" };
    const [line] = parseNote(await signNote(text, [signer])).signatures;
    if (line === undefined) throw new Error("no signature");
    const note = formatNote({ text, signatures: [{ ...line, name: "other" }] });
    await expect(openNote(note, [other])).rejects.toMatchObject({ code: "signature" });
  });

  test.each([-1, 0.5, 2 ** 53])("by a clock that says %s", async (now) => {
    await expect(signNote(text, [await mlDsa44Cosigner("w", seed, () => now)])).rejects.toThrow(
      TypeError,
    );
  });
});

test("its extension lines are not covered, as the specification says", async () => {
  const [line] = parseNote(await signNote(text, [signer])).signatures;
  if (line === undefined) throw new Error("no signature");
  const note = formatNote({ text: `${text}more\n`, signatures: [line] });
  expect((await openNote(note, [signer.verifier])).verified).toHaveLength(1);
});

test("keys go through their text and back, and each kind refuses the other", async () => {
  const { verifier } = signer;
  const vkey = formatVerifierKey(verifier);
  expect(parseVerifierKey(vkey)).toEqual(verifier);
  expect(verifier.type).toBe(keyTypes.mlDsa44Cosignature);
  expect(isCosignatureKey(verifier)).toBe(true);
  expect(() => parseVerifierKey(vkey.slice(0, -8))).toThrow(/1312 bytes/);
  const line = await formatMlDsa44SignerKey("w.example/pq", seed);
  const parsed = await parseMlDsa44SignerKey(line);
  expect(parsed).toEqual({ verifier, seed });
  await expect(parseSignerKey(line)).rejects.toMatchObject({ code: "key" });
  await expect(parseMlDsa44SignerKey(await formatSignerKey("w", seed))).rejects.toMatchObject({
    code: "key",
  });
  const wrongId = line.replace(/\+[0-9a-f]{8}\+/, "+00000000+");
  await expect(parseMlDsa44SignerKey(wrongId)).rejects.toThrow(/says its id is 00000000/);
  await expect(formatMlDsa44SignerKey("a b", seed)).rejects.toThrow(TypeError);
});

test("a witness's counts in a quorum, beside one of Ed25519", async () => {
  const old = await cosigner("w.example/ed", new Uint8Array(32).fill(6), () => time);
  const log = await cosigner("w.example/log", new Uint8Array(32).fill(7), () => time);
  const logKey = formatVerifierKey({ ...log.verifier, name: origin, type: keyTypes.ed25519 });
  const policy = parsePolicy(
    bytesOf(
      [
        `log ${logKey}`,
        `witness a ${formatVerifierKey(old.verifier)} https://a.example`,
        `witness b ${formatVerifierKey(signer.verifier)} https://b.example`,
        "group both all a b",
        "quorum both",
        "",
      ].join("\n"),
    ),
  );
  expect(isQuorum(policy, [old.verifier])).toBe(false);
  expect(isQuorum(policy, [signer.verifier])).toBe(false);
  expect(isQuorum(policy, [old.verifier, signer.verifier])).toBe(true);
});
