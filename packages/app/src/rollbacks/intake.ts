/**
 * A submission on its way to the lock: everything about it that the order of
 * the log cannot change. What passes is signed, opened and worth deciding.
 */
import {
  canonicalize,
  checkOpening,
  checkRationale,
  commitmentsIn,
  decisionSentence,
  decodeBase64,
  openEnvelope,
  parsePayload,
  personById,
  rationaleOf,
  signingKey,
  textField,
  type Condition,
  type DecisionKind,
  type JsonObject,
  type Opening,
  type RecordState,
  type Registry,
  type Remark,
  type SignedStatement,
} from "@countermand/record";
import { loadJudge } from "../policy/judge.ts";
import { parseUndoReport, ReportError } from "../undo/range/parse-report.ts";
import { summaryOf } from "../undo/range/summary.ts";
import { authorEmails, resolveAuthors } from "./authors.ts";
import type { Command } from "./batch.ts";
import type { Submission } from "./countermand.ts";
import { RollbacksError } from "./error.ts";
import { checkInverseArtefact } from "./inverse-artefact.ts";
import { checkToken, type IsPublished } from "./identity-tokens.ts";

/** What intake reads. */
export interface IntakeSources {
  readonly registry: Registry;
  /** Names and mail addresses of who is enrolled; only an assessment needs them. */
  registryOpenings(): Promise<readonly Opening[]>;
  record(id: string): Promise<RecordState | undefined>;
  artefact(digest: string): Promise<Uint8Array | undefined>;
  hasArtefact(digest: string): Promise<boolean>;
  readonly now: () => Date;
  readonly isPublished: IsPublished;
}

export async function takeIn(
  submission: Submission,
  sources: IntakeSources,
): Promise<{ readonly command: Command; readonly hints: readonly Remark[] }> {
  const { envelope, openings } = submission;
  const statement = await openEnvelope(envelope, await signer(envelope, sources));
  if (statement.type.saidBy === "system") {
    throw new RollbacksError(
      "invalid",
      `${statement.type.name} follows from the entries; nobody submits it`,
    );
  }
  const texts = openedTexts(statement, openings);
  const hints = judgeRationale(statement, texts);
  switch (statement.type.name) {
    case "assessed":
      await checkAssessment(statement, sources);
      await checkInverseArtefact(
        statement.body,
        (await sources.record(textField(statement.body, "record")))?.proposal,
        (digest) => sources.artefact(digest),
      );
      break;
    case "decision":
      await checkSentence(statement, sources);
      break;
    case "evidence":
      await checkArtefact(textField(statement.body, "digest"), sources);
      break;
    case "key-enrolled":
    case "workload-key":
      await checkToken(statement, texts.get("token") ?? "", sources);
      break;
    case "policy-proposed":
      await checkRules(statement, sources);
      break;
    default:
      break;
  }
  return { command: { kind: "statement", envelope, statement, openings }, hints };
}

/** The key that must have signed: the person's, or for its record a job's own. */
async function signer(envelope: Submission["envelope"], sources: IntakeSources): Promise<string> {
  const { head, body } = parsePayload(decodeBase64(envelope.payload));
  const { registry } = sources;
  const person = personById(registry, head.actor);
  const known = person?.keys.some((key) => key.fingerprint === head.key) !== false;
  const id = body["record"];
  // Only a job's statements need the record to find their key.
  const state = known || typeof id !== "string" ? undefined : await sources.record(id);
  return signingKey(registry, { envelope }, state);
}

/** Field to text; every commitment must be opened, and nothing else. */
function openedTexts(
  statement: SignedStatement,
  openings: readonly Opening[],
): ReadonlyMap<string, string> {
  const commitments = commitmentsIn(statement.type.name, statement.body);
  const texts = new Map<string, string>();
  for (const opening of openings) {
    const field = commitments.get(opening.commitment);
    if (field === undefined) {
      throw new RollbacksError(
        "invalid",
        `the statement does not make the commitment ${opening.commitment}; send the openings of its own commitments`,
      );
    }
    const value = checkOpening(opening);
    if (typeof value !== "string" || value.length > maxText) {
      throw new RollbacksError("invalid", `${field} is a text of at most ${maxText} characters`);
    }
    texts.set(field, value);
  }
  for (const [, field] of commitments) {
    if (!texts.has(field)) {
      throw new RollbacksError(
        "missing-opening",
        `the opening of ${field} is missing; send salt and value of every commitment`,
      );
    }
  }
  return texts;
}

