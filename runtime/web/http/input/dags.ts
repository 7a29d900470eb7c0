/** Input about DAGs: which DAG, in which order, how many, and the values of a new run. */
import { z } from "zod";
import { DAG_FILTERS } from "../../../store/reads/dags.ts";
import {
  dagId,
  filled,
  folded,
  instant,
  limit,
  optional,
  rowId,
  smallNumber,
  taskId,
  text,
} from "./fields.ts";

export const dagParams = z.object({ dagId });
export const dagTaskParams = z.object({ dagId, taskId });

export const dagsQuery = z.object({
  after: z.union([z.literal(""), dagId]).default(""),
  limit: limit(500, 100),
  filter: z.enum(DAG_FILTERS).default("all"),
  tag: filled(optional(text(200))),
  q: filled(optional(text(200))),
});

export const foldedQuery = z.object({ folded });
export const gridQuery = z.object({ before: optional(rowId), runs: limit(50, 25), folded });

/** `against`: the version to compare with. */
export const codeQuery = z.object({
  version: filled(optional(smallNumber)),
  against: filled(optional(smallNumber)),
  file: filled(optional(text(1_000))),
});

/**
 * `from` and `to`: bounds of the logical date, inclusive. `after`: the last decision
 * shown, as its last logical date, `~`, and the name of its schedule.
 */
export const decisionsQuery = z.object({
  from: filled(optional(instant)),
  to: filled(optional(instant)),
  after: optional(
    z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z~[\w-]{0,50}$/, "is not a cursor of the list")
      .transform((cursor) => {
        const [date = "", schedule = ""] = cursor.split("~");
        return { logicalDate: new Date(date), schedule };
      })
      .refine(
        ({ logicalDate }) => !Number.isNaN(logicalDate.getTime()),
        "is not a cursor of the list",
      ),
  ),
  limit: limit(500, 50),
});

export const triggerBody = z.object({
  params: z
    .record(z.string(), z.json())
    .optional()
    .meta({ description: "Params of the run; the DAG's schema checks them" }),
  logicalDate: z
    .string()
    .max(40)
    .optional()
    .meta({ description: "ISO 8601; default: now", example: "2026-01-31T04:00:00Z" }),
});
