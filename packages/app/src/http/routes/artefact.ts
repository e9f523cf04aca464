/** `GET /v1/artefacts/{digest}` */
import { z } from "zod";
import { RollbacksError } from "../../rollbacks/error.ts";
import { sha256Hex } from "../contract/words.ts";
import { route } from "../route.ts";

const mediaType = "application/octet-stream";

export const artefactRoute = route({
  method: "GET",
  path: "/v1/artefacts/:digest",
  operationId: "getArtefact",
  tag: "artefacts",
  summary: "An artefact's bytes",
  description:
    "Always as a download and never as the type that its sender named: it is a stranger's file.",
  params: z.object({ digest: sha256Hex }),
  responses: { 200: { description: "The bytes", mediaType } },
  async handle({ params: { digest } }, { countermand }) {
    const bytes = await countermand.getArtefact(digest);
    if (bytes === undefined) {
      throw new RollbacksError("not-found", `there is no artefact sha256:${digest} here`);
    }
    return {
      headers: {
        "content-type": mediaType,
        "content-disposition": `attachment; filename="sha256-${digest}"`,
        "content-security-policy": "default-src 'none'; sandbox",
      },
      body: bytes,
    };
  },
});
