/**
 * Errors to RFC 9457 problem documents. What a feature refused is told in its own
 * sentence; what nobody expected is told in ours, and its cause goes to the log
 * of the server alone.
 */
import { RecordError, Refusal, type RecordErrorCode } from "@countermand/record";
import { LoginError, type LoginErrorCode } from "../identity/error.ts";
import { LedgerError } from "../ledger/error.ts";
import { NotifyError } from "../notify/error.ts";
import { RollbacksError, type RollbacksErrorCode } from "../rollbacks/error.ts";
import { problemPrefix, type Problem } from "./contract/problem.ts";

/** A refusal of HTTP's own: by address, origin, form or size. */
export type HttpProblemCode =
  | "no-route"
  | "no-such-tile"
  | "malformed"
  | "malformed-json"
  | "unsupported-media-type"
  | "too-large"
  | "unauthorised"
  | "forbidden"
  | "no-token"
  | "secret-in-address"
  | "cross-site"
  | "misdirected"
  | "timeout";

export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly code: HttpProblemCode;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    code: HttpProblemCode,
    message: string,
    options: { readonly cause?: unknown; readonly headers?: Record<string, string> } = {},
  ) {
    super(message, options);
    this.code = code;
    this.headers = options.headers ?? {};
  }
}

interface Kind {
  readonly status: number;
  readonly title: string;
}

const httpKinds: Readonly<Record<HttpProblemCode, Kind>> = {
  "no-route": { status: 404, title: "Nothing is here" },
  "no-such-tile": { status: 404, title: "Not part of the published log" },
  malformed: { status: 400, title: "The request cannot be read" },
  "malformed-json": { status: 400, title: "The body is not acceptable JSON" },
  "unsupported-media-type": { status: 415, title: "The body has another type than expected" },
  "too-large": { status: 413, title: "Too large" },
  unauthorised: { status: 401, title: "Not logged in" },
  forbidden: { status: 403, title: "Not allowed" },
  "no-token": { status: 404, title: "Not found" },
  "secret-in-address": { status: 400, title: "A secret stands in the address" },
  "cross-site": { status: 403, title: "Sent by another site" },
  misdirected: { status: 421, title: "This server does not answer under that name" },
  timeout: { status: 408, title: "The request did not arrive in time" },
};

const loginKinds: Readonly<Record<LoginErrorCode, Kind>> = {
  forbidden: httpKinds.forbidden,
  "login-failed": { status: 403, title: "Not logged in" },
  "login-unavailable": { status: 503, title: "Nobody can log in now" },
  "not-found": { status: 404, title: "Not found" },
  invalid: { status: 400, title: "The request is not valid" },
};

const rollbacksKinds: Readonly<Record<RollbacksErrorCode, Kind>> = {
  "not-found": { status: 404, title: "Not found" },
  invalid: { status: 400, title: "The request is not valid" },
  "missing-opening": { status: 400, title: "A text is missing" },
  rationale: { status: 422, title: "The rationale does not explain" },
  "missing-artefact": { status: 422, title: "An artefact is missing" },
  conflict: { status: 409, title: "In conflict with what is recorded" },
  "no-ledger": { status: 409, title: "No ledger is open" },
  "not-witnessed": { status: 404, title: "Not witnessed yet" },
  busy: { status: 503, title: "Busy" },
  unavailable: { status: 503, title: "The store is not available" },
};

const wrong: Kind = { status: 400, title: "Not what it should be" };
const recordKinds: Readonly<Record<RecordErrorCode, Kind>> = {
  refused: { status: 409, title: "A rule refuses it" },
  encoding: wrong,
  canonical: wrong,
  shape: wrong,
  envelope: wrong,
  signature: wrong,
  key: wrong,
  commitment: wrong,
  archive: wrong,
  entry: wrong,
  package: wrong,
};

const unexpectedKind: Kind = { status: 500, title: "The server failed" };

