/** The part of the API's table that is about the deployment itself. */

import { getHealth } from "../../store/reads/health.ts";
import { listImportErrors } from "../../store/reads/import_errors.ts";
import type { WebServices } from "../http/services.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/system.ts";

export const SYSTEM_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/import-errors",
    summary: "List files that cannot be imported",
    answer: answer.importErrors,
    run: importErrors,
  },
  {
    method: "get",
    path: "/health",
    summary: "How many schedulers and workers are alive",
    answer: answer.health,
    run: ({ reader }) => getHealth(reader),
  },
];

async function importErrors({ reader, mask }: WebServices): Promise<unknown> {
  const found = await listImportErrors(reader);
  return {
    importErrors: found.map((error) => ({
      ...error,
      message: mask(error.message),
      stack: mask(error.stack),
    })),
  };
}
