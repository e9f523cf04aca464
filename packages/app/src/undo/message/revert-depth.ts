/**
 * How often a subject takes something back: 0 for a change, 1 for
 * `Revert "x"`, 2 for `Revert "Revert "x""` and for `Reapply "x"`, which is what
 * git writes for the former since 2.43. Even means that the change stands.
 */
export function revertDepth(subject: string): number {
  let depth = 0;
  let rest = subject.trim();
  // A subject has 1000 characters at most (commit.ts), so this ends soon.
  for (;;) {
    const found =
      /^(?:\S{1,60}:\s+|\[[^\]]{1,60}\]\s*){0,3}(revert|reapply|reland)(?:\([^)]{0,60}\))?(?:!?:\s*|\s+)["'“]?/i.exec(
        rest,
      );
    if (found === null) return depth;
    depth += /^revert$/i.test(found[1] ?? "") ? 1 : 2;
    rest = rest.slice(found[0].length);
  }
}
