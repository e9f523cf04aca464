/**
 * flag.flipped: a feature flag's default, state or share goes back: definitions of
 * flagd, OpenFeature, Unleash, LaunchDarkly, GO Feature Flag and the like in files
 * that their names tell. Whether on or off is safer nobody can know: the direction is
 * `changed`, but `worse` where a flag named for security goes off.
 */
import { type Setting, settingsOf } from "../../models/settings/settings.ts";
import { statement } from "../clear.ts";
import { securityWord } from "../file-classes.ts";
import { compareText } from "../order.ts";
import {
  type ChangedFile,
  finding,
  type Finding,
  type Rule,
  type RuleInput,
  type Side,
} from "../rule.ts";

const states = new Set([
  "enabled",
  "on",
  "default",
  "defaultvalue",
  "defaultvariant",
  "state",
  "percentage",
  "rollout",
  "rolloutpercentage",
  "variation",
  "offvariation",
  "fallthrough",
]);

export const flagFlipped: Rule = {
  id: "flag.flipped",
  version: 1,
  implications: ["flag.flipped"],
  reads: isFlagFile,
  run: (input) =>
    input.files
      .flatMap((file) => ofFile(input, file))
      .sort((a, b) => compareText(a.subject, b.subject)),
};

/** Settings files called after flags; source of a product about flags is none. */
function isFlagFile(path: string): boolean {
  return /(?:^|[/._-])(?:feature[-_]?)?(?:flags?|toggles?|flagd|flipper|features|unleash|launchdarkly|feature[-_]gates?)[\w-]{0,20}\.(?:ya?ml|json|toml|env|properties|ini)$/i.test(
    path,
  );
}

function ofFile(input: RuleInput, file: ChangedFile): Finding[] {
  if (!isFlagFile(file.path) || file.status !== "modified") return [];
  const read = (side: Side) => {
    const settings = settingsOf(input.models, file, side);
    return settings === null ? null : new Map(settings.map((one) => [one.key.join("."), one]));
  };
  const [before, after] = [read("before"), read("after")];
  if (before === null || after === null) return [];
  return [...before].flatMap(([key, from]): Finding[] => {
    const to = after.get(key);
    if (to === undefined || from.values.join() === to.values.join()) return [];
    if (!states.has(from.key.at(-1) ?? "") && !isOnOff(from, to)) return [];
    const isGuard =
      securityWord(key.replaceAll(".", " ")) !== null ||
      /mfa|csrf|auth|limit|encrypt|captcha/.test(key);
    const off =
      isGuard &&
      /^(?:true|on|enabled)$/i.test(from.values[0] ?? "") &&
      /^(?:false|off|disabled)$/i.test(to.values[0] ?? "");
    return [
      finding(flagFlipped, {
        implication: "flag.flipped",
        direction: off ? "worse" : "changed",
        subject: `${file.path}: ${key}`.slice(0, 300).toWellFormed(),
        locations: [
          { side: "before", path: file.path, startLine: from.line, endLine: from.endLine },
          { side: "after", path: file.path, startLine: to.line, endLine: to.endLine },
        ],
        evidence: [
          {
            kind: "value",
            text: `${key}: ${from.values.join(", ")} to ${to.values.join(", ")}`
              .slice(0, 300)
              .toWellFormed(),
          },
        ],
        severity: off ? "medium" : "low",
        confidence: 80,
        rootCause: `flag:${file.path}#${key}`.slice(0, 300).toWellFormed(),
        clearBy: [statement("the flag's owner confirms the state in the flag service")],
      }),
    ];
  });
}

function isOnOff(...both: readonly Setting[]): boolean {
  return both.every(({ values }) =>
    /^(?:true|false|on|off|enabled|disabled)$/i.test(values[0] ?? ""),
  );
}
