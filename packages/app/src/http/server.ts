/**
 * The routes on Fastify: limits, timeouts, checks and headers around them, one
 * error handler. Listening is for the caller. Left out: TLS and rate limits, which
 * are a proxy's; compression, because nothing here is worth it on loopback.
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import swagger from "@fastify/swagger";
import { problemPage } from "@countermand/console";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { z } from "zod";
import { RollbacksError } from "../rollbacks/error.ts";
import type { HttpConfig } from "./config.ts";
import { accessOf } from "./access.ts";
import { formType, parseForm } from "./form.ts";
import type { Front } from "./front.ts";
import { checkAccess, checkAddress, identify } from "./identify.ts";
import { parseJsonBody } from "./json-body.ts";
import { fastifySchema, openapiOptions } from "./openapi.ts";
import { problemMediaType } from "./contract/problem.ts";
import { formatProblem, HttpProblem, problemOf } from "./problem.ts";
import type { Answer, HttpDeps, Route } from "./route.ts";
import { routes } from "./routes/all.ts";
import type { Access, Principal } from "../identity/principal.ts";
import {
  checkHost,
  checkMediaType,
  checkOwnForm,
  checkSameOrigin,
  securityHeaders,
} from "./security.ts";

const jsonTypes = ["application/json", "application/cloudevents+json"];

declare module "fastify" {
  interface FastifyContextConfig {
    readonly route?: Route;
  }
  interface FastifyRequest {
    who: Principal;
  }
}

/**
 * A server that is ready to listen; also `inject` works on it. `front` sees every
 * request first, and may have another handler for it.
 */
