/** Input of webhooks, besides the body, which the DAG's schema checks. */
import { z } from "zod";
import { dagId } from "./fields.ts";

export const hookParams = z.object({
  dagId,
  name: z.string().regex(/^[\w-]{1,50}$/, "is not the name of a webhook"),
});
/** The idempotency key of a delivery. */
export const hookKey = z
  .string()
  .regex(/^[!-~]{1,255}$/, "must be 1 to 255 printable ASCII characters")
  .nullable();
