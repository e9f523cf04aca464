/**
 * dep.unpinned: a reference that was held to a digest, commit or version becomes one
 * that can move: an action's tag, an image's `latest`, a branch of a module. Whoever
 * controls the name then decides what runs. Ranges of package managers are left out:
 * their lock files decide.
 */
import { packageChanges, placeOf, type Named } from "../../dependencies/delta.ts";
import { isDependencyFile } from "../../dependencies/packages-model.ts";
import type { LockedPackage } from "../../dependencies/package-set.ts";
import { statement } from "../clear.ts";
import { isDocumentation } from "../file-classes.ts";
import { finding, type Finding, type Rule } from "../rule.ts";

const order = ["moving", "version", "digest"] as const satisfies readonly LockedPackage["pin"][];
const references = new Set(["GitHub Actions", "docker", "terraform", "helm", "generic"]);

export const depUnpinned: Rule = {
  id: "dep.unpinned",
  version: 2,
  implications: ["dep.unpinned"],
  reads: (path) => isDependencyFile(path) && !isDocumentation(path),
  wantsPaths: true,
  run({ files, models, paths }): readonly Finding[] {
    const locks = new Set(paths.after.filter(isTerraformLock).map(folderOf));
    return packageChanges(files, models).flatMap(({ ecosystem, name, before, after }) => {
      // A provider is what the lock file beside it says; modules are in no lock file.
      const isLocked = ({ path }: Named) =>
        ecosystem === "terraform" &&
        /^[\w-]+(?:\/[\w-]+)?$/.test(name) &&
        !isTerraformLock(path) &&
        locks.has(folderOf(path));
      const isReference = (one: Named) =>
        !isLocked(one) &&
        (references.has(ecosystem) ||
          (one.kind === "manifest" && /^(?:git|hg)|^https?:/.test(one.source ?? "")));
      const [from, to] = [weakest(before.filter(isReference)), weakest(after.filter(isReference))];
      if (from === null || to === null || from.pin === to.pin) return [];
      const worse = order.indexOf(to.pin) < order.indexOf(from.pin);
      return [
        finding(depUnpinned, {
          implication: "dep.unpinned",
          direction: worse ? "worse" : "better",
          subject: `${ecosystem} ${name}`,
          locations: [placeOf(from, "before"), placeOf(to, "after")],
          evidence: [{ kind: "value", text: `${says(from)} to ${says(to)}` }],
          severity: worse
            ? from.pin === "digest" || to.pin === "moving"
              ? "medium"
              : "low"
            : "info",
          confidence: 95,
          rootCause: `pin:${ecosystem} ${name}`,
          clearBy: [
            statement(
              "the publisher is trusted to move this reference, by exception and with a reason",
            ),
          ],
        }),
      ];
    });
  },
};

function isTerraformLock(path: string): boolean {
  return path.endsWith(".terraform.lock.hcl");
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** The one that can move most easily: the rest of a list is no protection against it. */
function weakest(some: readonly Named[]): Named | null {
  return some.toSorted((a, b) => order.indexOf(a.pin) - order.indexOf(b.pin))[0] ?? null;
}

function says({ pin, version, integrity }: Named): string {
  return `${pin === "digest" ? (integrity[0] ?? "a digest") : (version ?? "no version")} (${pin === "moving" ? "can move" : `held by ${pin}`})`;
}
