/**
 * Logs that others made. Tessera's golden log is written again here, byte for
 * byte: its test key is published (testdata/build_log.sh of
 * transparency-dev/tessera). Sunlight's witnesses and mirror signed a checkpoint
 * of a log whose own signature is of a type not known here. The mirror's tiles are
 * real; the log's tiles and all bundles are placeholders.
 */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { formatCheckpoint, parseCheckpoint } from "./checkpoint-text.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { leafHash } from "./hash.ts";
import { parseSignerKey, parseVerifierKey } from "./note-key.ts";
import { openNote, parseNote, formatNote, signNote } from "./note.ts";
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from "./proof.ts";
import { formatProofFile, verifyProofFile } from "./proof-file.ts";
import { bytesOf, textOf } from "./testing/keys.ts";
import { flip } from "./testing/reference.ts";
import { haveVectors, readVector, vectors } from "./testing/vectors.ts";
import { tileHashReader, verifiedTiles, type TileReader } from "./tile-reader.ts";
import {
  decodeBundle,
  decodeTile,
  encodeBundle,
  encodeTile,
  entriesPath,
  parseTilePath,
  tilePath,
  tileRoot,
} from "./tile.ts";
import { appendLeafHashes, emptyTree, rootFromHashes, rootOf } from "./tree.ts";

const unless = `(skipped without ${vectors})`;

describe.skipIf(!haveVectors)(`Tessera's golden log ${unless}`, () => {
  const log = "tessera-testdata/log";
  const origin = "example.com/log/testdata";
  const skey =
    "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg";
  const verifier = parseVerifierKey(
    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
  );
  const words =
    "one two three four five six seven eit nain ten ileven twelf threeten fourten fivten";
  const entries = words.split(" ").map(bytesOf);
  const leaves = entries.map(leafHash);
  const sizes = Array.from({ length: 16 }, (_, size) => size);
  const treeAt = (size: number) => appendLeafHashes(emptyTree, leaves.slice(0, size));
  const readTile: TileReader = async ({ level, n, width }) =>
    decodeTile(readVector(`${log}/${tilePath(level, n, width)}`), width);

  test.each(sizes)("checkpoint %i is written the same, byte for byte", async (size) => {
    const golden = readVector(`${log}/checkpoint.${size}`);
    const text = formatCheckpoint({ origin, size, root: rootOf(treeAt(size)) });
    const note = await signNote(text, [await parseSignerKey(skey)]);
    expect(textOf(note)).toBe(textOf(golden));
    const opened = await openCheckpoint(golden, [verifier], origin);
    expect(opened).toMatchObject({ origin, size, root: rootOf(treeAt(size)) });
  });

  test("the newest checkpoint is the last", () => {
    expect(readVector(`${log}/checkpoint`)).toEqual(readVector(`${log}/checkpoint.15`));
  });

  test.each(sizes.slice(1))("tile and bundle of width %i are written the same", (width) => {
    const tile = readVector(`${log}/${tilePath(0, 0, width)}`);
    expect(encodeTile(leaves.slice(0, width))).toEqual(tile);
    expect(decodeTile(tile, width)).toEqual(leaves.slice(0, width));
    const bundle = readVector(`${log}/${entriesPath(0, width)}`);
    expect(encodeBundle(entries.slice(0, width))).toEqual(bundle);
    expect(decodeBundle(bundle, width)).toEqual(entries.slice(0, width));
  });

  test("no file of it is left out", () => {
    const files = filesOf(log);
    expect(files).toHaveLength(16 + 1 + 15 + 15);
    for (const file of files.filter((name) => name.startsWith("tile/"))) {
      expect(() => parseTilePath(file)).not.toThrow();
    }
  });

  test("every proof out of its tiles is good, between any two checkpoints", async () => {
    for (const newSize of sizes.slice(1)) {
      const { root } = await openCheckpoint(
        readVector(`${log}/checkpoint.${newSize}`),
        [verifier],
        origin,
      );
      const tree = { size: newSize, root };
      const reader = tileHashReader(newSize, verifiedTiles(tree, readTile));
      for (let index = 0; index < newSize; index++) {
        const proof = await inclusionProof(reader, index, newSize);
        const leaf = leaves[index] as Uint8Array;
        verifyInclusion({ leafHash: leaf, index, size: newSize, proof, root });
        const oldRoot = rootOf(treeAt(index));
        verifyConsistency({
          oldSize: index,
          oldRoot,
          newSize,
          newRoot: root,
          proof: await consistencyProof(reader, index, newSize),
        });
      }
    }
  });

  test("a proof file over its last checkpoint verifies with its key alone", async () => {
    const checkpoint = readVector(`${log}/checkpoint`);
    const hashes = await inclusionProof(tileHashReader(15, readTile), 9, 15);
    const claim = { leafHash: leafHash(bytesOf("ten")), origin, verifiers: [verifier] };
    const file = formatProofFile({ index: 9, hashes, checkpoint });
    expect((await verifyProofFile({ ...claim, file })).index).toBe(9);
    const other = formatProofFile({ index: 8, hashes, checkpoint });
    await expect(verifyProofFile({ ...claim, file: other })).rejects.toThrow("leaf 8 is not in");
  });
});