/** Every problem and its status; the page docs/http.md lists them. */
export const problemStatuses: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries({
    ...httpKinds,
    ...loginKinds,
    ...rollbacksKinds,
    ...recordKinds,
    internal: unexpectedKind,
  }).map(([code, { status }]) => [code, status]),
);

export interface Told {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  /** Nobody expected it: the cause belongs into the server's log. */
  readonly unexpected: boolean;
}

/** The problem document for anything that was thrown while answering request `id`. */
export function problemOf(error: unknown, id: string): Told {
  if (error instanceof HttpProblem) {
    return told(error.code, httpKinds[error.code], error.message, { headers: error.headers });
  }
  if (error instanceof Refusal) {
    return told("refused", recordKinds.refused, error.message, { more: { rule: error.rule } });
  }
  if (error instanceof RecordError) {
    const more = error.where === undefined ? {} : { where: error.where };
    return told(error.code, recordKinds[error.code], error.message, { more });
  }
  if (error instanceof RollbacksError) {
    const kind = rollbacksKinds[error.code];
    const { remarks } = error;
    const more = remarks.length === 0 ? {} : { more: { remarks: [...remarks] } };
    return told(error.code, kind, error.message, { ...waits(error.code), ...more });
  }
  if (error instanceof LoginError) {
    return told(error.code, loginKinds[error.code], error.message);
  }
  if (error instanceof NotifyError && error.code === "not-found") {
    return told(error.code, rollbacksKinds["not-found"], error.message);
  }
  if (error instanceof LedgerError) return ledgerProblem(error, id);
  return fastifyProblem(error) ?? unexpected(id);
}

/** The document as it is sent. */
export function formatProblem(problem: Problem): string {
  return JSON.stringify(problem);
}

interface Extra {
  readonly headers?: Readonly<Record<string, string>>;
  readonly more?: Partial<Problem>;
}

function told(code: string, { status, title }: Kind, detail: string, extra: Extra = {}): Told {
  return {
    problem: { type: `${problemPrefix}${code}`, title, status, detail, ...extra.more },
    headers: extra.headers ?? {},
    unexpected: false,
  };
}

function waits(code: RollbacksErrorCode): Extra {
  return code === "busy" ? later(1) : code === "not-witnessed" ? later(2) : {};
}

function later(seconds: number): Extra {
  return { headers: { "retry-after": String(Math.max(1, Math.ceil(seconds))) } };
}

function unexpected(id: string): Told {
  const detail = `the server could not do this; its log says why, under request ${id}`;
  return { ...told("internal", unexpectedKind, detail), unexpected: true };
}

function ledgerProblem(error: LedgerError, id: string): Told {
  switch (error.code) {
    case "busy":
      return told("busy", rollbacksKinds.busy, error.message, later(error.retryAfter ?? 1));
    case "ended":
    case "no-key":
      return told("conflict", rollbacksKinds.conflict, error.message);
    case "not-recorded":
    case "unacknowledged":
    case "frozen":
    case "closed": {
      const kind = { status: 503, title: "The ledger takes nothing now" };
      return { ...told("unavailable", kind, error.message, later(5)), unexpected: true };
    }
    case "contradiction":
    case "foreign-key":
    case "mark":
    case "witness-policy":
    case "key-file":
    case "no-such-log":
    case "log-exists":
      return unexpected(id);
  }
}

/** Fastify's own refusals; their texts speak to programmers of servers, so they get ours. */
function fastifyProblem(error: unknown): Told | undefined {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return told("too-large", httpKinds["too-large"], "the body is larger than this route takes");
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return told(
        "unsupported-media-type",
        httpKinds["unsupported-media-type"],
        "this route takes no body of that type",
      );
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return told("malformed", httpKinds.malformed, "the body ended before its Content-Length");
    case "FST_ERR_BAD_URL":
      return told("malformed", httpKinds.malformed, "the address is not a well-formed URL");
    default:
      return typeof statusCode === "number" && statusCode >= 400 && statusCode < 500
        ? told(
            "malformed",
            { ...httpKinds.malformed, status: statusCode },
            "the request is not one that HTTP allows here",
          )
        : undefined;
  }
}
