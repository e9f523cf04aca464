/** How far a place reaches: what ships, what builds and delivers, what only developers run, what only is read. */
import { isDocumentation, isTest } from "./file-classes.ts";

export const reaches = ["runtime", "ci", "development", "example"] as const;
export type Reach = (typeof reaches)[number];

/** The farthest reach among the paths; no path at all: runtime, since nothing says less. */
export function reachOf(paths: readonly string[]): Reach {
  const all = paths.map(reachOfPath);
  return reaches.find((reach) => all.includes(reach)) ?? "runtime";
}

function reachOfPath(path: string): Reach {
  if (isTest(path) || isDocumentation(path) || isExample(path)) return "example";
  if (/^\.github\/|^\.gitlab-ci|^\.circleci\/|(?:^|\/)Jenkinsfile$/.test(path)) return "ci";
  return "runtime";
}

function isExample(path: string): boolean {
  return /(?:^|\/)(?:examples?|samples?|vendor|third[_-]party|node_modules|testdata|fixtures)\//i.test(
    path,
  );
}
