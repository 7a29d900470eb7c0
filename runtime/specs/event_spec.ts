/** The schemas of what starts runs besides schedules: assets, changes, messages, calls, runs. */
import { z } from "zod";
import type { AssetCondition, EventSpec } from "../../sdk/spec/index.ts";
import { amount, checksAllOf, count, id, json, text } from "./fields.ts";

const asset = z.strictObject({ asset: text });
const alias = z.strictObject({ alias: text });

export const assetCondition: z.ZodType<AssetCondition> = z.lazy(() =>
  z.union([
    asset,
    alias,
    z.strictObject({ all: z.array(assetCondition) }),
    z.strictObject({ any: z.array(assetCondition) }),
  ]),
);

export const outlet = z.union([asset, alias]);

const runStates = z.array(z.enum(["success", "failed"]));

export const eventSpec = checksAllOf<EventSpec>()(
  z.discriminatedUnion("type", [
    z.strictObject({
      ...{ type: z.literal("postgresChanges"), name: text, connection: text },
      ...{ schema: text, table: text, batch: count },
      operations: z.array(z.enum(["insert", "update", "delete"])),
      when: json.exactOptional(),
    }),
    z.strictObject({
      ...{ type: z.literal("messages"), name: text, queue: text, connection: text },
      ...{ settings: z.record(z.string(), json), batch: count, windowMs: amount },
      when: json.exactOptional(),
    }),
    z.strictObject({
      ...{ type: z.literal("webhook"), name: text, secret: text, bodySchema: json.nullable() },
      ...{ when: json.exactOptional(), headers: z.array(text).exactOptional() },
    }),
    z.strictObject({
      ...{ type: z.literal("dagRun"), name: text, withinMs: amount, when: json.exactOptional() },
      runs: z.array(z.strictObject({ dagId: id, states: runStates })),
      any: z
        .strictObject({ states: runStates, tags: z.array(text), exclude: z.array(id) })
        .exactOptional(),
    }),
  ]),
);
