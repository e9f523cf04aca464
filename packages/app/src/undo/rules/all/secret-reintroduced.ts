/**
 * secret.reintroduced: a secret value is in the text again that was not in the state
 * left. What was taken out of the text is mostly not taken out of use, and what comes
 * back was mostly taken out for a reason. Values are hashed with a key and dropped;
 * nothing of them is in a finding.
 */
import { longestText, secretsIn } from "../../models/secrets/secrets.ts";
import { finding, type Finding, type Rule, type Side } from "../rule.ts";

export const secretReintroduced: Rule = {
  id: "secret.reintroduced",
  version: 1,
  implications: ["secret.reintroduced"],
  reads: mayHold,
  run({ files, hashSecret }): readonly Finding[] {
    const read = (side: Side) =>
      files
        .filter(({ path }) => mayHold(path))
        .flatMap((file) =>
          (secretsIn(file[side] ?? "") ?? []).map(({ kind, line, confidence, value }) => ({
            kind,
            line,
            confidence,
            path: file.path,
            hash: hashSecret(value),
          })),
        );
    const known = new Set(read("before").map(({ hash }) => hash));
    const fresh = new Map(
      read("after")
        .filter(({ hash }) => !known.has(hash))
        .map((one) => [one.hash, one]),
    );
    return [...fresh.values()].map(({ kind, line, confidence, path, hash }) =>
      finding(secretReintroduced, {
        implication: "secret.reintroduced",
        direction: "worse",
        subject: `${kind} in ${path}`,
        locations: [{ side: "after", path, startLine: line, endLine: line }],
        evidence: [{ kind: "value", text: `keyed hash ${hash.slice(0, 16)}` }],
        severity: confidence >= 70 ? "critical" : "medium",
        confidence,
        rootCause: `secret:${hash.slice(0, 16)}`,
        clearBy: [
          { kind: "secret-revoked", secret: hash, text: "the secret is proven revoked" },
          { kind: "statement", text: "it is a key for tests, on the allow-list" },
        ],
      }),
    );
  },
  unknowns({ files }) {
    const unread = files.filter(
      ({ path, before = "", after = "" }) =>
        mayHold(path) && Math.max(before.length, after.length) > longestText,
    );
    return unread.length === 0
      ? []
      : [`${unread.length} large files were not searched for secrets`];
  },
};

function mayHold(path: string): boolean {
  return !/\.(?:md|mdx|rst|adoc|lock|sum|svg|map|min\.js|min\.css|snap)$|(?:^|\/)(?:package-lock\.json|pnpm-lock\.yaml)$/i.test(
    path,
  );
}
