/**
 * Is this rationale worth reading in a year? Looks for substance, not for length
 * alone, and says what is missing with an example. The text comes from a person
 * at 3 a.m.: every remark is one sentence that can be acted on.
 */
export interface Remark {
  /** `refused` stops a proposal; `advice` does not. */
  readonly level: "refused" | "advice";
  readonly says: string;
}

/** Shown wherever a rationale is asked for. */
export const rationaleHelp = `Say three things: what you saw, since when, and why going back is better than fixing forward.
For example: "Checkout 5xx went from 0.1 % to 7 % at 02:40, right after 1.42.0; rollback restores 1.41.3, a fix needs a schema change that takes a day."`;

const maxLength = 4000;
const minWords = 8;
const hollow =
  /\b(?:broken|bad|issues?|problems?|bugs?|fix(?:ed|es)?|revert(?:ed|ing)?|roll(?:ed|ing)? ?back|rollback|undo|prod(?:uction)?|asap|urgent|please|needed?|the|a|an|is|are|was|it|in|on|to|of|and|for|this|that|we|because|due|must|should)\b/gi;

/** `others` are texts that must not simply be repeated: tickets, the service's name, the impact. */
export function lintRationale(text: string, others: readonly string[] = []): readonly Remark[] {
  const trimmed = text.trim();
  const remarks: Remark[] = [];
  const refuse = (says: string) => remarks.push({ level: "refused", says });
  const advise = (says: string) => remarks.push({ level: "advice", says });

  if (trimmed.length > maxLength) {
    refuse(
      `The rationale has ${trimmed.length} characters; keep it under ${maxLength} and attach the rest as evidence.`,
    );
    return remarks;
  }
  const words = trimmed.match(/[\p{L}\p{N}][\p{L}\p{N}.%'-]*/gu) ?? [];
  if (words.length < minWords) {
    refuse(
      `The rationale has ${words.length} words; say in at least ${minWords} what you saw, since when, and why going back is better than fixing forward.`,
    );
  }
  if (others.some((other) => other !== "" && normal(other) === normal(trimmed))) {
    refuse("The rationale repeats another field; say why, not what.");
  }
  const distinct = new Set(words.map((word) => word.toLowerCase()));
  if (words.length >= minWords && distinct.size < words.length / 2) {
    refuse("The rationale repeats the same words; say what you saw, since when, and why.");
  }
  const substance = normal(trimmed.replaceAll(hollow, " "))
    .split(" ")
    .filter((word) => word.length > 1);
  if (words.length >= minWords && substance.length < 4) {
    refuse(
      "The rationale says that something is broken, not what: name the symptom, the component, and what changed.",
    );
  }
  if (!/\d/.test(trimmed))
    advise("A number helps a reader later: an error rate, a latency, a time.");
  if (!/\b(?:since|after|at|from|when|began|started|until)\b/i.test(trimmed)) {
    advise("Say since when: it lets a reviewer match the rollback with alerts and deployments.");
  }
  if (
    !/\b(?:instead|rather|than|because|forward|faster|safer|takes?|cannot|would|risk)\b/i.test(
      trimmed,
    )
  ) {
    advise("Say why going back is better than fixing forward.");
  }
  return remarks;
}

function normal(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
