/** `POST /v1/statements` */
import { checkMaySay } from "../decisions.ts";
import { accepted, submission } from "../contract/statement.ts";
import { route } from "../route.ts";

export const statementsRoute = route({
  method: "POST",
  path: "/v1/statements",
  operationId: "submit",
  tag: "records",
  summary: "Submit a signed statement",
  description:
    "Checks the signature and every rule, appends the statement and what follows from it, and answers with proofs once they are durable. Sending the same statement again answers the first receipts.",
  consumes: "application/json",
  body: submission,
  responses: {
    200: { description: "It was in the ledger already", schema: accepted },
    201: { description: "It is in the ledger", schema: accepted },
  },
  async handle({ body, who }, { countermand }) {
    checkMaySay(who, body.envelope);
    const result = await countermand.submit(body);
    return { status: result.repeated ? 200 : 201, body: result };
  },
});
