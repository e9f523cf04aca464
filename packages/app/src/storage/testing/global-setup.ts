/** Vitest's globalSetup: a folder for the run's PostgreSQL, and its end. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { stopServer } from "./postgresql-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    postgresqlFolder: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "countermand-pg-"));
  chmodSync(folder, 0o755);
  project.provide("postgresqlFolder", folder);
  return async () => {
    await stopServer(folder);
    rmSync(folder, { recursive: true, force: true });
  };
}
