/** Reads the audit, as people may see it. */
import { type AuditRow, listAudit } from "../../store/reads/audit.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

/** Newest first, of one DAG or of all. */
export async function readAudit(
  { reader, mask }: WebServices,
  query: { readonly dagId: string | null; readonly before: number | null; readonly limit: number },
): Promise<readonly AuditRow[]> {
  const found = await listAudit(reader, query);
  return found.map((entry) => maskRow(mask, entry, ["action", "dagId", "runId"]));
}
