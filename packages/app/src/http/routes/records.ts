/** `GET /v1/records` */
import { recordQuery } from "../contract/query.ts";
import { recordPage } from "../contract/record.ts";
import { nextLink } from "../next-link.ts";
import { route } from "../route.ts";

export const recordsRoute = route({
  method: "GET",
  path: "/v1/records",
  operationId: "records",
  tag: "records",
  summary: "List records, newest first",
  description: "A page at a time; the Link header and `next` lead to the page after.",
  query: recordQuery,
  responses: { 200: { description: "A page of records", schema: recordPage } },
  async handle({ query, url }, { countermand }) {
    const page = await countermand.records(query);
    return { headers: nextLink(url, page.next), body: page };
  },
});
