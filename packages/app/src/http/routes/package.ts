/** `GET /v1/records/{id}/package` */
import { z } from "zod";
import { exportQuery } from "../contract/query.ts";
import { recordId } from "../contract/words.ts";
import { route } from "../route.ts";

const mediaType = "application/x-tar";

export const packageRoute = route({
  method: "GET",
  path: "/v1/records/:id/package",
  operationId: "exportRecord",
  tag: "records",
  summary: "A record's evidence package",
  description:
    "The record's entries with proofs against one checkpoint, texts and artefacts, in one file that `countermand verify` checks without a network.",
  params: z.object({ id: recordId }),
  query: exportQuery,
  responses: { 200: { description: "A tar archive", mediaType } },
  async handle({ params, query }, { countermand }) {
    const bytes = await countermand.exportRecord(params.id, query);
    // The record exists, so its id has no character that a header could trip over.
    const disposition = `attachment; filename="${params.id.replaceAll(/[^A-Za-z0-9-]/g, "_")}.tar"`;
    return {
      headers: { "content-type": mediaType, "content-disposition": disposition },
      body: bytes,
    };
  },
});
