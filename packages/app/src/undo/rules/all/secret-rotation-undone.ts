/**
 * secret.rotation-undone: an encrypted secret goes back to an earlier value. If the
 * secret was rotated in between, the old value is out of use, or worse, in use again.
 * Sure where a message speaks of rotation, less so for a bare change of ciphertext.
 */
import { statement } from "../clear.ts";
import { isDocumentation, isTest } from "../file-classes.ts";
import { type ChangedFile, finding, type Finding, type Rule } from "../rule.ts";

const rotation =
  /\b(?:rotat\w{0,4}|revok\w{0,3}|compromis\w{0,3}|leak\w{0,3}|re-?generat\w{0,4}|renew\w{0,3}|roll(?:ed|ing)?\s+(?:the\s+)?(?:key|secret|password|token|cred))/i;
const secretWords = /\b(?:secret|password|passwd|token|credential|key|cert|certificate)s?\b/i;
/** Ciphertext as tools write it: sops, ansible-vault, sealed secrets, age, git-crypt's binary files. */
const ciphertext =
  /ENC\[AES256_GCM,|\$ANSIBLE_VAULT;|encryptedData:|-----BEGIN AGE ENCRYPTED FILE-----|-----BEGIN PGP MESSAGE-----/;
const vaultPath =
  /(?:^|[/._-])(?:secrets?|credentials?|vault|sops|passwords?)(?:[/._-]|$)|\.(?:enc|age|gpg|tfvars|crypt)(?:\.|$)/i;
/** What is no text for another reason. */
const media = /\.(?:png|jpe?g|gif|ico|svg|webp|pdf|woff2?|ttf|zip|gz|jar|class|exe|so|mp[34])$/i;

export const secretRotationUndone: Rule = {
  id: "secret.rotation-undone",
  version: 1,
  implications: ["secret.rotation-undone"],
  reads: (path) => vaultPath.test(path) || /\.(?:ya?ml|json|env|ini)$/.test(path),
  run({ files, undone, undoing }): readonly Finding[] {
    const messages = [...undone, ...(undoing === null ? [] : [undoing])];
    const said = messages.find(
      ({ message }) => rotation.test(message) && secretWords.test(message),
    );
    return files.filter(isVault).map((file) =>
      finding(secretRotationUndone, {
        implication: "secret.rotation-undone",
        direction: "worse",
        subject: file.path,
        locations: [{ side: "after", path: file.path, startLine: 1, endLine: 1 }],
        evidence: [
          { kind: "path", text: "an encrypted file goes back to an earlier content" },
          ...(said === undefined
            ? []
            : [{ kind: "message" as const, text: said.subject, commit: said.commit }]),
        ],
        severity: said === undefined ? "medium" : "high",
        confidence: said === undefined ? 50 : 80,
        rootCause: `secret:${file.path}`,
        clearBy: [
          statement(
            "the secret store is the source of truth and the file is not used, or the old value is valid",
          ),
        ],
      }),
    );
  },
};

function isVault({ path, status, before, after }: ChangedFile): boolean {
  if (status !== "modified" || isTest(path) || isDocumentation(path)) return false;
  // What git-crypt and the like encrypt is no text on either side.
  if (before === undefined && after === undefined) return vaultPath.test(path) && !media.test(path);
  return (
    before !== undefined &&
    after !== undefined &&
    ciphertext.test(before) &&
    ciphertext.test(after) &&
    cipherLines(before) !== cipherLines(after)
  );
}

function cipherLines(text: string): string {
  return text
    .slice(0, 1_000_000)
    .split("\n")
    .filter(
      (line) =>
        !/^\s*(?:lastmodified|mac|version|pgp|created_at)\s*[:=]|"(?:lastmodified|mac|version)"/.test(
          line,
        ),
    )
    .join("\n");
}
