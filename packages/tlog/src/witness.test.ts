import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatCheckpoint, parseCheckpoint } from "./checkpoint-text.ts";
import { cosigner } from "./cosignature.ts";
import { leafHash } from "./hash.ts";
import { formatNote, openNote, parseNote, signNote } from "./note.ts";
import { consistencyReference, rootReference, someLeaves } from "./testing/reference.ts";
import { bytesOf, logKey, origin, otherKey, textOf, witness } from "./testing/keys.ts";
import {
  cosign,
  decideAddCheckpoint,
  formatAddCheckpoint,
  originOf,
  parseAddCheckpoint,
  readWitnessAnswer,
  sameSeen,
  type WitnessedLog,
  withCosignatures,
} from "./witness.ts";

const leaves = someLeaves(12);
const rootAt = (size: number) => rootReference(leaves.slice(0, size));
const proofOf = (oldSize: number, newSize: number) =>
  oldSize === 0 ? [] : consistencyReference(oldSize, leaves.slice(0, newSize));
const note = (size: number, signer = logKey, root = rootAt(size), of = origin) =>
  signNote(formatCheckpoint({ origin: of, size, root }), [signer]);
const log = (size: number | undefined): WitnessedLog => ({
  verifiers: [logKey.verifier],
  seen: size === undefined ? undefined : { size, root: rootAt(size) },
});

describe("the request", () => {
  test("is what was formatted, and nothing else is taken", async () => {
    const checkpoint = await note(7);
    const request = { oldSize: 3, proof: proofOf(3, 7), checkpoint };
    const bytes = formatAddCheckpoint(request);
    expect(parseAddCheckpoint(bytes)).toEqual(request);
    expect(originOf(request)).toBe(origin);
    const text = textOf(bytes);
    for (const [wrong, line] of [
      [text.replace("old 3", "old 03"), 1],
      [text.replace("old 3", "old -3"), 1],
      [text.replace("old 3", "new 3"), 1],
      [text.replace("old 3\n", "old 3\r\n"), 1],
      [text.replace("old 3\n", "old 3\nAAAA\n"), 2],
      ["old 0", 1],
      [`old 1\n${"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".repeat(64)}\nx`, 65],
    ] as const) {
      expect(() => parseAddCheckpoint(bytesOf(wrong)), wrong).toThrow(`line ${line}`);
    }
    expect(() => parseAddCheckpoint(new Uint8Array(2_000_000))).toThrow(/at most/);
  });

  test("whatever comes is taken or refused with a TlogError, and the same again", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          expect(formatAddCheckpoint(parseAddCheckpoint(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: "TlogError", code: "witness" });
        }
      }),
    );
  });
});

describe("what a witness decides", () => {
  test("every pair of sizes, with the right proof and with every hash of it wrong", async () => {
    for (let newSize = 0; newSize <= 9; newSize++) {
      for (let seen = 0; seen <= 9; seen++) {
        const checkpoint = await note(newSize);
        const proof = seen <= newSize ? proofOf(seen, newSize) : [];
        const state = log(seen === 0 ? undefined : seen);
        const verdict = await decideAddCheckpoint({ oldSize: seen, proof, checkpoint }, state);
        expect(verdict.status).toBe(seen > newSize ? 400 : 200);
        for (const [i] of proof.entries()) {
          const wrong = proof.with(i, leafHash(new Uint8Array([i])));
          const request = { oldSize: seen, proof: wrong, checkpoint };
          expect(await decideAddCheckpoint(request, state)).toMatchObject({ status: 422 });
        }
        for (let claimed = 0; claimed <= newSize; claimed++) {
          if (claimed === seen) continue;
          const request = { oldSize: claimed, proof: proofOf(claimed, newSize), checkpoint };
          expect(await decideAddCheckpoint(request, state)).toEqual({ status: 409, size: seen });
        }
      }
    }
  });

  test("another tree of the same size, a foreign key, a log it does not know", async () => {
    const fork = await note(5, logKey, leafHash(new Uint8Array([1])));
    const same = { oldSize: 5, proof: [], checkpoint: fork };
    expect(await decideAddCheckpoint(same, log(5))).toMatchObject({ status: 422 });
    const foreign = { oldSize: 0, proof: [], checkpoint: await note(5, otherKey) };
    expect(await decideAddCheckpoint(foreign, log(undefined))).toMatchObject({ status: 403 });
    const unknown = { oldSize: 0, proof: [], checkpoint: await note(5) };
    expect(await decideAddCheckpoint(unknown, undefined)).toMatchObject({ status: 404 });
    const none = { oldSize: 0, proof: [], checkpoint: bytesOf("hello\n") };
    expect(await decideAddCheckpoint(none, log(undefined))).toMatchObject({ status: 400 });
    const padded = { oldSize: 0, proof: [leafHash(new Uint8Array())], checkpoint: await note(5) };
    expect(await decideAddCheckpoint(padded, log(undefined))).toMatchObject({ status: 422 });
  });

  test("a state is itself and no other", () => {
    const seen = { size: 3, root: rootAt(3) };
    expect(sameSeen(undefined, undefined)).toBe(true);
    expect(sameSeen(seen, { ...seen })).toBe(true);
    for (const other of [undefined, { ...seen, size: 4 }, { ...seen, root: rootAt(4) }]) {
      expect(sameSeen(seen, other)).toBe(false);
      expect(sameSeen(other, seen)).toBe(false);
    }
  });
});

