/** The API's endpoints about the deployment itself. */
import type { Request } from "express";
import { needs, visibleTags } from "../http/access.ts";
import type { WebServices } from "../http/services.ts";
import { readImportErrors } from "../read/read_dags.ts";
import { readHealth } from "../read/read_health.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/system.ts";

export const SYSTEM_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/import-errors",
    access: needs("dag.read", "listed"),
    summary: "List files that cannot be imported",
    answer: answer.importErrors,
    run: importErrors,
  },
  {
    method: "get",
    path: "/health",
    access: needs("system.read"),
    summary: "Count the live schedulers and workers",
    answer: answer.health,
    run: readHealth,
  },
];

async function importErrors(services: WebServices, request: Request): Promise<unknown> {
  return { importErrors: await readImportErrors(services, visibleTags(request)) };
}
