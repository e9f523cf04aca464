import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeBase64 } from "./bytes.ts";
import { formatCheckpoint } from "./checkpoint-text.ts";
import { inclusionProof } from "./proof.ts";
import { formatProofFile, parseProofFile, verifyProofFile } from "./proof-file.ts";
import { formatNote, parseNote, signNote } from "./note.ts";
import { bytesOf, logKey, origin, otherKey, textOf, witness } from "./testing/keys.ts";
import { flip, memoryTree, someLeaves } from "./testing/reference.ts";
import { rootOf } from "./tree.ts";

const leaves = someLeaves(13);
const memory = memoryTree(leaves);
const leafAt = (index: number) => leaves[index] as Uint8Array;
const verifiers = [logKey.verifier, witness.verifier];
const text = formatCheckpoint({ origin, size: 13, root: rootOf(memory.tree) });
let checkpoint: Uint8Array;
let file: Uint8Array;

async function proofFileOf(index: number, extra?: Uint8Array): Promise<Uint8Array> {
  const hashes = await inclusionProof(memory, index, 13);
  return formatProofFile({ index, hashes, checkpoint, ...(extra === undefined ? {} : { extra }) });
}

beforeAll(async () => {
  checkpoint = await signNote(text, [logKey]);
  file = await proofFileOf(5);
});

test("is the specification's layout", async () => {
  const hashes = await inclusionProof(memory, 5, 13);
  const lines = hashes.map((hash) => `${encodeBase64(hash)}\n`).join("");
  const head = "c2sp.org/tlog-proof@v1\n";
  expect(textOf(file)).toBe(`${head}index 5\n${lines}\n${textOf(checkpoint)}`);
  expect(textOf(await proofFileOf(5, Uint8Array.of(1, 2)))).toBe(
    `${head}extra AQI=\nindex 5\n${lines}\n${textOf(checkpoint)}`,
  );
});

test("reads back, and prints the same", () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 }),
      fc.option(fc.uint8Array({ maxLength: 50 }), { nil: undefined }),
      (index, hashes, extra) => {
        const proof = { index, hashes, checkpoint, ...(extra === undefined ? {} : { extra }) };
        const bytes = formatProofFile(proof);
        expect(parseProofFile(bytes)).toEqual(proof);
        expect(formatProofFile(parseProofFile(bytes))).toEqual(bytes);
      },
    ),
  );
});

test("every leaf's verifies, for that leaf alone", async () => {
  for (let index = 0; index < 13; index++) {
    const proof = await proofFileOf(index);
    const verified = await verifyProofFile({
      file: proof,
      leafHash: leafAt(index),
      origin,
      verifiers,
    });
    expect(verified).toMatchObject({ index, checkpoint: { origin, size: 13 } });
    for (let other = 0; other < 13; other++) {
      if (other === index) continue;
      await expect(
        verifyProofFile({ file: proof, leafHash: leafAt(other), origin, verifiers }),
      ).rejects.toThrow(expect.objectContaining({ code: "inclusion" }));
    }
  }
});

test("a tree of one leaf needs no hash", async () => {
  const one = formatCheckpoint({ origin, size: 1, root: leafAt(0) });
  const proof = formatProofFile({
    index: 0,
    hashes: [],
    checkpoint: await signNote(one, [logKey]),
  });
  expect(textOf(proof)).toMatch(/^c2sp.org\/tlog-proof@v1\nindex 0\n\nexample.com\/log\n1\n/);
  await verifyProofFile({ file: proof, leafHash: leafAt(0), origin, verifiers });
});

test("cosignatures come along, checked, for the caller to count", async () => {
  const hashes = await inclusionProof(memory, 5, 13);
  const signed = await signNote(text, [logKey, witness, otherKey]);
  const claim = { leafHash: leafAt(5), origin, verifiers };
  const { checkpoint: opened } = await verifyProofFile({
    ...claim,
    file: formatProofFile({ index: 5, hashes, checkpoint: signed }),
  });
  expect(opened.note.verified.map(({ name }) => name)).toEqual([origin, witness.name]);
  expect(opened.note.ignored.map(({ name }) => name)).toEqual([otherKey.name]);

  const note = parseNote(signed);
  const signatures = note.signatures.map((line) =>
    line.name === witness.name ? { ...line, signature: flip(line.signature, 20) } : line,
  );
  const forged = formatProofFile({
    index: 5,
    hashes,
    checkpoint: formatNote({ ...note, signatures }),
  });
  await expect(verifyProofFile({ ...claim, file: forged })).rejects.toThrow(
    "not true of this text",
  );
});

