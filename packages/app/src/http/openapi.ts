/** Routes as Fastify schemas, and as an OpenAPI 3.1 document made from the same values. */
import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import type { FastifySchema } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import { z } from "zod";
import { problem, problemMediaType } from "./contract/problem.ts";
import type { Response, Route } from "./route.ts";

const bytes = z.string().meta({ format: "binary" });

/** What Fastify validates with, and what the document is made of. */
export function fastifySchema(route: Route): FastifySchema {
  const answers = Object.entries(route.responses).map(([status, response]) => [
    status,
    answer(response),
  ]);
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: route.description ?? route.summary,
    ...(route.params === undefined || isWild(route) ? {} : { params: route.params }),
    ...(route.query === undefined ? {} : { querystring: route.query }),
    ...(route.body === undefined ? {} : { body: route.body }),
    ...(route.needsToken === true ? { security: [{ token: [] }] } : {}),
    response: {
      ...Object.fromEntries(answers),
      default: {
        description: "What is wrong, and what would be right (RFC 9457)",
        content: { [problemMediaType]: { schema: problem } },
      },
    },
  };
}

function answer({ description, schema, mediaType }: Response) {
  const type = mediaType ?? "application/json";
  return { description, content: { [type]: { schema: schema ?? bytes } } };
}

function isWild(route: Route): boolean {
  return route.path.endsWith("*");
}

export const openapiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: "3.1.1",
    info: {
      title: "Countermand",
      version: "0.1.0",
      description:
        "The record of every rollback. Nothing here signs for anybody: whoever says something sends it signed.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "gate", description: "What may be deployed, and what was" },
      { name: "records", description: "Rollbacks, and what is said about them" },
      { name: "ledger", description: "The ledger, and who may speak in it" },
      { name: "artefacts", description: "Bytes that statements name by digest" },
      { name: "audits", description: "Reversals found in the history of repositories" },
      { name: "log", description: "The transparency log, in C2SP formats" },
      { name: "page", description: "Pages for people" },
      { name: "login", description: "Logging in, sessions and API tokens" },
      { name: "server", description: "The server itself" },
    ],
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "The token in the server's data folder",
        },
      },
    },
  },
  transform(document) {
    const { schema, url } = jsonSchemaTransform(document);
    const route = document.route.config?.route;
    if (route === undefined) return { schema, url };
    return {
      schema: {
        ...schema,
        ...(route.consumes === "application/octet-stream"
          ? {
              consumes: [route.consumes],
              body: { type: "string", format: "binary", description: "The bytes" },
            }
          : {}),
        ...(route.consumes === "application/x-www-form-urlencoded"
          ? { consumes: [route.consumes] }
          : {}),
        ...(route.consumes === "application/cloudevents+json"
          ? { consumes: [route.consumes, "application/json"] }
          : {}),
        ...(isWild(route) && route.params !== undefined
          ? { params: z.toJSONSchema(route.params) }
          : {}),
      },
      url: url.replace("*", ":path"),
    };
  },
};
