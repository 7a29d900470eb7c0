/** Input about assets. */
import { z } from "zod";
import { limit, optional, rowId } from "./fields.ts";

const assetUri = z
  .string()
  .regex(/^[!-~]{1,1000}$/, "is not the URI of an asset")
  .meta({ description: "URI of an asset", example: "s3://lake/github/issues" });

export const assetsQuery = z.object({
  after: z.union([z.literal(""), assetUri]).default(""),
  limit: limit(500, 100),
});
export const assetEventsQuery = z.object({
  uri: assetUri,
  before: optional(rowId),
  limit: limit(1_000, 100),
});
export const assetEventBody = z.object({
  uri: assetUri,
  extra: z
    .record(z.string(), z.json())
    .optional()
    .meta({ description: "The event's own data; at most 64 KB", example: { rows: 12 } }),
});
