/**
 * What each route wants of whoever asks, in one table by operation id. A route
 * that is not here is not registered: the server refuses to start, so nothing is
 * open because somebody forgot to close it. Without a login (`COUNTERMAND_LOGIN`
 * off) everybody who reaches the port counts as let in, and only `operator` holds.
 */
import type { Access } from "../identity/principal.ts";

export const accessOf: Readonly<Record<string, Access>> = {
  // The ledger and its records.
  instance: "read",
  openLedger: "operator",
  submit: "submit",
  records: "read",
  record: "read",
  assessment: "read",
  exportRecord: "read",
  entryProof: "read",
  entryTimes: "read",
  putArtefact: "submit",
  getArtefact: "read",
  audits: "read",
  reversals: "read",
  gate: "gate",
  gateEvents: "read",
  signal: "signal",
  signals: "read",

  // The log. What a checkpoint and a key say is the size and the root: witnesses
  // and auditors compare them. Tiles hold the entries.
  logCheckpoint: "open",
  logKey: "open",
  logTile: "read",

  // The server.
  health: "open",
  openapi: "open",

  // Pages.
  homePage: "read",
  recordPage: "read",
  reversalsPage: "read",
  implicationPage: "read",
  style: "open",
  decidePage: "person",
  signPage: "person",
  signScript: "open",
  submitByPasskey: "person",
  passkeyPage: "person",
  passkeyScript: "open",
  describePasskey: "person",

  // Logging in: open, because nobody is logged in yet.
  loginPage: "open",
  loginScript: "open",
  loginAtProvider: "open",
  loginFromProvider: "open",
  loginLinkPage: "open",
  loginByLink: "open",
  beginPasskey: "open",
  loginByPasskey: "open",
  redeemCode: "open",
  askDevice: "open",
  pollDevice: "open",
  makeLoginLink: "operator",

  // Telling people: for whoever runs the server.
  deliveries: "operator",
  retryDeliveries: "operator",
  testChannel: "operator",

  // Letting a command line in, from the page.
  commandLinePage: "session",
  letCommandLineIn: "session",
  devicePage: "session",
  answerDevice: "session",

  // Sessions and tokens.
  sessionPage: "session",
  endSessionForm: "session",
  logout: "session",
  session: "self",
  endSessions: "session",
  tokens: "person",
  createToken: "person",
  revokeToken: "person",
};
