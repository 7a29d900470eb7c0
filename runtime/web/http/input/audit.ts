/** Input about the audit. */
import { z } from "zod";
import { dagId, filled, limit, optional, rowId } from "./fields.ts";

export const auditQuery = z.object({
  dagId: filled(optional(dagId)),
  before: optional(rowId),
  limit: limit(500, 100),
});
