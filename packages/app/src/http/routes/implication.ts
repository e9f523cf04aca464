/** `/implications/{id}`: what an implication means, as a page. */
import { readFile } from "node:fs/promises";
import { implicationPage } from "@countermand/console";
import { z } from "zod";
import { RollbacksError } from "../../rollbacks/error.ts";
import { implicationOf, pageOf } from "../../undo/implications/taxonomy.ts";
import { route } from "../route.ts";

const mediaType = "text/html; charset=utf-8";
/** The project's folder, where its documentation lies beside the packages. */
const root = new URL("../../../../../", import.meta.url);

export const implicationPageRoute = route({
  method: "GET",
  path: "/implications/:id",
  operationId: "implicationPage",
  tag: "page",
  summary: "What an implication means, as a page",
  params: z.object({
    id: z.string().max(100).describe("Its name, for instance `dep.downgraded`"),
  }),
  responses: { 200: { description: "A page", mediaType } },
  async handle({ params }) {
    // Only what the taxonomy names is ever read: an id is not a path.
    const found = implicationOf(params.id);
    if (found === undefined) {
      throw new RollbacksError("not-found", "there is no implication of that name");
    }
    const text = await readFile(new URL(pageOf(found.id), root), "utf8").catch(() => undefined);
    return { headers: { "content-type": mediaType }, body: implicationPage({ ...found, text }) };
  },
});
