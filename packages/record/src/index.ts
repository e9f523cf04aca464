/** The rollback record: statements, signatures, rules, state, and the package that proves them. */
export { readArchive, writeArchive, type ArchiveFile } from "./archive/archive.ts";
export {
  canonicalBytes,
  canonicalize,
  parseCanonical,
  type JsonObject,
  type JsonValue,
} from "./bytes/canonical-json.ts";
export {
  checkOpening,
  commit,
  makeOpening,
  openingShape,
  type Opening,
} from "./bytes/commitment.ts";
export {
  decodeBase64,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  equalBytes,
} from "./bytes/encoding.ts";
export { tooDeepAt } from "./bytes/json-depth.ts";
export { quote, RecordError, type RecordErrorCode } from "./bytes/error.ts";
export { checkAt } from "./bytes/shape.ts";
export { Refusal, type RuleId } from "./constitution/refusal.ts";
export { formatEnvelope, parseEnvelope, type Envelope } from "./dsse/envelope.ts";
export { pae } from "./dsse/pae.ts";
export { statementPayloadType } from "./dsse/statement.ts";
export {
  formatEntry,
  identityOf,
  maxEntryBytes,
  parseEntry,
  registryStream,
  type Entry,
  type LedgerFacts,
} from "./entry/entry.ts";
export { advance, advanceRegistry, foldVersion, type Position } from "./lifecycle/advance.ts";
export {
  deadlineOf,
  deadlinesOf,
  nextDrill,
  timers,
  type Deadline,
  type TimerType,
} from "./lifecycle/deadlines.ts";
export { dutiesOf, timerSays, type Duty } from "./lifecycle/duties.ts";
export { follows, type Following, type SystemType } from "./lifecycle/follows.ts";
export {
  announcedKeys,
  currentLogKey,
  formatRotation,
  logKeysOf,
  maxOverlap,
  rotationReasons,
  type AnnouncedKey,
  type RotationReason,
} from "./registry/log-keys.ts";
export { mustGrant, type Use } from "./constitution/grant.ts";
export { quorumOf, unfilled, type Quorum } from "./constitution/quorum.ts";
export { registryFollows, type RegistryFollowing } from "./lifecycle/registry-follows.ts";
export { digestOf, evidenceHash, recordHash } from "./lifecycle/record-hash.ts";
export {
  applyEntry,
  emptyWorld,
  beginEntry,
  replayEntry,
  type BegunEntry,
  signingKey,
  type Replayed,
  type World,
} from "./lifecycle/replay.ts";
export {
  approvalsInForce,
  artefactsOf,
  clearingsInForce,
  decisionKinds,
  decisionsInForce,
  hasRun,
  obligationUnmet,
  isDangling,
  isOverdue,
  openedAt,
  ended,
  statuses,
  type Artefact,
  type Clearing,
  type Decision,
  type DecisionKind,
  type Drills,
  type RecordState,
  type Status,
  type TimelineItem,
} from "./lifecycle/state.ts";
export { classifyRequest, policyActionOf, policyRequest, signalFacts } from "./policy/facts.ts";
export {
  obligationOf,
  signalReason,
  signalRequest,
  type SignalObligation,
  type SignalPlace,
} from "./policy/obliging.ts";
export {
  judgeOf,
  mustPermit,
  policyActions,
  type Classification,
  type Judge,
  type Judging,
  type Obliging,
  type PolicyAction,
  type PolicyRequest,
  type Verdict,
} from "./policy/judge.ts";
export {
  obligationsOf,
  lanes,
  obligationsShape,
  strictest,
  type Obligations,
  type RoleSeat,
} from "./policy/obligations.ts";
export { condition, showCondition, unmet, type Condition } from "./statements/condition.ts";
export { registryArtefacts, type LoadJudge } from "./package/registry-artefacts.ts";
export { maxTokenLength, verifyIdToken, type IdToken } from "./identity/id-token.ts";
export {
  enrolmentNonce,
  mustMatch,
  workloadAudience,
  type ClaimMatch,
} from "./identity/key-binding.ts";
export { vouchesForPerson, vouchesForWorkload } from "./identity/vouching.ts";
export { maxKeySetBytes } from "./statements/key-enrolled.ts";
export { makePackage, type PackageEntry, type PackageParts } from "./package/make.ts";
export type { Finding, VerifyReport } from "./package/report.ts";
export type { AttestedEntry, CheckTime, PackageTime } from "./package/times.ts";
export { verifyPackage, type VerifyOptions } from "./package/verify.ts";
export { rationaleOf } from "./rationale/of-statement.ts";
export {
  checkRationale,
  faultNames,
  type FaultName,
  type RationaleToCheck,
  type Remark,
} from "./rationale/rationale.ts";
export {
  exampleFor,
  guidance,
  hintNames,
  rationaleHelp,
  rationaleUses,
  type Guidance,
  type HintName,
  type RationalePlace,
  type RationaleUse,
} from "./rationale/uses.ts";
export {
  assuranceOf,
  doubtful,
  holderOf,
  personById,
  rolesFor,
  usableKey,
  type Account,
  type EnrolledKey,
  type Person,
  type PolicyProposal,
  type ClearedAlarm,
  type LogClosed,
  type Predecessor,
  type Registry,
  type Role,
  type Workload,
} from "./registry/registry.ts";
export { formatArmor, parseArmor } from "./sshsig/armor.ts";
export {
  fingerprint,
  formatPublicKey,
  formatPublicKeyLine,
  parsePublicKey,
  parsePublicKeyLine,
  type PublicKey,
} from "./sshsig/public-key.ts";
export { ed25519KeyBlob, sshsigFromRaw } from "./sshsig/sign.ts";
export { parseSshsig, signedData } from "./sshsig/sshsig.ts";
export { verifySshsig } from "./sshsig/verify.ts";
export { sshsigFromAssertion, type Assertion } from "./sshsig/webauthn.ts";
export { commitmentsIn } from "./statements/commitments.ts";
export { obligedPerson } from "./registry/obliged-person.ts";
export { drillTargets, longestScheduleDays } from "./statements/drill-scheduled.ts";
export { interval, occurrence } from "./lifecycle/interval.ts";
export { maxRulesBytes } from "./statements/policy-proposed.ts";
export { deletionGrounds } from "./statements/opening-deleted.ts";
export { decisionSentence } from "./statements/decision-sentence.ts";
export { evidenceKinds } from "./statements/evidence.ts";
export { textField } from "./statements/fields.ts";
export {
  clearingGrounds,
  clearingScopes,
  longestClearingDays,
} from "./statements/implication-cleared.ts";
export { revocationReasons } from "./statements/key-revoked.ts";
export {
  makePayload,
  openEnvelope,
  parsePayload,
  type ParsedStatement,
  type SignedStatement,
} from "./statements/signed-statement.ts";
export { namespaceOf, type Head, type Subject } from "./statements/statement-type.ts";
export { statementTypes } from "./statements/types.ts";
export * from "./statements/words.ts";
