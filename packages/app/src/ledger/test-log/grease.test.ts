import { createHash } from "node:crypto";
import { openCheckpoint, parseNote, signNote, formatCheckpoint, sha256 } from "@countermand/tlog";
import { assert, asyncProperty, integer } from "fast-check";
import { expect, test } from "vitest";
import { testSigner, origin } from "../testing/test-signer.ts";
import type { LogReader } from "../log-reader.ts";
import { greasedLog, greaseNote, type Random } from "./grease.ts";

/** The same bytes for the same seed. */
function seeded(seed: number): Random {
  let count = 0;
  return (length) => {
    const blocks: Buffer[] = [];
    for (let have = 0; have < length; have += 32) {
      blocks.push(createHash("sha256").update(`${seed} ${count++}`).digest());
    }
    return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
  };
}

async function note(size: number): Promise<Uint8Array> {
  const root = sha256(new Uint8Array([size % 256]));
  return signNote(formatCheckpoint({ origin, size, root }), [await testSigner()]);
}

test("a reader that keeps to the format opens it, wherever the true line stands", async () => {
  const plain = await note(7);
  const { verifier } = await testSigner();
  const places = new Set<number>();
  await assert(
    asyncProperty(integer(), async (seed) => {
      const greased = greaseNote(plain, seeded(seed));
      const opened = await openCheckpoint(greased, [verifier], origin);
      expect(opened.size).toBe(7);
      const { text, signatures } = parseNote(greased);
      expect(text).toBe(parseNote(plain).text);
      expect(signatures).toHaveLength(3);
      const [own] = parseNote(plain).signatures;
      places.add(signatures.findIndex((line) => line.keyId === own?.keyId));
      // One unknown key has the log's own name: a reader that looks at names alone fails here.
      expect(signatures.filter(({ name }) => name === origin)).toHaveLength(2);
    }),
  );
  expect([...places].toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
});

test("one checkpoint is greased once, the next one anew", async () => {
  let newest = await note(7);
  const log = { checkpoint: () => newest } as unknown as LogReader;
  const { checkpoint } = greasedLog(log, seeded(1));
  const first = checkpoint();
  expect(checkpoint()).toEqual(first);
  newest = await note(8);
  expect(parseNote(checkpoint()).text).toContain("\n8\n");
});
