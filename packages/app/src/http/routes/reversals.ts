/** `GET /v1/reversals` */
import { reversalPage } from "../contract/audit.ts";
import { reversalQuery } from "../contract/query.ts";
import { nextLink } from "../next-link.ts";
import { route } from "../route.ts";

export const reversalsRoute = route({
  method: "GET",
  path: "/v1/reversals",
  operationId: "reversals",
  tag: "audits",
  summary: "Reversals that audits found, newest first",
  description: "A page at a time; the Link header and `next` lead to the page after.",
  query: reversalQuery,
  responses: { 200: { description: "A page of reversals", schema: reversalPage } },
  async handle({ query, url }, { countermand }) {
    const page = await countermand.reversals(query);
    return { headers: nextLink(url, page.next), body: page };
  },
});
