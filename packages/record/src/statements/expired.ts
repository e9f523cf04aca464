/** The request did not reach its quorum in time. */
import { ended } from "./ended.ts";

export const expired = ended("expired", ["proposed", "pending_approval"], "expired: no quorum by");
