/** The API's endpoint that lists the actions of people. */

import type { Request } from "express";
import { needs } from "../http/access.ts";
import { auditFields, auditQuery } from "../http/input/audit.ts";
import { checked } from "../http/input/check.ts";
import type { WebServices } from "../http/services.ts";
import { readAudit } from "../read/read_audit.ts";
import type { Endpoint } from "./endpoint.ts";
import * as answer from "./schemas/audit.ts";

export const AUDIT_ENDPOINTS: readonly Endpoint[] = [
  {
    method: "get",
    path: "/audit",
    access: needs("audit.read"),
    summary: "List the actions of people, newest first; /audit/export has them all",
    query: auditFields,
    answer: answer.audit,
    run: audit,
  },
];

async function audit(services: WebServices, request: Request): Promise<unknown> {
  const query = checked(auditQuery, request.query);
  const entries = await readAudit(services, query);
  return { entries, next: entries.length < query.limit ? null : (entries.at(-1)?.id ?? null) };
}
