/**
 * Every parser of the library on damaged real inputs: it refuses with a `TlogError`, or
 * what it read prints as what came. A longer run: COUNTERMAND_FUZZ_RUNS=100000.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatCheckpoint, parseCheckpoint } from "./checkpoint-text.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { cosigner } from "./cosignature.ts";
import { TlogError } from "./error.ts";
import {
  formatSignerKey,
  formatVerifierKey,
  parseSignerKey,
  parseVerifierKey,
} from "./note-key.ts";
import { formatTrust, parseTrust } from "./log-keys.ts";
import { formatNote, formatSignature, openNote, parseNote, signNote } from "./note.ts";
import { parsePolicy } from "./policy.ts";
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from "./proof.ts";
import { formatProofFile, parseProofFile } from "./proof-file.ts";
import { bytesOf, logKey, origin, otherKey, textOf, witness } from "./testing/keys.ts";
import { fuzzRuns, mutated } from "./testing/mutate.ts";
import { memoryTree, someLeaves } from "./testing/reference.ts";
import {
  decodeBundle,
  decodeTile,
  encodeBundle,
  encodeTile,
  entriesPath,
  parseTilePath,
  tilePath,
} from "./tile.ts";
import { decodeCompact, encodeCompact, rootOf } from "./tree.ts";
import { formatAddCheckpoint, parseAddCheckpoint, readWitnessAnswer } from "./witness.ts";

const leaves = someLeaves(13);
const memory = memoryTree(leaves);
const root = rootOf(memory.tree);
const smaller = memoryTree(leaves.slice(0, 7)).tree;
const texts = [
  formatCheckpoint({ origin, size: 13, root }),
  formatCheckpoint({ origin: "a", size: 7, root: rootOf(smaller) }),
  `${formatCheckpoint({ origin, size: 13, root })}an extension\n`,
];
const notes = [
  await signNote(texts[0] ?? "", [logKey]),
  await signNote(texts[0] ?? "", [logKey, witness]),
  await signNote(texts[1] ?? "", [otherKey, logKey]),
  await signNote("a\n\n— b\n\nc\n", [logKey, otherKey]),
];
const [note = new Uint8Array()] = notes;
const inclusion = await inclusionProof(memory, 5, 13);
const consistency = await consistencyProof(memory, 7, 13);
const vkeys = [logKey.verifier, otherKey.verifier, witness.verifier].map((key) =>
  formatVerifierKey(key),
);
const [logVkey, , witnessVkey] = vkeys;
const later = await parseSignerKey(await formatSignerKey(origin, new Uint8Array(32).fill(8)));
const laterVkey = formatVerifierKey(later.verifier);
const policies = [
  `# ours\nlog ${logVkey} https://log.example/\nwitness w1 ${witnessVkey} https://w1.example\ngroup all all w1\nquorum all\n`,
  `log ${logVkey}\nquorum none\n`,
].map(bytesOf);
const second = await cosigner("w2", new Uint8Array(32).fill(9), () => 1_700_000_001);
const answers = [witness, second].flatMap(({ name, verifier }) => [
  bytesOf(formatSignature({ name, keyId: verifier.keyId, signature: new Uint8Array(72).fill(1) })),
]);

/** Reads, prints, and must get what came; a parser without a printer gives undefined. */
interface Subject {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  readonly again: (bytes: Uint8Array) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

const textual =
  (again: (text: string) => string | Promise<string>): Subject["again"] =>
  async (bytes) => {
    // Texts reach these parsers decoded; bytes that are no UTF-8 were refused before.
    const text = textOf(bytes);
    const out = await again(text);
    return Buffer.from(text).equals(bytes) ? bytesOf(out) : undefined;
  };

const subjects: readonly Subject[] = [
  { name: "notes", seeds: notes, again: (bytes) => formatNote(parseNote(bytes)) },
  {
    name: "checkpoints",
    seeds: texts.map(bytesOf),
    again: textual((text) => {
      const checkpoint = parseCheckpoint(text);
      return formatCheckpoint(checkpoint);
    }),
  },
  {
    name: "proof files",
    seeds: [
      formatProofFile({ index: 5, hashes: inclusion, checkpoint: note }),
      formatProofFile({ index: 0, hashes: [], checkpoint: note, extra: bytesOf("extra") }),
    ],
    again: (bytes) => formatProofFile(parseProofFile(bytes)),
  },
  {
    name: "bundles",
    seeds: [
      encodeBundle([bytesOf(""), bytesOf("one"), new Uint8Array(300)]),
      encodeBundle(Array.from({ length: 256 }, (_, i) => bytesOf(`${i}`))),
    ],
    again: (bytes) => encodeBundle(decodeBundle(bytes)),
  },
  {
    name: "tiles",
    seeds: [encodeTile(leaves), encodeTile(someLeaves(256))],
    again: (bytes) =>
      encodeTile(decodeTile(bytes, Math.max(1, Math.ceil(bytes.length / 32) % 257))),
  },
  {
    name: "compact trees",
    seeds: [encodeCompact(memory.tree), encodeCompact(smaller)],
    again: (bytes) => encodeCompact(decodeCompact(bytes)),
  },
  {
    name: "paths",
    seeds: [
      tilePath(0, 0),
      tilePath(3, 1_234_067, 8),
      entriesPath(1_000),
      entriesPath(67, 255),
    ].map(bytesOf),
    again: textual((text) => {
      const path = parseTilePath(text);
      return path.kind === "entries"
        ? entriesPath(path.n, path.width)
        : tilePath(path.level, path.n, path.width);
    }),
  },
  {
    name: "verifier keys",
    seeds: vkeys.map(bytesOf),
    again: textual((text) => formatVerifierKey(parseVerifierKey(text))),
  },
  {
    name: "signer keys",
    seeds: [bytesOf(await formatSignerKey(origin, new Uint8Array(32).fill(1)))],
    again: textual(async (text) => {
      const { name, seed } = await parseSignerKey(text);
      return formatSignerKey(name, seed);
    }),
  },
  {
    name: "witness requests",
    seeds: [
      formatAddCheckpoint({ oldSize: 7, proof: consistency, checkpoint: note }),
      formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: note }),
    ],
    again: (bytes) => formatAddCheckpoint(parseAddCheckpoint(bytes)),
  },
  {
    name: "trust files",
    seeds: [
      `countermand-trust v1\nlog ${origin}\nkey ${logVkey} from 0 until 12\nkey ${laterVkey} from 10\n`,
      formatTrust(logKey.verifier),
    ].map(bytesOf),
    again: (bytes) => bytesOf(formatTrust(parseTrust(bytes))),
  },
  {
    name: "policies",
    seeds: policies,
    again: (bytes) => {
      parsePolicy(bytes);
      return undefined;
    },
  },
];

