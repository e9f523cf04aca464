import { expect, test } from "vitest";
import { formatCheckpoint } from "./checkpoint-text.ts";
import { TlogError } from "./error.ts";
import { EMPTY_ROOT } from "./hash.ts";
import { formatTrust, maySign, openLogCheckpoint, parseTrust, type LogKeys } from "./log-keys.ts";
import { signNote } from "./note.ts";
import { formatSignerKey, formatVerifierKey, parseSignerKey } from "./note-key.ts";
import { bytesOf, logKey, origin, otherKey, witness } from "./testing/keys.ts";

const later = await parseSignerKey(await formatSignerKey(origin, new Uint8Array(32).fill(8)));
const trust: LogKeys = {
  name: origin,
  keys: [
    { verifier: logKey.verifier, from: 0, until: 5 },
    { verifier: later.verifier, from: 3, until: undefined },
  ],
};
const [a, b] = [logKey, later].map((key) => formatVerifierKey(key.verifier));

test("every size by every set of signers: taken if one of them may sign it", async () => {
  for (let size = 0; size < 8; size++) {
    const root = size === 0 ? EMPTY_ROOT : new Uint8Array(32).fill(size);
    const text = formatCheckpoint({ origin, size, root });
    for (const signers of [[logKey], [later], [logKey, later], [later, logKey, witness]]) {
      const note = await signNote(text, signers);
      const able = [
        ...(signers.includes(logKey) && size < 5 ? [logKey.keyId] : []),
        ...(signers.includes(later) && size >= 3 ? [later.keyId] : []),
      ];
      const found = await openLogCheckpoint(note, trust, [witness.verifier]).then(
        (opened) => opened.note.verified.map((one) => one.keyId),
        (error: unknown) => {
          if (error instanceof TlogError) return [];
          throw error;
        },
      );
      const beside = able.length > 0 && signers.includes(witness) ? [witness.keyId] : [];
      expect(new Set(found)).toEqual(new Set([...able, ...beside]));
    }
  }
});

test("a witness and another log's key do not stand in for the log's", async () => {
  const text = formatCheckpoint({ origin, size: 4, root: new Uint8Array(32) });
  for (const signer of [witness, otherKey]) {
    const note = await signNote(text, [signer]);
    await expect(openLogCheckpoint(note, trust, [witness.verifier])).rejects.toThrow(TlogError);
  }
});

test("keys that another server changed are looked up once, and then it is refused", async () => {
  const text = formatCheckpoint({ origin, size: 9, root: new Uint8Array(32) });
  let keys: LogKeys["keys"] = trust.keys.slice(0, 1);
  let looked = 0;
  const following: LogKeys = {
    name: origin,
    get keys() {
      return keys;
    },
    async refresh() {
      looked += 1;
      keys = trust.keys;
    },
  };
  expect((await openLogCheckpoint(await signNote(text, [later]), following)).size).toBe(9);
  expect(looked).toBe(1);
  const old = await signNote(text, [logKey]);
  await expect(openLogCheckpoint(old, following)).rejects.toThrow("may sign trees of 0 to 4");
  expect(looked).toBe(2);
});

test("a trust file says what is wrong with it, and where", () => {
  const head = `countermand-trust v1\nlog ${origin}\n`;
  expect(parseTrust(bytesOf(formatTrust(trust)))).toEqual(trust);
  expect(formatTrust(trust)).toBe(`${head}key ${a} from 0 until 5\nkey ${b} from 3\n`);
  const other = formatVerifierKey(otherKey.verifier);
  for (const [text, problem] of [
    ["", "line 1"],
    ["countermand-trust v2\n", "line 1: a trust file begins with"],
    [head, "line 3: there is no key"],
    [`${head}key ${a} from 0`, "the last line does not end"],
    [`${head}key ${a} from 00\n`, "line 3"],
    [`${head}key ${a}  from 0\n`, "line 3"],
    [`${head}key ${a} from 5 until 4\n`, "line 3: a key ends where it begins, or later"],
    [`${head}key ${a} from 5\nkey ${b} from 3\n`, "line 4: keys are in the order"],
    [`${head}key ${a} from 0\nkey ${a} from 3\n`, "line 4: this key is there twice"],
    [`${head}key ${other} from 0\n`, "line 3: this is a key of"],
    [
      `${head}key ${formatVerifierKey(witness.verifier)} from 0\n`,
      "line 3: this is no key of a log",
    ],
  ] as const) {
    expect(() => parseTrust(bytesOf(text)), text).toThrow(problem);
  }
});

test("a key that ends where it begins signs nothing", () => {
  expect([2, 3, 4].map((size) => maySign({ from: 3, until: 3 }, size))).toEqual([
    false,
    false,
    false,
  ]);
});
