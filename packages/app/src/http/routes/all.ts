/** Every route, in the order in which the documentation lists them. */
import type { Route } from "../route.ts";
import { artefactRoute } from "./artefact.ts";
import { artefactsRoute } from "./artefacts.ts";
import { assessmentRoute } from "./assessment.ts";
import { auditsRoute } from "./audits.ts";
import { decidePageRoute, signPageRoute, signScriptRoute, submitByPasskeyRoute } from "./decide.ts";
import { entryProofRoute } from "./entry-proof.ts";
import { entryTimesRoute } from "./entry-times.ts";
import { gateEventsRoute, gateRoute } from "./gate.ts";
import { signalRoute, signalsRoute } from "./signals.ts";
import { healthRoute } from "./health.ts";
import { implicationPageRoute } from "./implication.ts";
import { instanceRoute } from "./instance.ts";
import { ledgerRoute } from "./ledger.ts";
import { checkpointRoute, keyRoute, tileRoute } from "./log.ts";
import {
  commandLinePageRoute,
  letCommandLineInRoute,
  redeemCodeRoute,
} from "./login-command-line.ts";
import {
  answerDeviceRoute,
  askDeviceRoute,
  devicePageRoute,
  pollDeviceRoute,
} from "./login-device.ts";
import { loginByLinkRoute, loginLinkPageRoute, makeLoginLinkRoute } from "./login-link.ts";
import { beginPasskeyRoute, loginByPasskeyRoute } from "./login-passkey.ts";
import {
  loginAtProviderRoute,
  loginFromProviderRoute,
  loginPageRoute,
  loginScriptRoute,
} from "./login.ts";
import { deliveriesRoute, retryDeliveriesRoute, testChannelRoute } from "./notifications.ts";
import { packageRoute } from "./package.ts";
import { homeRoute, recordPageRoute, reversalsPageRoute, styleRoute } from "./pages.ts";
import { describePasskeyRoute, passkeyPageRoute, passkeyScriptRoute } from "./passkeys.ts";
import { recordRoute } from "./record.ts";
import { recordsRoute } from "./records.ts";
import { reversalsRoute } from "./reversals.ts";
import {
  endSessionFormRoute,
  endSessionsRoute,
  logoutRoute,
  sessionPageRoute,
  sessionRoute,
} from "./session.ts";
import { statementsRoute } from "./statements.ts";
import { createTokenRoute, revokeTokenRoute, tokensRoute } from "./tokens.ts";

export const routes: readonly Route[] = [
  instanceRoute,
  ledgerRoute,
  statementsRoute,
  recordsRoute,
  recordRoute,
  assessmentRoute,
  packageRoute,
  entryProofRoute,
  entryTimesRoute,
  artefactsRoute,
  artefactRoute,
  gateRoute,
  gateEventsRoute,
  signalRoute,
  signalsRoute,
  auditsRoute,
  reversalsRoute,
  checkpointRoute,
  tileRoute,
  keyRoute,
  healthRoute,
  deliveriesRoute,
  retryDeliveriesRoute,
  testChannelRoute,
  homeRoute,
  recordPageRoute,
  reversalsPageRoute,
  implicationPageRoute,
  styleRoute,
  decidePageRoute,
  signPageRoute,
  signScriptRoute,
  submitByPasskeyRoute,
  passkeyPageRoute,
  passkeyScriptRoute,
  describePasskeyRoute,
  loginPageRoute,
  loginScriptRoute,
  loginAtProviderRoute,
  loginFromProviderRoute,
  makeLoginLinkRoute,
  loginLinkPageRoute,
  loginByLinkRoute,
  beginPasskeyRoute,
  loginByPasskeyRoute,
  commandLinePageRoute,
  letCommandLineInRoute,
  redeemCodeRoute,
  askDeviceRoute,
  pollDeviceRoute,
  devicePageRoute,
  answerDeviceRoute,
  sessionPageRoute,
  endSessionFormRoute,
  logoutRoute,
  sessionRoute,
  endSessionsRoute,
  createTokenRoute,
  tokensRoute,
  revokeTokenRoute,
];