test.each(subjects)("$name: refused with a TlogError, or printed as they came", (subject) =>
  fc.assert(
    fc.asyncProperty(mutated(subject.seeds), async (bytes) => {
      const before = new Uint8Array(bytes);
      try {
        const again = await subject.again(bytes);
        if (again !== undefined) expect(again).toEqual(before);
      } catch (error) {
        if (!(error instanceof TlogError)) throw error;
        expect(error.message.length).toBeLessThan(1_000);
      }
      expect(bytes).toEqual(before);
    }),
    { numRuns: fuzzRuns },
  ),
);

test.each(subjects)("$name: the undamaged ones are taken", async ({ seeds, again }) => {
  for (const seed of seeds) expect((await again(seed)) ?? seed).toEqual(seed);
});

test("an opened note has the text that was signed, whatever was done to it", () =>
  fc.assert(
    fc.asyncProperty(mutated(notes), async (bytes) => {
      const opened = await openNote(bytes, [logKey.verifier]).catch((error: unknown) => {
        if (error instanceof TlogError) return undefined;
        throw error;
      });
      const signed = notes.map((one) => parseNote(one).text);
      if (opened !== undefined) expect(signed).toContain(opened.text);
    }),
    { numRuns: fuzzRuns },
  ));

test("an opened checkpoint is one that was signed", () =>
  fc.assert(
    fc.asyncProperty(mutated(notes.slice(0, 2)), async (bytes) => {
      const opened = await openCheckpoint(bytes, [logKey.verifier], origin).catch(
        (error: unknown) => {
          if (error instanceof TlogError) return undefined;
          throw error;
        },
      );
      if (opened !== undefined) expect([opened.size, opened.root]).toEqual([13, root]);
    }),
    { numRuns: fuzzRuns },
  ));

test("a witness's answer, whatever it is, is read as one of the things it can be", () =>
  fc.assert(
    fc.asyncProperty(
      mutated([...answers, bytesOf("7\n"), bytesOf("")]),
      fc.constantFrom(200, 201, 204, 301, 400, 403, 404, 409, 422, 429, 500, 503, 0),
      fc.constantFrom("text/x.tlog.size", "text/plain", "", "TEXT/X.TLOG.SIZE; charset=utf-8"),
      async (body, status, mediaType) => {
        const reply = { status, mediaType, body };
        const { kind } = await readWitnessAnswer(reply, texts[0] ?? "", [witness.verifier]);
        // None of these signatures is true.
        expect(kind).not.toBe("signed");
      },
    ),
    { numRuns: fuzzRuns },
  ));

test("a damaged proof proves nothing else than it did", () =>
  fc.assert(
    fc.property(
      mutated([Buffer.concat(inclusion), Buffer.concat(consistency)]),
      fc.nat(15),
      fc.nat(15),
      (bytes, a, b) => {
        const proof = Array.from({ length: Math.floor(bytes.length / 32) }, (_, i) =>
          bytes.subarray(i * 32, i * 32 + 32),
        );
        const leafHash = leaves[5] ?? new Uint8Array();
        if (isProven(() => verifyInclusion({ leafHash, index: a, size: 13, proof, root }))) {
          expect([a, Buffer.concat(proof)]).toEqual([5, Buffer.concat(inclusion)]);
        }
        const [oldSize, newSize] = [Math.min(a, b), Math.max(a, b)];
        const claim = { oldSize, newSize, oldRoot: rootOf(smaller), newRoot: root, proof };
        if (oldSize > 0 && oldSize < newSize && isProven(() => verifyConsistency(claim))) {
          expect(Buffer.concat(proof)).toEqual(Buffer.concat(consistency));
        }
      },
    ),
    { numRuns: fuzzRuns },
  ));

function isProven(verify: () => void): boolean {
  try {
    verify();
    return true;
  } catch (error) {
    if (error instanceof TlogError) return false;
    throw error;
  }
}