describe.skipIf(!haveVectors)(`Sunlight's witnesses and mirror ${unless}`, () => {
  const data = "sunlight-testdata";
  const idOf = (origin: string) => createHash("sha256").update(origin).digest("hex");

  test.each([
    ["witness", "witness/witness.v0.json", "rome2026h1.example.org", "witness"],
    ["witness2", "witness2/witness.v0.json", "milan2026h1.example.org", "witness2"],
    ["mirror", "witness/mirror/mirror.v0.json", "rome2026h1.example.org", "witness/mirror"],
  ])("%s's cosignature is good under its published key", async (_, config, origin, folder) => {
    const { verifier_keys: vkeys } = JSON.parse(textOf(readVector(`${data}/${config}`))) as {
      verifier_keys: string[];
    };
    const verifiers = vkeys.map(parseVerifierKey);
    const note = readVector(`${data}/${folder}/${idOf(origin)}/checkpoint`);
    const opened = await openNote(note, verifiers);
    expect(opened.verified).toMatchObject([{ verifier: verifiers[0], timestamp: 1_767_139_200 }]);
    expect(parseCheckpoint(opened.text)).toMatchObject({ origin, size: 300 });
    expect(formatNote(parseNote(note))).toEqual(note);
    // A witness does not stand in for the log.
    await expect(openCheckpoint(note, verifiers, origin)).rejects.toThrow("itself");
    for (let at = 0; at < bytesOf(opened.text).length; at++) {
      await expect(openNote(flip(note, at), verifiers)).rejects.toThrow();
    }
  });

  test("a log's checkpoint signed in a way not known here reads, and opens with no key", async () => {
    const bytes = readVector(`${data}/tree/checkpoint`);
    const note = parseNote(bytes);
    expect(formatNote(note)).toEqual(bytes);
    const checkpoint = parseCheckpoint(note.text);
    const { final_tree_head: head } = JSON.parse(
      textOf(readVector(`${data}/tree/log.v3.json`)),
    ) as {
      final_tree_head: { sha256_root_hash: string; tree_size: number };
    };
    expect(checkpoint.size).toBe(head.tree_size);
    expect(Buffer.from(checkpoint.root).toString("base64")).toBe(head.sha256_root_hash);
    await expect(openNote(bytes, [])).rejects.toThrow("none of the 1 signatures");
  });

  test.each(["witness/checkpoint", "witness/mirror/checkpoint"])(
    "%s, a decoy, is no note",
    (path) => {
      expect(() => parseNote(readVector(`${data}/${path}`))).toThrow("blank line");
    },
  );

  const mirror = `${data}/witness/mirror/${idOf("rome2026h1.example.org")}`;
  const tilePaths = ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"];
  const tilesIn = (folder: string) => filesOf(folder).filter((name) => /^tile\/\d/.test(name));

  test("the mirror's tiles give the root that the mirror signed, and its proofs", async () => {
    expect(tilesIn(mirror).toSorted()).toEqual(tilePaths);
    const { size, root } = parseCheckpoint(parseNote(readVector(`${mirror}/checkpoint`)).text);
    const readTile: TileReader = async ({ level, n, width }) =>
      decodeTile(readVector(`${mirror}/${tilePath(level, n, width)}`), width);
    const leaves = [
      ...(await readTile({ level: 0, n: 0, width: 256 })),
      ...(await readTile({ level: 0, n: 1, width: 44 })),
    ];
    expect(rootFromHashes(leaves)).toEqual(root);
    expect(await readTile({ level: 1, n: 0, width: 1 })).toEqual([tileRoot(leaves.slice(0, 256))]);
    const reader = tileHashReader(size, verifiedTiles({ size, root }, readTile));
    for (const [index, leaf] of leaves.entries()) {
      const proof = await inclusionProof(reader, index, size);
      verifyInclusion({ leafHash: leaf, index, size, proof, root });
      const oldRoot = rootFromHashes(leaves.slice(0, index));
      verifyConsistency({
        oldSize: index,
        oldRoot,
        newSize: size,
        newRoot: root,
        proof: await consistencyProof(reader, index, size),
      });
    }
    // The log's own checkpoint of that size has another root: these tiles are not of it.
    const log = parseCheckpoint(parseNote(readVector(`${data}/tree/checkpoint`)).text);
    expect(log.size).toBe(size);
    const ofLog = verifiedTiles(log, readTile);
    await expect(ofLog({ level: 0, n: 0, width: 256 })).rejects.toThrow("do not give its root");
  });

  test("placeholders lie where tiles would, and are no tiles or bundles", () => {
    expect(tilesIn(`${data}/tree`).toSorted()).toEqual(tilePaths);
    for (const path of tilePaths) {
      const { width } = parseTilePath(path);
      expect(() => decodeTile(readVector(`${data}/tree/${path}`), width)).toThrow(
        expect.objectContaining({ code: "tile" }),
      );
    }
    const bundles = filesOf(mirror).filter((name) => name.startsWith("tile/entries"));
    expect(bundles.toSorted()).toEqual([entriesPath(0), entriesPath(1, 44)]);
    for (const path of bundles) {
      const { width } = parseTilePath(path);
      expect(() => decodeBundle(readVector(`${mirror}/${path}`), width)).toThrow(
        expect.objectContaining({ code: "bundle" }),
      );
    }
    // static-ct-api's own folders are not C2SP tiles.
    for (const other of ["tile/data/000", "tile/names/000"]) {
      expect(() => parseTilePath(other)).toThrow(expect.objectContaining({ code: "path" }));
    }
  });
});

/** Paths of the files below a folder, relative to it. */
function filesOf(folder: string): string[] {
  return readdirSync(vectors + folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => `${item.parentPath}/${item.name}`.slice(`${vectors}${folder}/`.length));
}
