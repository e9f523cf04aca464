/**
 * Headers of pages that hold more than text. A form that changes something says
 * where it comes from, which `no-referrer` would turn into `null`; one that ends
 * elsewhere (a command line's own port) must be allowed to. Script is only on pages
 * that ask for a passkey, because a browser gives it to script alone (docs/adr/0009).
 */
import { contentSecurityPolicy } from "./security.ts";

export interface PageNeeds {
  readonly script?: true;
  /** Where a form's answer may redirect to, beside this server. */
  readonly formTo?: string;
}

export function pageHeaders({ script, formTo }: PageNeeds = {}): Record<string, string> {
  return {
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "same-origin",
    "content-security-policy": contentSecurityPolicy({
      ...(script === undefined
        ? {}
        : {
            "script-src": "'self'",
            "connect-src": "'self'",
            "require-trusted-types-for": "'script'",
          }),
      ...(formTo === undefined ? {} : { "form-action": `'self' ${formTo}` }),
    }),
  };
}
