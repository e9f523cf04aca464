/** What a way of telling somebody promises. */
import type { Notice } from "../notice.ts";

export interface Message {
  /** The same for every attempt. */
  readonly id: string;
  readonly notice: Notice;
  /** Origin of the ledger. */
  readonly ledger: string;
  /** Where the record can be read, if the server's address is known. */
  readonly link?: string;
  /** For a person: their mail addresses. Kept nowhere. */
  readonly addresses?: readonly string[];
}

/** `problem` is shown to operators: it holds no secret and no mail address. */
export type Outcome =
  /** With a problem: some of several addresses were refused. */
  | { readonly kind: "sent"; readonly problem?: string }
  /** It may be good another time. `after`: milliseconds that the receiver asks for. */
  | { readonly kind: "retry"; readonly problem: string; readonly after?: number }
  /** It will never be good as it is. */
  | { readonly kind: "dead"; readonly problem: string };

export interface Channel {
  readonly type: "webhook" | "slack" | "email";
  /**
   * Tries once and says what came of it; throws only what `signal` was aborted
   * with. Bounded in time. May have been received though it says otherwise.
   */
  send(message: Message, signal: AbortSignal): Promise<Outcome>;
}