export async function buildServer(
  deps: HttpDeps,
  config: HttpConfig,
  front: Front = () => undefined,
): Promise<FastifyInstance> {
  const limits = {
    requestTimeout: config.requestTimeout,
    headersTimeout: config.headersTimeout,
    keepAliveTimeout: 72_000,
    maxHeaderSize: 16 * 1024,
    // Node looks for requests that are late this often; its own 30 s would double a short limit.
    connectionsCheckingInterval: Math.min(5000, config.headersTimeout / 2),
  };
  const app = Fastify({
    bodyLimit: config.maxJsonBytes,
    routerOptions: { maxParamLength: 500 },
    serverFactory: (own) =>
      createServer(limits, (request, response) => (front(request) ?? own)(request, response)),
    genReqId: () => randomUUID(),
    // A server that stops answers what is under way and takes nothing new.
    forceCloseConnections: "idle",
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, request, reply) => {
      void reply.headers(securityHeaders);
      sendProblem(deps, error, request, reply);
    },
  });

  app.setValidatorCompiler(({ schema, httpPart }) => validator(schema as z.ZodType, httpPart));
  app.setSerializerCompiler(() => JSON.stringify);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(jsonTypes, { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addContentTypeParser(
    "application/octet-stream",
    { parseAs: "buffer" },
    (_request, body, done) => done(null, body),
  );
  app.addContentTypeParser(
    formType,
    { parseAs: "buffer", bodyLimit: maxFormBytes },
    (_request, body, done) => {
      try {
        done(null, parseForm(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );

  app.decorateRequest("who");
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(securityHeaders);
    checkHost(request.headers.host, listeningPort(app) ?? config.port, config.names);
    const reads = request.method === "GET" || request.method === "HEAD";
    if (!reads) checkSameOrigin(request.headers);
    checkAddress(request.url);
    const { route } = request.routeOptions.config;
    if (route === undefined) return;
    if (route.consumes === formType) checkOwnForm(request.headers);
    request.who = await identify(request.headers, deps.login, config.token);
    const access = mustAccess(route);
    if (request.who.kind === "nobody" && access !== "open" && reads && wantsPage(request)) {
      const back = encodeURIComponent(request.url);
      return reply.code(303).header("location", `/login?return=${back}`).send();
    }
    checkAccess(request.who, access);
    if (!reads && route.consumes !== undefined) {
      checkMediaType(request.headers["content-type"], route.consumes);
    }
    return undefined;
  });
  app.setErrorHandler((error, request, reply) => sendProblem(deps, error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const problem = new HttpProblem(
      "no-route",
      `there is no ${request.method} ${request.url.split("?", 1)[0]?.slice(0, 200)} here`,
    );
    sendProblem(deps, problem, request, reply);
  });

  await app.register(swagger, openapiOptions);
  for (const route of routes) {
    mustAccess(route);
    app.route({
      method: route.method,
      url: route.path,
      schema: fastifySchema(route),
      config: { route },
      ...(route.consumes === "application/octet-stream"
        ? { bodyLimit: config.maxArtefactBytes }
        : {}),
      handler: async (request, reply) => {
        const { params, query, body, headers, who, ip } = request;
        const url = request.raw.url ?? "";
        const asked = { params, query, body, headers, url, who, address: ip };
        return send(reply, await route.handle(asked, deps, config));
      },
    });
  }
  app.get("/openapi.json", { schema: openapiRouteSchema }, async (_request, reply) =>
    reply.send(app.swagger()),
  );
  return app;
}

/** Every form of ours is smaller by far. */
const maxFormBytes = 16 * 1024;

/** What the route wants of whoever asks. A route that nobody thought about is not served. */
function mustAccess({ operationId }: Route): Access {
  const access = Object.hasOwn(accessOf, operationId) ? accessOf[operationId] : undefined;
  if (access === undefined)
    throw new TypeError(`http/access.ts does not say who may ${operationId}`);
  return access;
}

const openapiRouteSchema = {
  operationId: "openapi",
  tags: ["server"],
  summary: "This description",
  description: "The API as an OpenAPI 3.1 document.",
  response: {
    200: {
      description: "The document",
      content: { "application/json": { schema: z.looseObject({}) } },
    },
  },
};

function listeningPort(app: FastifyInstance): number | undefined {
  const address = app.server.address();
  return typeof address === "object" ? address?.port : undefined;
}

/** One sentence for the first thing that is wrong, with its place. */
function validator(schema: z.ZodType, part: string | undefined) {
  return (data: unknown) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    const [issue] = result.error.issues;
    const path = (issue?.path ?? []).reduce<string>(
      (text, key) =>
        typeof key === "number"
          ? `${text}[${key}]`
          : text === ""
            ? String(key)
            : `${text}.${String(key)}`,
      "",
    );
    const where =
      path === "" ? (part === "querystring" ? "the query" : `the ${part ?? "request"}`) : path;
    return { error: new RollbacksError("invalid", `${where}: ${issue?.message ?? "not valid"}`) };
  };
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  const { body } = answer;
  return reply
    .code(answer.status ?? 200)
    .headers(answer.headers ?? {})
    .send(
      ArrayBuffer.isView(body) ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : body,
    );
}

/** A problem document, or a page that says the same where a page was asked for. */
function sendProblem(
  deps: HttpDeps,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { problem, headers, unexpected } = problemOf(error, request.id);
  if (unexpected) deps.report(error, request.id);
  void reply.code(problem.status).headers({ "cache-control": "no-store", ...headers });
  if (wantsPage(request)) {
    void reply.type("text/html; charset=utf-8").send(problemPage(problem));
  } else {
    // As bytes, because to text the framework would add a charset that RFC 9457 does not have.
    void reply.type(problemMediaType).send(Buffer.from(formatProblem(problem)));
  }
}

/** Never for the API, the log, or a program: a page only where a person looks. */
function wantsPage(request: FastifyRequest): boolean {
  return (
    !/^\/(?:v1|log|health|openapi)(?:[/.?]|$)/.test(request.url) &&
    (request.headers.accept ?? "").includes("text/html")
  );
}

/** What Node could not read as HTTP: no request exists, so the answer is written by hand. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const { problem } = problemOf(unreadable(error.code), "");
  const body = formatProblem(problem);
  const reasons: Readonly<Record<number, string>> = {
    400: "Bad Request",
    408: "Request Timeout",
    413: "Content Too Large",
  };
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${reasons[problem.status] ?? "Error"}`,
      `Content-Type: ${problemMediaType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      "X-Content-Type-Options: nosniff",
      "Cache-Control: no-store",
      "Connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}

function unreadable(code: string | undefined): HttpProblem {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new HttpProblem("timeout", "the request took too long to arrive");
  }
  if (code === "HPE_HEADER_OVERFLOW") {
    return new HttpProblem("too-large", "the headers are larger than 16 KB");
  }
  return new HttpProblem("malformed", "this is not HTTP that can be read");
}
