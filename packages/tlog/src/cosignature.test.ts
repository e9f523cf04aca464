import { describe, expect, test } from "vitest";
import { formatCheckpoint } from "./checkpoint-text.ts";
import { cosigner, signedCosignature, splitCosignature } from "./cosignature.ts";
import { ed25519PublicKey, signEd25519 } from "./ed25519.ts";
import { keyTypes } from "./note-key.ts";
import { formatNote, openNote, parseNote, signNote } from "./note.ts";
import { bytesOf, origin, textOf, witness } from "./testing/keys.ts";
import { flip, someLeaves } from "./testing/reference.ts";

const text = formatCheckpoint({ origin, size: 7, root: someLeaves(1)[0] as Uint8Array });
const seed = new Uint8Array(32).fill(3);

test("the signed message is the specification's", () => {
  expect(textOf(signedCosignature(1_679_315_147, bytesOf("example.com/x\n1\nroot\next\n")))).toBe(
    "cosignature/v1\ntime 1679315147\nexample.com/x\n1\nroot\next\n",
  );
});

test("the payload is the time, eight bytes big-endian, and the signature", async () => {
  const payload = await witness.sign(bytesOf(text));
  expect(payload.length).toBe(72);
  expect(Buffer.from(payload.subarray(0, 8)).readBigUInt64BE()).toBe(1_700_000_000n);
  const message = bytesOf(`cosignature/v1\ntime 1700000000\n${text}`);
  expect(payload.subarray(8)).toEqual(await signEd25519(seed, message));
  expect(witness.verifier.type).toBe(keyTypes.ed25519Cosignature);
});

test("is checked, and tells its time", async () => {
  const { verified } = await openNote(await signNote(text, [witness]), [witness.verifier]);
  expect(verified).toMatchObject([{ name: witness.name, timestamp: 1_700_000_000 }]);
});

test("the time is asked for once a signature", async () => {
  let now = 0;
  const ticking = await cosigner("w", seed, () => ++now);
  const times = [];
  for (let i = 0; i < 3; i++) {
    const { verified } = await openNote(await signNote(text, [ticking]), [ticking.verifier]);
    times.push(verified[0]?.timestamp);
  }
  expect(times).toEqual([1, 2, 3]);
});

test.each(["", "a b", "a+b", "a\n"])("%j is no name of a cosigner", async (name) => {
  await expect(cosigner(name, seed, () => 1)).rejects.toThrow(TypeError);
});

test.each([-1, 0.5, Number.NaN, 2 ** 53])("%s is no time", async (time) => {
  const broken = await cosigner("w", seed, () => time);
  await expect(signNote(text, [broken])).rejects.toThrow(TypeError);
});

describe("is refused", () => {
  async function withPayload(change: (payload: Uint8Array) => Uint8Array) {
    const [line] = parseNote(await signNote(text, [witness])).signatures;
    if (line === undefined) throw new Error("no signature");
    const note = formatNote({ text, signatures: [{ ...line, signature: change(line.signature) }] });
    return openNote(note, [witness.verifier]);
  }

  test("with any byte changed, of the time or the signature", async () => {
    for (let at = 0; at < 72; at++) {
      await expect(withPayload((payload) => flip(payload, at, at % 8))).rejects.toThrow(
        "not true of this text",
      );
    }
  });

  test.each([0, 1, 8, 64, 71, 73])("with %i bytes", async (length) => {
    expect(splitCosignature(new Uint8Array(length))).toBeUndefined();
    if (length > 0) {
      await expect(withPayload(() => new Uint8Array(length))).rejects.toThrow("not true");
    }
  });

  test("with a time of 2^53 or more, though it is signed", async () => {
    const message = bytesOf(`cosignature/v1\ntime ${2n ** 53n}\n${text}`);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(2n ** 53n);
    const signature = await signEd25519(seed, message);
    await expect(withPayload(() => Uint8Array.of(...time, ...signature))).rejects.toThrow(
      "not true",
    );
  });

  test("over the text of another checkpoint, or the plain text", async () => {
    const other = formatCheckpoint({ origin, size: 8, root: someLeaves(1)[0] as Uint8Array });
    const payload = await witness.sign(bytesOf(other));
    await expect(withPayload(() => payload)).rejects.toThrow("not true");
    const plain = await signEd25519(seed, bytesOf(text));
    await expect(
      withPayload((old) => Uint8Array.of(...old.subarray(0, 8), ...plain)),
    ).rejects.toThrow("not true");
  });
});

test("one public key has another id under each type", async () => {
  const publicKey = await ed25519PublicKey(seed);
  expect(witness.verifier.publicKey).toEqual(publicKey);
  const asLog = { ...witness.verifier, type: keyTypes.ed25519 };
  await expect(openNote(await signNote(text, [witness]), [asLog])).rejects.toThrow("not true");
});
