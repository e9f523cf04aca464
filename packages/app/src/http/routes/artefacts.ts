/** `POST /v1/artefacts` */
import { artefact } from "../contract/words.ts";
import { route } from "../route.ts";

export const artefactsRoute = route({
  method: "POST",
  path: "/v1/artefacts",
  operationId: "putArtefact",
  tag: "artefacts",
  summary: "Store an artefact",
  description: "Statements then name it by its digest. Storing the same bytes again is harmless.",
  consumes: "application/octet-stream",
  responses: { 201: { description: "Its digest and size", schema: artefact } },
  handle: async ({ body }, { countermand }) => ({
    status: 201,
    body: await countermand.putArtefact(body instanceof Uint8Array ? body : new Uint8Array()),
  }),
});
