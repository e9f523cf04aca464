/** `GET /v1/records/{id}/assessment` */
import { z } from "zod";
import { RollbacksError } from "../../rollbacks/error.ts";
import { toMarkdown } from "../../undo/output/markdown.ts";
import { toSarif } from "../../undo/output/sarif.ts";
import { parseUndoReport, ReportError } from "../../undo/range/parse-report.ts";
import type { UndoReport } from "../../undo/range/report.ts";
import { recordId } from "../contract/words.ts";
import { route } from "../route.ts";

const markdown = "text/markdown; charset=utf-8";

export const assessmentRoute = route({
  method: "GET",
  path: "/v1/records/:id/assessment",
  operationId: "assessment",
  tag: "records",
  summary: "What a record's rollback undoes, in full",
  description:
    "The report that the record's assessment names by digest: as it was stored, or as SARIF 2.1.0 or Markdown for a pull request.",
  params: z.object({ id: recordId }),
  query: z.object({
    format: z
      .enum(["json", "sarif", "markdown"])
      .default("json")
      .describe("`json` is the report itself, whose SHA-256 the assessment has"),
  }),
  responses: {
    200: { description: "The report, JSON or Markdown", schema: z.looseObject({}) },
  },
  async handle({ params: { id }, query: { format } }, { countermand }) {
    const { state } = await countermand.record(id);
    const digest = state.assessment?.report?.digest;
    const bytes = digest === undefined ? undefined : await countermand.getArtefact(digest);
    if (bytes === undefined) {
      throw new RollbacksError(
        "not-found",
        digest === undefined
          ? `${id} has no report: it was not assessed, or what it undoes is unknown`
          : `the report of ${id}, sha256:${digest}, is not here`,
      );
    }
    if (format === "json") {
      return { headers: { "content-type": "application/json; charset=utf-8" }, body: bytes };
    }
    const report = reportIn(bytes);
    return format === "sarif"
      ? { body: toSarif(report) }
      : { headers: { "content-type": markdown }, body: toMarkdown(report) };
  },
});

/** An assessment from before reports had a risk names one that cannot be shown otherwise. */
function reportIn(bytes: Uint8Array): UndoReport {
  try {
    return parseUndoReport(bytes);
  } catch (error) {
    if (error instanceof ReportError) throw new RollbacksError("invalid", error.message);
    throw error;
  }
}
