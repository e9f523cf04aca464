/** Rules about the going back itself: its origin, exactness, tests that go. */
import { testRemoved } from "../all/test-removed.ts";
import type { Rule } from "../rule.ts";

export const reversalRules: readonly Rule[] = [testRemoved];
