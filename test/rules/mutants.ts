/**
 * Every single way to weaken the rules that can be made by changing one place in
 * the source: a rule that no longer refuses, a comparison that is off by one, an
 * `and` that is an `or`. What the tests do not notice is a rule that nobody holds.
 */

export interface Mutant {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly what: string;
  /** The line as it was, without space around it. */
  readonly was: string;
  readonly text: string;
}

const swaps: readonly (readonly [pattern: RegExp, to: string])[] = [
  [/ && /g, " || "],
  [/ \|\| /g, " && "],
  [/ === /g, " !== "],
  [/ !== /g, " === "],
  [/ >= /g, " > "],
  [/ <= /g, " < "],
  [/ > (?=[\w(])/g, " >= "],
  [/ < (?=[\w(])/g, " <= "],
  [/\.some\(/g, ".every("],
  [/\.every\(/g, ".some("],
  [/Math\.max\(/g, "Math.min("],
  [/Math\.min\(/g, "Math.max("],
];

/** A rule that is made to hold, and a refusal that is made and not thrown. */
export function removals(file: string, text: string): readonly Mutant[] {
  return [
    ...at(
      file,
      text,
      /(?<![\w.] ?|function )\brule\((?=\s*"([a-z-]+)")/g,
      "rule removed",
      () => "((..._: unknown[]) => undefined)(",
    ),
    ...at(file, text, /throw (?=new Refusal\()/g, "refusal not thrown", () => "void "),
    ...at(
      file,
      text,
      /(?<=^ {4}|^ {2}|; )(?:noPartIn|notOneself|checkDelegate|checkMode|checkObligation|checkClock|checkSubjects|checkChain|checkState|checkSigner|checkPermissions|newToRegistry|mustGrant|mustPermit)\(/gm,
      "check not made",
      () => "((..._: unknown[]) => undefined)(",
    ),
  ];
}

/** One operator replaced by its neighbour. Sentences, types and comments are left alone. */
export function operators(file: string, text: string): readonly Mutant[] {
  return swaps.flatMap(([pattern, to]) =>
    at(file, text, pattern, `\`${to.trim()}\` instead`, () => to),
  );
}

function at(
  file: string,
  text: string,
  pattern: RegExp,
  what: string,
  to: () => string,
): readonly Mutant[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const line = text.slice(0, match.index).split("\n").length;
    const was = (text.split("\n")[line - 1] ?? "").trim();
    const sentence = /^(?:\*|\/\*|\/\/|`|\(\) =>$|export (?:type|interface)|readonly )/.test(was);
    if (sentence || was.includes("throw new TypeError")) return [];
    return [
      {
        file,
        line,
        what,
        was,
        text: `${text.slice(0, match.index)}${to()}${text.slice(match.index + match[0].length)}`,
      },
    ];
  });
}
