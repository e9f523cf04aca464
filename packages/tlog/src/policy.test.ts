import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosigner } from "./cosignature.ts";
import { formatVerifierKey, type NoteVerifier } from "./note-key.ts";
import { isQuorum, parsePolicy } from "./policy.ts";
import { bytesOf, logKey } from "./testing/keys.ts";

const witnesses = await Promise.all(
  [1, 2, 3, 4].map(async (n) => {
    const { verifier } = await cosigner(`w${n}.example`, new Uint8Array(32).fill(40 + n), () => 1);
    return verifier;
  }),
);
const log = `log ${formatVerifierKey(logKey.verifier)} https://log.example/\n`;
const witness = (n: number) => {
  const verifier = witnesses[n - 1];
  if (verifier === undefined) throw new TypeError(`no witness ${n}`);
  return `witness w${n} ${formatVerifierKey(verifier)} https://w${n}.example\n`;
};
const all = witness(1) + witness(2) + witness(3) + witness(4);
const policy = (text: string) => parsePolicy(bytesOf(text));

describe("a policy", () => {
  test("names logs, witnesses, groups and a quorum", () => {
    const read = policy(
      `# ours\n\n${log}${all}group inner 2 w1\tw2 w3\ngroup outer all inner w4\nquorum outer\n`,
    );
    expect(read.logs[0]?.url).toBe("https://log.example/");
    expect(read.witnesses.map(({ name }) => name)).toEqual(["w1", "w2", "w3", "w4"]);
    expect(read.groups).toEqual([
      { name: "inner", threshold: 2, members: ["w1", "w2", "w3"] },
      { name: "outer", threshold: 2, members: ["inner", "w4"] },
    ]);
    expect(read.quorum).toBe("outer");
  });

  test.each([
    ["quorum none\n", "line 2: there is no log line"],
    [log, "line 2: there is no quorum line"],
    [`${log}quorum w1\n`, "line 2"],
    [`${log}quorum none\nquorum none\n`, "line 3: there is one quorum"],
    [`${log}${witness(1)}${witness(1)}quorum w1\n`, 'line 3: the name "w1" is taken'],
    [
      `${log}${witness(1)}${witness(1).replace("witness w1", "witness w9")}`,
      "line 3: this public key",
    ],
    [`${log}${witness(1)}group g 2 w1\n`, 'line 3: "2" of 1 members'],
    [`${log}${witness(1)}group g 0 w1\n`, "line 3"],
    [`${log}${witness(1)}group g 1 w2\n`, 'line 3: "w2" was not defined'],
    [`${log}${witness(1)}group g 1 w1\ngroup h 1 w1\n`, 'line 4: "w1" is in a group already'],
    [`${log}${witness(1)}group w1 1 w1\n`, "line 3"],
    [`${log}group g any\n`, "line 2: a line of this kind is"],
    [`${log}witness none ${formatVerifierKey(logKey.verifier)}\n`, "line 2"],
    [`${log}witness w x+y\n`, "line 2"],
    [`${log}mirror x\n`, 'line 2: "mirror" is no rule'],
    [`${log}# \u00e9\n`, "line 2: a policy is printable ASCII"],
  ])("is refused where it is wrong: %j", (text, says) => {
    expect(() => policy(text)).toThrow(says);
  });

  test("is met by every subset of witnesses that a count by hand says", () => {
    const read = policy(
      `${log}${all}group inner 2 w1 w2 w3\ngroup outer all inner w4\nquorum outer\n`,
    );
    for (let mask = 0; mask < 16; mask++) {
      const signed = witnesses.filter((_, i) => (mask & (1 << i)) !== 0);
      const inner = [0, 1, 2].filter((i) => (mask & (1 << i)) !== 0).length >= 2;
      expect(isQuorum(read, signed)).toBe(inner && (mask & 8) !== 0);
    }
  });

  test("counts a key once, whatever it is called, and only as a cosignature", () => {
    const read = policy(`${log}${witness(1)}${witness(2)}group g all w1 w2\nquorum g\n`);
    const [one] = witnesses as [NoteVerifier];
    expect(isQuorum(read, [one, { ...one, name: "other.example" }])).toBe(false);
    expect(
      isQuorum(read, [one, { ...(witnesses[1] as NoteVerifier), type: logKey.verifier.type }]),
    ).toBe(false);
    expect(isQuorum(policy(`${log}quorum none\n`), [])).toBe(true);
  });

  test("whatever comes is read or refused with a TlogError", () => {
    const words = fc.constantFrom(
      "log",
      "witness",
      "group",
      "quorum",
      "none",
      "any",
      "all",
      "1",
      "w1",
      "\t",
      "\n",
      "#",
      log,
      all,
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
        try {
          policy(parts.join(" "));
        } catch (error) {
          expect(error).toMatchObject({ name: "TlogError", code: "policy" });
        }
      }),
    );
  });
});