describe("the answer", () => {
  const answer = async (status: number, body: string, mediaType = "text/plain") => {
    const { text } = parseNote(await note(5));
    const { verifier } = witness;
    return await readWitnessAnswer({ status, mediaType, body: bytesOf(body) }, text, [verifier]);
  };

  test("cosignatures that hold are added to the note, and count", async () => {
    const checkpoint = await note(5);
    const body = await cosign(checkpoint, [witness, otherKey]);
    const read = await answer(200, body);
    expect(read).toMatchObject({ kind: "signed", cosignatures: [{ timestamp: 1_700_000_000 }] });
    if (read.kind !== "signed") return;
    const whole = formatNote(withCosignatures(checkpoint, read.cosignatures));
    const again = formatNote(withCosignatures(whole, read.cosignatures));
    expect(again).toEqual(whole);
    const { verified } = await openNote(whole, [logKey.verifier, witness.verifier]);
    expect(verified.map(({ name }) => name)).toEqual([origin, witness.name]);
    expect(parseCheckpoint(parseNote(whole).text).size).toBe(5);
  });

  test("is never believed further than it goes", async () => {
    const lateOne = await cosigner(witness.name, new Uint8Array(32).fill(3), () => 0);
    const good = await cosign(await note(5), [witness]);
    const table: [number, string, string, string][] = [
      [200, await cosign(await note(5), [lateOne]), "text/plain", "nonsense"],
      [200, await cosign(await note(5), [otherKey]), "text/plain", "nonsense"],
      [200, await cosign(await note(6), [witness]), "text/plain", "nonsense"],
      [200, "", "text/plain", "nonsense"],
      [200, `${good}x`, "text/plain", "nonsense"],
      [200, "x".repeat(100_000), "text/plain", "nonsense"],
      [409, "17\n", "text/x.tlog.size", "other-size"],
      [409, "17\n", "text/x.tlog.size; charset=utf-8", "other-size"],
      [409, "17\n", "text/plain", "contradicts"],
      [409, "17", "text/x.tlog.size", "contradicts"],
      [409, "017\n", "text/x.tlog.size", "contradicts"],
      [409, "", "", "contradicts"],
      [422, "no", "text/plain", "contradicts"],
      [403, "", "", "unknown-log"],
      [404, "", "", "unknown-log"],
      [429, "", "", "later"],
      [503, "", "", "later"],
      [400, "", "", "nonsense"],
      [302, "", "", "nonsense"],
    ];
    for (const [status, body, type, kind] of table) {
      expect((await answer(status, body, type)).kind, `${status} ${body.slice(0, 20)}`).toBe(kind);
    }
    expect(await answer(409, "17\n", "text/x.tlog.size")).toEqual({ kind: "other-size", size: 17 });
  });
});
