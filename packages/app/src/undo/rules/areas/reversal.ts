/** Rules about the going back itself: its origin, exactness, tests that go. */
import { revertInexact } from "../all/revert-inexact.ts";
import { revertOriginUnresolved } from "../all/revert-origin-unresolved.ts";
import { revertReapplied } from "../all/revert-reapplied.ts";
import { testRemoved } from "../all/test-removed.ts";
import type { Rule } from "../rule.ts";

export const reversalRules: readonly Rule[] = [
  revertInexact,
  revertOriginUnresolved,
  revertReapplied,
  testRemoved,
];
