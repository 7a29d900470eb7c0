/** What the API answers about assets. */
import { z } from "zod";
import { when } from "./common.ts";

const asset = z
  .object({
    uri: z.string(),
    name: z.string().nullable(),
    extra: z.json(),
    producers: z.array(z.object({ dagId: z.string(), taskId: z.string() })),
    readers: z.array(z.object({ dagId: z.string(), taskId: z.string() })),
    consumers: z.array(z.object({ dagId: z.string(), isUpdated: z.boolean() })),
    lastEventAt: when.nullable(),
  })
  .meta({ id: "Asset" });

const assetEvent = z
  .object({
    id: z.int(),
    uri: z.string(),
    at: when,
    extra: z.json(),
    source: z
      .object({ dagId: z.string(), runId: z.string(), taskId: z.string(), mapIndex: z.int() })
      .nullable(),
    actor: z
      .string()
      .nullable()
      .meta({ description: "The person or program that recorded it; null for a task" }),
  })
  .meta({ id: "AssetEvent" });

export const assets = z.object({ assets: z.array(asset), next: z.string().nullable() });

export const assetEvents = z.object({ events: z.array(assetEvent), next: z.int().nullable() });

export const createdEvent = z.object({ id: z.int() });