const maxText = 8000;

/** Refuses what says nothing where the record needs a rationale; what could be better is a hint. */
function judgeRationale(
  { type, body }: SignedStatement,
  texts: ReadonlyMap<string, string>,
): readonly Remark[] {
  const asked = rationaleOf(type.name, body, texts);
  const remarks = asked === undefined ? [] : checkRationale(asked);
  const refused = remarks.filter(({ level }) => level === "refused");
  if (refused.length === 0) return remarks;
  throw new RollbacksError("rationale", refused.map(({ says }) => says).join(" "), {
    remarks: refused,
  });
}

/** The report must be here, and its authors must be those that the statement names. */
async function checkAssessment(statement: SignedStatement, sources: IntakeSources): Promise<void> {
  const { body } = statement;
  const report = body["report"] as { readonly digest: string } | undefined;
  if (report === undefined) {
    if ((body["unknowns"] as readonly string[]).length === 0) {
      throw new RollbacksError(
        "invalid",
        "an assessment without a report has at least one unknown",
      );
    }
    return;
  }
  const bytes = await sources.artefact(report.digest);
  if (bytes === undefined) throw missingArtefact(report.digest);
  checkSummary(body, bytes);
  const expected = resolveAuthors(
    authorEmails(bytes),
    sources.registry,
    await sources.registryOpenings(),
  );
  const found = body["authors"] as readonly string[];
  if (
    expected.authors.join() !== [...found].sort().join() ||
    expected.unknownAuthors !== body["unknownAuthors"]
  ) {
    throw new RollbacksError(
      "invalid",
      `the report's authors are ${expected.authors.join(", ") || "nobody enrolled"} and ${expected.unknownAuthors} others; the assessment says ${found.join(", ") || "nobody enrolled"} and ${JSON.stringify(body["unknownAuthors"])}`,
    );
  }
}

/** Counts, implications, unknowns, risk and inputs are those of the report, or the approver would sign something else. */
function checkSummary(body: JsonObject, bytes: Uint8Array): void {
  let expected: JsonObject;
  try {
    expected = summaryOf(parseUndoReport(bytes));
  } catch (error) {
    if (error instanceof ReportError) throw new RollbacksError("invalid", error.message);
    throw error;
  }
  for (const [member, value] of Object.entries(expected)) {
    const said = body[member];
    if (said !== undefined && canonicalize(said) === canonicalize(value)) continue;
    throw new RollbacksError(
      "invalid",
      `the assessment's ${member} is not what its report says: ${canonicalize(value).slice(0, 200)}`,
    );
  }
}

async function checkSentence(statement: SignedStatement, sources: IntakeSources): Promise<void> {
  const { body } = statement;
  const state = await sources.record(textField(body, "record"));
  if (state === undefined) return;
  const sentence = decisionSentence(
    state,
    body["decision"] as DecisionKind,
    (body["conditions"] ?? []) as unknown as readonly Condition[],
    body["to"] as string | undefined,
  );
  if (body["summary"] !== sentence) {
    throw new RollbacksError(
      "conflict",
      `the signed sentence is not what this record says now: "${sentence}"`,
    );
  }
}

/** Rules that do not load are never proposed; those in force stay. */
async function checkRules(statement: SignedStatement, sources: IntakeSources): Promise<void> {
  const rules = statement.body["rules"] as { readonly digest: string } | undefined;
  if (rules === undefined) return;
  const bytes = await sources.artefact(rules.digest);
  if (bytes === undefined) throw missingArtefact(rules.digest);
  try {
    loadJudge(bytes);
  } catch (error) {
    throw new RollbacksError("invalid", (error as Error).message, { cause: error });
  }
}

async function checkArtefact(digest: string, sources: IntakeSources): Promise<void> {
  if (!(await sources.hasArtefact(digest))) throw missingArtefact(digest);
}

function missingArtefact(digest: string): RollbacksError {
  return new RollbacksError(
    "missing-artefact",
    `the artefact sha256:${digest} is not here; send it first`,
  );
}
