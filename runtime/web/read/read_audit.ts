/** Reads the audit, as people may see it. */
import {
  type AuditFilter,
  type AuditQuery,
  type AuditRow,
  eachAudit,
  listAudit,
} from "../../store/reads/audit.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

const KEPT = ["action", "dagId", "runId"] as const;

/** Newest first. */
export async function readAudit(
  { reader, mask }: WebServices,
  query: AuditQuery,
): Promise<readonly AuditRow[]> {
  return (await listAudit(reader, query)).map((entry) => maskRow(mask, entry, KEPT));
}

/** Every entry, newest first. */
export async function* readWholeAudit(
  { reader, mask }: WebServices,
  filter: AuditFilter,
): AsyncGenerator<AuditRow> {
  for await (const entries of eachAudit(reader, filter))
    for (const entry of entries) yield maskRow(mask, entry, KEPT);
}
