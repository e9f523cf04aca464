/**
 * Is this rationale worth reading in a year? Looks for substance, not for length
 * alone, in any language. What says nothing at all is refused; what could say
 * more gets a hint with a name, one sentence and an example. The text comes from
 * a person at 3 a.m.: every remark can be acted on, and no style is refused.
 */
import { factsOf, normal, sameText, withoutLinks } from "./text-facts.ts";
import {
  exampleFor,
  guidance,
  hintNames,
  rationaleUses,
  type HintName,
  type RationalePlace,
  type RationaleUse,
} from "./uses.ts";

/** What is refused where the record needs a rationale. */
export const faultNames = [
  "empty",
  "too-long",
  "too-short",
  "repeated",
  "only-reference",
  "copied",
  "same-as-field",
  "says-nothing",
] as const;
export type FaultName = (typeof faultNames)[number];

export interface Remark {
  /** `refused` stops a proposal; a hint never does. */
  readonly level: "refused" | "hint";
  readonly name: FaultName | HintName;
  /** One sentence: what is missing, and what to add. */
  readonly says: string;
  /** A made-up rationale for the same reason and mode that has it. */
  readonly example: string;
}

export interface RationaleToCheck extends RationalePlace {
  readonly text: string;
  /** Other texts of the same statement, by field: what must not simply be repeated. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly tickets?: readonly string[];
  /** Messages of the commits that are undone, or of the one that undoes them. */
  readonly commitMessages?: readonly string[];
}

const maxLength = 4000;
/** Letters and digits: "prod is broken" has 12, "Applied the wrong version" has 22. */
const minWeight = 20;
/** Of an English text once the words that fit every rollback are taken off: one word. */
const leastLeft = 8;
const hollow =
  /\b(?:broken|bad|issues?|problems?|bugs?|fix(?:ed|es)?|revert(?:ed|ing|s)?|roll(?:ed|ing)? ?back|rollback|undo|prod(?:uction)?|asap|urgent|please|need(?:ed)?|the|a|an|is|are|was|it|in|on|to|of|and|for|this|that|we|because|due|must|should|commit|change)\b/gi;

/** Modes whose rationale the record demands; elsewhere everything is a hint. */
const demanded: ReadonlySet<RationaleUse> = new Set(["proposal", "emergency", "exercise", "plan"]);

/**
 * Remarks, refusals first; none where nothing is missing. A text that is refused
 * gets no hints: the first step is to say something.
 */
export function checkRationale(asked: RationaleToCheck): readonly Remark[] {
  const level = demanded.has(asked.use) ? "refused" : "hint";
  const example = exampleFor(asked);
  const fault = faultOf(asked);
  if (fault !== undefined) return [{ level, ...fault, example }];
  const facts = factsOf(asked.text);
  const security = (asked.fields?.["security"] ?? "") !== "";
  const lacks: Readonly<Record<HintName, boolean>> = {
    "no-number": !facts.number,
    "no-time": !facts.time,
    "no-change": !facts.change,
    "no-alternative": !facts.alternative,
    "no-exposure": !facts.exposure && !security,
    "no-reference": !facts.reference,
  };
  const { expects } = guidance[asked.use];
  return hintNames.flatMap((name): Remark[] => {
    const says = expects[name];
    return says === undefined || !lacks[name] ? [] : [{ level: "hint", name, says, example }];
  });
}

function faultOf(asked: RationaleToCheck): { name: FaultName; says: string } | undefined {
  const text = asked.text.trim();
  if (text.length > maxLength) {
    return {
      name: "too-long",
      says: `The text has ${text.length} characters; keep it under ${maxLength} and attach the rest as evidence.`,
    };
  }
  const words = normal(text).split(" ");
  if (words[0] === "") {
    return { name: "empty", says: "Nothing is said; say what was seen, and why this is right." };
  }
  if (isRepeated(normal(withoutLinks(text)).split(" "))) {
    return { name: "repeated", says: "The text repeats itself; say what was seen, and why." };
  }
  const field = Object.entries(asked.fields ?? {}).find(([, other]) => sameText(other, text));
  if (field !== undefined) {
    return {
      name: "same-as-field",
      says: `The text is the same as ${field[0]}; that field says what, this one says why.`,
    };
  }
  if (isOnlyReference(text, asked.tickets ?? [])) {
    return {
      name: "only-reference",
      says: "A ticket, link or commit alone explains nothing once it is gone; say in a sentence what it says.",
    };
  }
  if (isCopied(text, asked.commitMessages ?? [])) {
    return {
      name: "copied",
      says: "That is a commit's message or a line of the help; say in your own words what was seen, and why.",
    };
  }
  if (factsOf(text).weight < minWeight) {
    return {
      name: "too-short",
      says: `"${words.slice(0, 6).join(" ")}" is too little to judge by; say what was seen, since when, and why this is right.`,
    };
  }
  // In another language no word is hollow, and all is left.
  const left = text.replaceAll(hollow, " ");
  return left !== text && factsOf(left).weight < leastLeft && !/\p{N}/u.test(text)
    ? {
        name: "says-nothing",
        says: "The text says that something is wrong, not what; name the symptom, the component, and what changed.",
      }
    : undefined;
}

/** `aaaaaaaa`, `test test test test`, `…….` */
function isRepeated(words: readonly string[]): boolean {
  const all = words.join("");
  const kinds = new Set(all).size;
  if (all.length >= 8 && kinds <= 3 && /\p{L}/u.test(all)) return true;
  if (/^(.{1,12}?)\1{3,}.{0,12}$/su.test(all)) return true;
  return words.length >= 8 && new Set(words).size < words.length / 3;
}

function isOnlyReference(text: string, tickets: readonly string[]): boolean {
  const rest = tickets.reduce((left, ticket) => left.replaceAll(ticket, " "), text);
  const facts = factsOf(rest);
  return facts.weight < 4 && (facts.reference || facts.change || rest !== text);
}

/** `Revert "Add retries"`, with or without the line that git adds, in whole or as all that is there. */
function isCopied(text: string, messages: readonly string[]): boolean {
  const own = text
    .replaceAll(/^This reverts commit .*$/gimu, "")
    .replaceAll(/^(?:Signed-off-by|Co-authored-by|Change-Id):.*$/gimu, "")
    .trim();
  const quotes = /^(?:Revert|Reapply|Rollback)\s*:?\s*["“].*["”]\s*(?:\(#\d+\))?\.?$/isu.test(own);
  // A word after a closing quote is somebody's own.
  if (quotes && !/["”][\s:,;–-]+\p{L}/u.test(own)) return true;
  if (own === "") return true;
  const helps = rationaleUses.flatMap((use) => [
    ...guidance[use].has,
    ...Object.values(guidance[use].examples),
    ...Object.values(guidance[use].expects),
  ]);
  const subjects = messages.flatMap((message) => [message, message.split("\n", 1)[0] ?? ""]);
  return [...helps, ...subjects].some((other) => other !== "" && sameText(other, own));
}
