/** Input about the audit: its filters, its pages and its formats. */
import { z } from "zod";
import { AUDIT_FORMATS } from "../../../words/audit_export.ts";
import { dagId, dayStart, filled, limit, optional, rowId, text } from "./fields.ts";

const filters = {
  dagId: filled(optional(dagId)),
  user: filled(optional(text(100))).meta({
    description: "The user or the program that acted: the first word of `actor`",
  }),
  action: filled(optional(text(100))).meta({ example: "trigger" }),
  from: filled(optional(dayStart)),
  to: filled(optional(dayStart)).meta({ description: "The last day, inclusive" }),
};

const DAY_MS = 86_400_000;

/** The last day belongs to the entries. */
const withLastDay = <Filter extends { readonly to: Date | null }>({ to, ...filter }: Filter) => ({
  ...filter,
  to: to && new Date(to.getTime() + DAY_MS),
});

const page = z.object({ ...filters, before: optional(rowId), limit: limit(500, 100) });

/** The query as the API describes it. */
export const auditFields = page;
export const auditQuery = page.transform(withLastDay);
export const exportQuery = z
  .object({ ...filters, format: z.enum(AUDIT_FORMATS).default("csv") })
  .transform(withLastDay);
