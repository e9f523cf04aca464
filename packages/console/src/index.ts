/** The pages, as functions from what is known to a document. No script, no state, no I/O. */
export {
  decidePage,
  passkeyPage,
  signPage,
  type DecideView,
  type SignView,
} from "./decide-page.ts";
export { homePage } from "./home-page.ts";
export { implicationPage, type ImplicationView } from "./implication-page.ts";
export { problemPage } from "./layout.ts";
export {
  commandLinePage,
  devicePage,
  linkPage,
  loginPage,
  loginScript,
  noticePage,
  type WhoView,
} from "./login-pages.ts";
export { passkeyScript, signScript } from "./passkey-script.ts";
export { recordPage, type RecordPageView } from "./record-page.ts";
export { reversalsPage } from "./reversals.ts";
export { sessionPage, type SessionRow, type SessionView } from "./session-page.ts";
export { style } from "./style.ts";
export type {
  AuditedRows,
  AuditRow,
  HomeView,
  LedgerView,
  RecordRow,
  ReversalRow,
  Rows,
} from "./views.ts";
