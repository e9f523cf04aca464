/** A report for tests of what is done with reports. */
import { type UndoReport, undoReportVersion } from "../range/report.ts";
import { riskOf } from "../risk/score.ts";

/** Of an analysis that found nothing but its author. */
export const undoReport: UndoReport = {
  version: undoReportVersion,
  mode: "restore",
  from: "b".repeat(40),
  target: "a".repeat(40),
  undone: [],
  undoneCount: 2,
  spared: [],
  gained: [],
  comesBack: [],
  files: [],
  fileCount: 3,
  components: [],
  blast: {
    version: 1,
    owners: [],
    services: [],
    dependents: [],
    contracts: [],
    tests: { files: 0, removed: 0 },
    unknowns: [],
  },
  authors: [{ author: "Ada <ada@example.com>", commits: 1 }],
  tags: [],
  findings: [],
  risk: riskOf([], { wanted: 3, unread: 0, originUnresolved: false }),
  inputs: { asOf: "2026-11-23T02:00:00Z" },
  rules: [{ id: "dep.downgraded", version: 3 }],
  unknowns: ["no advisory data is here"],
};
