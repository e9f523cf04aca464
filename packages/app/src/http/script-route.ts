/** A script of the page, served as a file: asked for again each time, and sent only when it changed. */
import { entityTag, matches } from "./entity-tag.ts";
import { route, type Route } from "./route.ts";

const mediaType = "text/javascript; charset=utf-8";

export function scriptRoute(made: {
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly script: string;
}): Route {
  const { script, ...where } = made;
  const etag = entityTag(Buffer.from(script));
  return route({
    ...where,
    method: "GET",
    tag: "page",
    responses: { 200: { description: "JavaScript", mediaType } },
    handle({ headers }) {
      const answer = { "content-type": mediaType, "cache-control": "no-cache", etag };
      return matches(headers, etag)
        ? { status: 304, headers: answer, body: undefined }
        : { headers: answer, body: script };
    },
  });
}