test("is refused for another origin, another key, or by witnesses alone", async () => {
  const claim = { file, leafHash: leafAt(5), origin, verifiers };
  await expect(verifyProofFile({ ...claim, origin: "example.com/other" })).rejects.toThrow(
    expect.objectContaining({ code: "checkpoint" }),
  );
  await expect(verifyProofFile({ ...claim, verifiers: [otherKey.verifier] })).rejects.toThrow(
    expect.objectContaining({ code: "signature" }),
  );
  const byWitness = formatProofFile({
    index: 5,
    hashes: await inclusionProof(memory, 5, 13),
    checkpoint: await signNote(text, [witness]),
  });
  await expect(verifyProofFile({ ...claim, file: byWitness })).rejects.toThrow("itself");
});

describe("a file is refused, with its line:", () => {
  const head = "c2sp.org/tlog-proof@v1\n";
  const hash = encodeBase64(leafAt(0));
  const rest = "\ncheckpoint\n";

  test.each<[string, string | Uint8Array, string | undefined]>([
    ["nothing", "", undefined],
    ["no blank line", `${head}index 0\n`, undefined],
    ["another version", `c2sp.org/tlog-proof@v2\nindex 0\n${rest}`, "line 1"],
    ["a header with a space", `c2sp.org/tlog-proof@v1 \nindex 0\n${rest}`, "line 1"],
    ["no header", `index 0\n${rest}`, "line 1"],
    ["carriage returns", `${head}index 0\r\n${rest}`, "line 2"],
    ["a byte order mark", `\uFEFF${head}index 0\n${rest}`, "line 1"],
    ["no index", `${head}${hash}\n${rest}`, "line 2"],
    ["nothing but the header", `${head}${rest}`, "line 2"],
    ["an empty index", `${head}index \n${rest}`, "line 2"],
    ["an index with a leading zero", `${head}index 01\n${rest}`, "line 2"],
    ["a negative index", `${head}index -1\n${rest}`, "line 2"],
    ["an index after two spaces", `${head}index  1\n${rest}`, "line 2"],
    ["an index of 2^53", `${head}index 9007199254740992\n${rest}`, "line 2"],
    ["extra data that is not base64", `${head}extra !\nindex 0\n${rest}`, "line 2"],
    ["extra data with other last bits", `${head}extra AR==\nindex 0\n${rest}`, "line 2"],
    ["extra data twice", `${head}extra AQ==\nextra AQ==\nindex 0\n${rest}`, "line 3"],
    ["extra data without its space", `${head}extra\nindex 0\n${rest}`, "line 2"],
    ["extra data after the index", `${head}index 0\nextra AQ==\n${rest}`, "line 3"],
    ["the index twice", `${head}index 0\nindex 0\n${rest}`, "line 3"],
    ["a hash of 31 bytes", `${head}index 0\n${hash}\n${"A".repeat(44)}\n${rest}`, "line 4"],
    ["a hash of 64 bytes", `${head}index 0\n${"A".repeat(88)}\n${rest}`, "line 3"],
    ["a hash with other last bits", `${head}index 0\n${"A".repeat(42)}B=\n${rest}`, "line 3"],
    ["a space after a hash", `${head}index 0\n${hash} \n${rest}`, "line 3"],
    ["64 hashes", `${head}index 0\n${`${hash}\n`.repeat(64)}${rest}`, "line 3"],
    ["bytes that are not UTF-8", Uint8Array.of(...bytesOf(head), 0xff), "line 2"],
    ["too many bytes", `${head}index 0\n\n${"x".repeat(1_100_000)}`, undefined],
  ])("%s", (_, content, where) => {
    const bytes = typeof content === "string" ? bytesOf(content) : content;
    expect(() => parseProofFile(bytes)).toThrow(
      expect.objectContaining({ name: "TlogError", code: "proof-file", where }),
    );
  });

  test("and not written, if it could not be read", () => {
    for (const wrong of [{ index: -1 }, { index: 0.5 }, { hashes: [new Uint8Array(31)] }]) {
      expect(() => formatProofFile({ index: 0, hashes: [], checkpoint, ...wrong })).toThrow();
    }
  });
});

test("any bit flipped is refused, but in the extra data, which nothing vouches for", async () => {
  const marked = await proofFileOf(5, Uint8Array.of(1, 2, 3));
  const from = textOf(marked).indexOf("extra ") + "extra ".length;
  for (let at = 0; at < marked.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const claim = { file: flip(marked, at, bit), leafHash: leafAt(5), origin, verifiers };
      const outcome = await verifyProofFile(claim).catch((error: unknown) => error);
      if (at >= from && at < from + 4) continue;
      expect(outcome).toMatchObject({ name: "TlogError" });
    }
  }
});
