/**
 * Every kind of statement. A new kind is a file beside this one and a line
 * here; a test refuses a file that is not listed.
 */
import type { JsonObject } from "../bytes/canonical-json.ts";
import { accountLinked } from "./account-linked.ts";
import { accountUnlinked } from "./account-unlinked.ts";
import { alarmCleared } from "./alarm-cleared.ts";
import { permissionsChanged } from "./permissions-changed.ts";
import { policyDecided } from "./policy-decided.ts";
import { policyReviewDue } from "./policy-review-due.ts";
import { policyProposed } from "./policy-proposed.ts";
import { roleGranted } from "./role-granted.ts";
import { roleRevoked } from "./role-revoked.ts";
import { assessed } from "./assessed.ts";
import { authorised } from "./authorised.ts";
import { closed } from "./closed.ts";
import { decision } from "./decision.ts";
import { evidence } from "./evidence.ts";
import { executionFinished } from "./execution-finished.ts";
import { executionStarted } from "./execution-started.ts";
import { expired } from "./expired.ts";
import { keyAdded } from "./key-added.ts";
import { keyRevoked } from "./key-revoked.ts";
import { lapsed } from "./lapsed.ts";
import { logClosed } from "./log-closed.ts";
import { logKeyRotated } from "./log-key-rotated.ts";
import { logOpened } from "./log-opened.ts";
import { observation } from "./observation.ts";
import { openingDeleted } from "./opening-deleted.ts";
import { personAdded } from "./person-added.ts";
import { proposed } from "./proposed.ts";
import { reviewed } from "./reviewed.ts";
import { stabilised } from "./stabilised.ts";
import { checkReported } from "./check-reported.ts";
import { classified } from "./classified.ts";
import { decisionWithdrawn } from "./decision-withdrawn.ts";
import { drillCancelled } from "./drill-cancelled.ts";
import { drillDue } from "./drill-due.ts";
import { drillHeld } from "./drill-held.ts";
import { drillOverdue } from "./drill-overdue.ts";
import { drillScheduled } from "./drill-scheduled.ts";
import { executionOverdue } from "./execution-overdue.ts";
import { exceptionExpired } from "./exception-expired.ts";
import { exceptionDecided } from "./exception-decided.ts";
import { exceptionGranted } from "./exception-granted.ts";
import { exceptionRequested } from "./exception-requested.ts";
import { implicationCleared } from "./implication-cleared.ts";
import { grantUsed } from "./grant-used.ts";
import { obliged } from "./obliged.ts";
import { obligationOverdue } from "./obligation-overdue.ts";
import { overridden } from "./overridden.ts";
import { overrideEnded } from "./override-ended.ts";
import { retrospective } from "./retrospective.ts";
import { retrospectiveOverdue } from "./retrospective-overdue.ts";
import { temporaryExpired } from "./temporary-expired.ts";
import { temporaryExpiring } from "./temporary-expiring.ts";
import { temporaryUndone } from "./temporary-undone.ts";
import type { RecordStatement, RegistryStatement } from "./statement-type.ts";
import { verification } from "./verification.ts";
import { keyEnrolled } from "./key-enrolled.ts";
import { workloadBound } from "./workload-bound.ts";
import { workloadKey } from "./workload-key.ts";
import { withdrawn } from "./withdrawn.ts";

/** A kind whose body type is forgotten. */
export type AnyStatementType = RecordStatement<JsonObject> | RegistryStatement<JsonObject>;

const all: readonly AnyStatementType[] = [
  logOpened,
  logKeyRotated,
  logClosed,
  personAdded,
  keyAdded,
  keyRevoked,
  accountLinked,
  accountUnlinked,
  alarmCleared,
  permissionsChanged,
  policyDecided,
  policyProposed,
  policyReviewDue,
  roleGranted,
  roleRevoked,
  proposed,
  assessed,
  evidence,
  decision,
  authorised,
  executionStarted,
  executionFinished,
  observation,
  verification,
  stabilised,
  reviewed,
  closed,
  withdrawn,
  expired,
  lapsed,
  checkReported,
  classified,
  decisionWithdrawn,
  drillCancelled,
  drillDue,
  drillHeld,
  drillOverdue,
  drillScheduled,
  executionOverdue,
  exceptionDecided,
  exceptionExpired,
  exceptionGranted,
  exceptionRequested,
  grantUsed,
  implicationCleared,
  obligationOverdue,
  obliged,
  overridden,
  overrideEnded,
  retrospective,
  retrospectiveOverdue,
  temporaryExpired,
  temporaryExpiring,
  temporaryUndone,
  keyEnrolled,
  workloadBound,
  workloadKey,
  openingDeleted,
];

export const statementTypes: ReadonlyMap<string, AnyStatementType> = new Map(
  all.map((type) => [type.name, type]),
);
