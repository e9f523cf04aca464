/** NuGet's NuGetVersion: up to four numbers, then Semantic Versioning's pre-release without regard to case. */
import { compareSemver } from "./semver.ts";
import type { Order } from "./segments.ts";

export function compareNuGet(a: string, b: string): Order | null {
  return compareSemver(a.toLowerCase(), b.toLowerCase());
}
