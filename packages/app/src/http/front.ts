/**
 * Which ledger a request is for, where one server serves several. The Host header
 * decides, compared whole; on loopback, which all of them share, a header of our own
 * does, that command lines send and no page of another site can (it would have to
 * ask first, and nobody answers that here). Nobody who asks is told who else is here.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { formatProblem, HttpProblem, problemOf } from "./problem.ts";
import { tenantHeader } from "./contract/tenant-header.ts";
import { problemMediaType } from "./contract/problem.ts";
import { securityHeaders } from "./security.ts";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The handler of a request, or undefined for the server's own ledger. */
export type Front = (request: IncomingMessage) => Handler | undefined;

export interface FrontTenant {
  readonly name: string;
  /** Hosts as a browser sends them, in lower case, with a port where it is not the scheme's. */
  readonly hosts: readonly string[];
  readonly handler: Handler;
}

/** Looks among the tenants of the moment; none of two has the same host. */
export function frontOf(tenants: () => Iterable<FrontTenant>, port: () => number): Front {
  return ({ headers }) => {
    const host = headers.host?.toLowerCase() ?? "";
    const named = headers[tenantHeader];
    let found: FrontTenant | undefined;
    for (const tenant of tenants()) {
      const here = tenant.hosts.includes(host) || tenant.hosts.includes(bare(host, port()));
      if (here || (isLoopbackHost(host) && tenant.name === named)) found = tenant;
    }
    // A request that names a tenant is never for the server's own ledger, or another's.
    if (named !== undefined && named !== found?.name) return unknownTenant;
    return found?.handler;
  };
}

/** The host without our own port: a name that is given without one stands for both. */
function bare(host: string, port: number): string {
  const suffix = `:${port}`;
  return host.endsWith(suffix) ? host.slice(0, -suffix.length) : host;
}

function isLoopbackHost(host: string): boolean {
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/.test(host);
}

const unknownTenant = refusing(
  new HttpProblem("misdirected", "no tenant of that name is served here"),
);

/** Answers everything with one problem. */
export function refusing(error: Error): Handler {
  return (_request, response) => {
    const { problem, headers } = problemOf(error, "");
    response.writeHead(problem.status, {
      ...securityHeaders,
      ...headers,
      "content-type": problemMediaType,
    });
    response.end(formatProblem(problem));
  };
}
