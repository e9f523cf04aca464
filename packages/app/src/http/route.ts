/**
 * A route is a value: where it is, what it takes, what it answers, and a function
 * that makes the one into the other. `server.ts` is the only place that knows of
 * the framework.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { ClearedAlarm, LogClosed } from "@countermand/record";
import type { z } from "zod";
import type { Login } from "../identity/login.ts";
import type { Principal } from "../identity/principal.ts";
import type { Countermand } from "../rollbacks/countermand.ts";
import type { DutiesHealth } from "../ledger/duties.ts";
import type { MirrorHealth } from "../ledger/mirror/publisher.ts";
import type { ScrubHealth } from "../ledger/scrubber.ts";
import type { TimeHealth } from "../ledger/timestamps/stamper.ts";
import type { WitnessedHealth } from "../ledger/witnesses/publisher.ts";
import type { Notifier } from "../notify/notifier.ts";
import type { HttpConfig } from "./config.ts";
import type { LogReader } from "./log-port.ts";

/** What the routes stand on. */
export interface HttpDeps {
  readonly countermand: Countermand;
  /** Without it there is no login: whoever reaches the port reads everything. */
  readonly login?: Login;
  /** The log, once there is one. */
  readonly log: () => LogReader | undefined;
  /** How far witnesses are, where they are asked. */
  readonly witnessing?: () => WitnessedHealth | undefined;
  /** How far mirrors are, where there are any. */
  readonly mirroring?: () => readonly MirrorHealth[] | undefined;
  /** What a time authority said, where one is asked. */
  readonly timestamping?: () => TimeHealth | undefined;
  /** How far the log was read through, where it is. */
  readonly scrubbing?: () => ScrubHealth | undefined;
  /** The newest time that the log had stopped and went on. */
  readonly lastAlarm?: () => Promise<ClearedAlarm | undefined>;
  /** By which entry the ledger has ended, if it has. */
  readonly closed?: () => Promise<LogClosed | undefined>;
  /** What this server does for all that share its database. */
  readonly duties?: () => DutiesHealth | undefined;
  /** The ledgers that are served beside this one. */
  readonly tenants?: () => TenantsHealth | undefined;
  /** Who tells of entries, where anybody is told; undefined before there is a ledger. */
  readonly notifying?: () => Pick<Notifier, "health" | "list" | "retry" | "test"> | undefined;
  readonly now: () => Date;
  /** Told of every failure that nobody expected; the answer does not say it. */
  readonly report: (error: unknown, requestId: string) => void;
}

export interface TenantsHealth {
  readonly served: number;
  readonly stopped: number;
}

export interface Answer {
  /** 200 if not given. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Text and bytes go as they are, under the content type in `headers`; anything else as JSON. */
  readonly body: unknown;
}

export interface Asked<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly headers: IncomingHttpHeaders;
  /** Path and query as they came, not decoded. */
  readonly url: string;
  readonly who: Principal;
  /** Where the request came from, as the socket says. */
  readonly address: string;
}

/** What a route answers with a status: its schema, or the media type of what is not JSON. */
export interface Response {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly mediaType?: string;
}

interface RouteHead {
  readonly method: "GET" | "POST";
  /** `*` at the end stands for one parameter with slashes in it, `path`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag:
    | "records"
    | "gate"
    | "ledger"
    | "artefacts"
    | "audits"
    | "log"
    | "page"
    | "login"
    | "server";
  readonly summary: string;
  readonly description?: string;
  /** Answered only to who bears the token of the data folder. */
  readonly needsToken?: true;
  /** Media type of the body that it takes; JSON is parsed, everything else is bytes. */
  readonly consumes?:
    | "application/json"
    /** `application/json` too. */
    | "application/cloudevents+json"
    | "application/octet-stream"
    | "application/x-www-form-urlencoded";
  readonly responses: Readonly<Record<number, Response>>;
}

export interface RouteValue<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> extends RouteHead {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  handle(
    asked: Asked<z.output<Params>, z.output<Query>, z.output<Body>>,
    deps: HttpDeps,
    config: HttpConfig,
  ): Answer | Promise<Answer>;
}

/** A route whose parameters have lost their types, as the server keeps them. */
export interface Route extends RouteHead {
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  handle(
    asked: Asked<unknown, unknown, unknown>,
    deps: HttpDeps,
    config: HttpConfig,
  ): Answer | Promise<Answer>;
}

/** Types a route by its schemas. The server validates with the same schemas before it calls `handle`. */
export function route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
>(value: RouteValue<Params, Query, Body>): Route {
  return value;
}
