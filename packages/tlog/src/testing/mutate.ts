/** For tests of parsers: real inputs, damaged in the ways in which texts and bytes are damaged. */
import * as fc from "fast-check";

/** How many inputs of each kind: seconds' worth of all, more with COUNTERMAND_FUZZ_RUNS. */
export const fuzzRuns: number = runsFrom(process.env["COUNTERMAND_FUZZ_RUNS"]);

function runsFrom(value: string | undefined): number {
  if (value === undefined || value === "") return 2_000;
  if (/^[1-9]\d{0,7}$/.test(value)) return Number(value);
  throw new TypeError("COUNTERMAND_FUZZ_RUNS is a whole number from 1 to 99999999");
}

/** What parsers have stumbled over: numbers at limits, other spellings, line ends, marks, bad UTF-8. */
const tokens: readonly Uint8Array[] = [
  "\n|\n\n|\r|\r\n|\0| |\t|0|00|-|+|=|==|/|.|1e3|0x10|255|256|65535|65536|4294967296",
  "9007199254740991|9007199254740992|9223372036854775808|18446744073709551616|\ufeff|\u2028",
  "— |— a AAAAAAA=\n|quorum none\n|old 0\n|index 0\n|x000/|.p/0|.p/256|é|e\u0301",
  '{|}|[[[[[[[[|"__proto__":|null|\\u0000',
]
  .flatMap((line) => line.split("|"))
  .map((text) => new Uint8Array(Buffer.from(text)))
  .concat([[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x80]].map((b) => Uint8Array.from(b)));

interface Edit {
  readonly kind: "turn" | "cut" | "put" | "repeat" | "lines" | "splice" | "end";
  readonly at: number;
  /** `edge`: where a line, a word or a number begins or ends. */
  readonly where: "start" | "edge" | "anywhere";
  readonly length: number;
  readonly token: Uint8Array;
  readonly other: Uint8Array;
}

/** One of `seeds`, with up to four edits; now and then with none. */
export function mutated(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const edit: fc.Arbitrary<Edit> = fc.record({
    kind: fc.constantFrom("turn", "cut", "put", "repeat", "lines", "splice", "end"),
    at: fc.nat(1_000_000),
    where: fc.constantFrom("start", "edge", "edge", "anywhere"),
    length: fc.integer({ min: 1, max: 80 }),
    token: fc.oneof(
      { arbitrary: fc.constantFrom(...tokens), weight: 9 },
      { arbitrary: fc.uint8Array({ maxLength: 8 }), weight: 1 },
    ),
    other: fc.constantFrom(...seeds),
  });
  return fc
    .tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 4 }))
    .map(([seed, edits]) => edits.reduce(applied, seed));
}

function applied(bytes: Uint8Array, edit: Edit): Uint8Array {
  const { kind, at, length, token, other } = edit;
  const places = edit.where === "edge" ? edges(bytes) : [];
  const place = places[at % Math.max(places.length, 1)] ?? at % (bytes.length + 1);
  const from = edit.where === "start" ? 0 : place;
  const to = Math.min(from + length, bytes.length);
  const [head, part, tail] = [
    bytes.subarray(0, from),
    bytes.subarray(from, to),
    bytes.subarray(to),
  ];
  switch (kind) {
    case "turn": {
      const turned = new Uint8Array(bytes);
      if (from < turned.length) turned[from] = (turned[from] ?? 0) ^ (1 << (length % 8));
      return turned;
    }
    case "cut":
      return joined(head, tail);
    case "put":
      return joined(head, token, bytes.subarray(from));
    case "repeat":
      return joined(head, part, part, tail);
    case "lines": {
      const lines = Buffer.from(bytes).toString("latin1").split("\n");
      const [i, j] = [at % lines.length, length % lines.length];
      [lines[i], lines[j]] = [lines[j] ?? "", lines[i] ?? ""];
      return new Uint8Array(Buffer.from(lines.join("\n"), "latin1"));
    }
    case "splice":
      return joined(head, other.subarray(Math.min(from, other.length)));
    case "end":
      return new Uint8Array(head);
  }
}

/** At most the first hundred, and both ends. */
function edges(bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes).toString("latin1");
  const found = Array.from(text.matchAll(/\b|(?<=\n)/g), ({ index }) => index);
  return [0, ...found.slice(0, 100), bytes.length];
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
