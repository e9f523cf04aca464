/** The level of one examined commit, as a report would say it. */
import { riskOf } from "../packages/app/src/undo/risk/score.ts";
import type { Examined } from "./examine.ts";
import type { Level } from "./measures.ts";

export function levelOf({ findings, wanted, unread, reversal }: Examined): Level {
  const { level } = riskOf(findings, { wanted, unread, originUnresolved: reversal === null });
  return level === "unknown" ? "none" : level;
}
