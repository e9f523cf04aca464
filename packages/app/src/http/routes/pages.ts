/** The pages for people: `/`, `/records/{id}`, `/reversals`, and their style. */
import { homePage, recordPage, reversalsPage, style, type LedgerView } from "@countermand/console";
import { modes, statuses, type Status } from "@countermand/record";
import { z } from "zod";
import type { Countermand, RecordQuery } from "../../rollbacks/countermand.ts";
import { RollbacksError } from "../../rollbacks/error.ts";
import { reversalQuery } from "../contract/query.ts";
import { recordId } from "../contract/words.ts";
import { entityTag, matches } from "../entity-tag.ts";
import { route, type Answer } from "../route.ts";

const mediaType = "text/html; charset=utf-8";
const page = (body: string): Answer => ({ headers: { "content-type": mediaType }, body });

/** Rows of a list, and of each repository's reversals on the first page. */
const rows = 50;
const owedRows = 20;
const reversalRows = 20;

/** A form sends its empty fields too. */
const field = z.string().max(2000).exactOptional();
const homeQuery = z.object({
  status: z
    .union([z.enum(statuses), z.literal("")])
    .exactOptional()
    .describe("Only in this status"),
  service: field.describe("Only of this service"),
  environment: field.describe("Only in this environment"),
  mode: z
    .union([z.enum(["ordinary", ...modes]), z.literal("")])
    .exactOptional()
    .describe("Only of this mode"),
  mandatory: z
    .enum(["true", ""])
    .exactOptional()
    .describe("Only what is mandatory and has not run yet"),
  after: field.describe("Cursor of the page before"),
});

export const homeRoute = route({
  method: "GET",
  path: "/",
  operationId: "homePage",
  tag: "page",
  summary: "The records and the audits, as a page",
  query: homeQuery,
  responses: { 200: { description: "A page", mediaType } },
  async handle({ query }, { countermand, now }) {
    const filtered = Object.values(query).some((value) => value !== undefined && value !== "");
    const [ledger, records, owed, audits] = await Promise.all([
      findLedger(countermand),
      countermand.records(recordQueryOf(query)),
      // Above the list, where nobody looks for something else.
      filtered ? { items: [] } : countermand.records({ mandatory: true, limit: owedRows }),
      countermand.audits(),
    ]);
    const found = await Promise.all(
      audits.map(async (audit) => ({
        audit,
        reversals: await countermand.reversals({
          repository: audit.repository,
          limit: reversalRows,
        }),
      })),
    );
    return page(homePage({ ledger, query, records, owed, audits: found, now: now() }));
  },
});

function recordQueryOf({ status, mandatory, ...fields }: z.output<typeof homeQuery>): RecordQuery {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
  const wanted: readonly Status[] = status === undefined || status === "" ? [] : [status];
  return {
    ...given,
    ...(wanted.length === 0 ? {} : { status: wanted }),
    ...(mandatory === "true" ? { mandatory: true } : {}),
    limit: rows,
  };
}

export const recordPageRoute = route({
  method: "GET",
  path: "/records/:id",
  operationId: "recordPage",
  tag: "page",
  summary: "One record, as a page",
  params: z.object({ id: recordId }),
  responses: { 200: { description: "A page", mediaType } },
  async handle({ params }, { countermand, now }) {
    const [ledger, { state, openings }] = await Promise.all([
      countermand.instance(),
      countermand.record(params.id),
    ]);
    return page(recordPage({ ledger, state, openings, now: now() }));
  },
});

export const reversalsPageRoute = route({
  method: "GET",
  path: "/reversals",
  operationId: "reversalsPage",
  tag: "page",
  summary: "The reversals of one repository, as a page",
  query: reversalQuery,
  responses: { 200: { description: "A page", mediaType } },
  async handle({ query }, { countermand }) {
    const [ledger, audits] = await Promise.all([findLedger(countermand), countermand.audits()]);
    const audit = audits.find(({ repository }) => repository === query.repository);
    if (audit === undefined) {
      throw new RollbacksError("not-found", "no repository of that name has been audited");
    }
    const reversals = await countermand.reversals({ limit: rows, ...query });
    return page(reversalsPage({ ledger, found: { audit, reversals } }));
  },
});

const styleTag = entityTag(Buffer.from(style));

export const styleRoute = route({
  method: "GET",
  path: "/style.css",
  operationId: "style",
  tag: "page",
  summary: "The pages' style sheet",
  responses: { 200: { description: "CSS", mediaType: "text/css; charset=utf-8" } },
  handle({ headers }) {
    const answer = {
      "content-type": "text/css; charset=utf-8",
      "cache-control": "no-cache",
      etag: styleTag,
    };
    return matches(headers, styleTag)
      ? { status: 304, headers: answer, body: undefined }
      : { headers: answer, body: style };
  },
});

/** The ledger, or that there is none yet. */
async function findLedger(countermand: Countermand): Promise<LedgerView | undefined> {
  try {
    return await countermand.instance();
  } catch (error) {
    if (error instanceof RollbacksError && error.code === "no-ledger") return undefined;
    throw error;
  }
}
