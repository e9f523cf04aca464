import type { Examined } from "./examine.ts";
import type { Level } from "./measures.ts";
const S = { critical: 0.85, high: 0.6, medium: 0.3, low: 0.1, info: 0 };
const R = { runtime: 1, ci: 1, development: 0.4, example: 0.2 };
export function levelOf({ findings }: Examined): Level {
  const roots = new Map<string, { p: number; implication: string }>();
  for (const f of findings) {
    if (f.direction !== "worse") continue;
    const p = S[f.severity] * (f.confidence / 100) * R[f.reach];
    if (p > (roots.get(f.rootCause)?.p ?? 0))
      roots.set(f.rootCause, { p, implication: f.implication });
  }
  const by = new Map<string, number[]>();
  for (const { p, implication } of roots.values())
    by.set(implication, [...(by.get(implication) ?? []), p]);
  let rest = 1;
  for (const ps of by.values())
    ps.sort((a, b) => b - a).forEach((p, k) => {
      rest *= 1 - p * 0.5 ** k;
    });
  const risk = Math.round(100 * (1 - rest));
  return risk < 5
    ? "none"
    : risk < 25
      ? "low"
      : risk < 50
        ? "medium"
        : risk < 75
          ? "high"
          : "critical";
}
