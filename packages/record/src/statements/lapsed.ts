/** The authorisation was not used within its window. */
import { ended } from "./ended.ts";

export const lapsed = ended("lapsed", ["authorised"], "lapsed: not executed by");
