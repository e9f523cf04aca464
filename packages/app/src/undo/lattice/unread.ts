/**
 * Which configuration files of a change the lattice rules did not read, and why:
 * their silence on such a file is no clearance. For the unknowns of a report.
 */
import { compareText } from "../rules/order.ts";
import type { ChangedFile } from "../rules/rule.ts";
import { isManifestPath, unreadManifest } from "./kubernetes.ts";
import { isWorkflowPath, unreadWorkflow } from "./workflows.ts";

export type Unread = { readonly path: string; readonly reason: string };

/** One entry a file, by path; where both sides are unread the side left is told. */
export function unreadConfiguration(files: readonly ChangedFile[]): Unread[] {
  return files
    .flatMap((file): Unread[] => {
      const why = isWorkflowPath(file.path)
        ? unreadWorkflow
        : isManifestPath(file.path)
          ? unreadManifest
          : null;
      if (why === null) return [];
      const reasons = [file.before, file.after].flatMap((text) =>
        text === undefined ? [] : (why(text) ?? []),
      );
      const [reason] = reasons;
      return reason === undefined ? [] : [{ path: file.path, reason }];
    })
    .sort((a, b) => compareText(a.path, b.path));
}
