/** The documents of commands about connections, variables, keys, state, pools and assets. */
import { z } from "zod";
import * as api from "../../web/api/schemas/assets.ts";
import { pools as listedPools } from "../../web/api/schemas/pools.ts";
import { json, when } from "./fields.ts";

const use = {
  source: z.string().meta({ description: "database, or the variable of the environment" }),
  updatedAt: when.nullable(),
  version: z.int().optional().meta({ description: "Counts changes of a stored one" }),
  usedBy: z.array(z.string()).meta({ description: "Ids of DAGs whose runs have read it" }),
  lastUsedAt: when.nullable(),
};

export const connections = z.object({
  connections: z.array(z.object({ id: z.string(), type: z.string(), ...use })),
});
export const connection = z.object({
  id: z.string(),
  type: z.string(),
  host: z.string().nullable(),
  port: z.int().nullable(),
  login: z.string().nullable(),
  password: z.string().nullable().meta({ description: "Hidden without --reveal" }),
  schema: z.string().nullable(),
  extra: z.record(z.string(), json),
});
export const connectionSet = z.object({ id: z.string(), type: z.string() });
export const connectionCleared = z.object({ id: z.string(), cleared: z.array(z.string()) });
export const connectionDeleted = z.object({ id: z.string(), deleted: z.literal(true) });
export const connectionTested = z.object({ id: z.string(), ok: z.boolean(), line: z.string() });

const type = z.object({
  ids: z.array(z.string()),
  title: z.string(),
  description: z.string(),
  example: z.string(),
  schema: json,
  package: z.string().nullable().meta({ description: "Null: dagsmith" }),
});
/** Of one type, when it is named. */
export const connectionTypes = z.union([
  z.object({ types: z.array(type), problems: z.array(z.string()) }),
  type,
]);

export const variables = z.object({ variables: z.array(z.object({ key: z.string(), ...use })) });
export const variable = z.object({ key: z.string(), value: z.string() });
export const variableSet = z.object({ key: z.string() });
export const keyDeleted = z.object({ key: z.string(), deleted: z.literal(true) });

export const keys = z.object({
  keys: z.array(
    z.object({
      id: z.string().nullable(),
      state: z.string(),
      connections: z.int(),
      variables: z.int(),
    }),
  ),
});
export const rotated = z.object({
  key: z.string(),
  resealed: z.int(),
  unreadable: z.array(z.object({ kind: z.enum(["connection", "variable"]), id: z.string() })),
});

export const states = z.object({
  entries: z.array(
    z.object({ key: z.string(), value: json, revision: z.int(), updatedAt: z.string() }),
  ),
});
export const stateValue = z.object({ key: z.string(), value: json });

export const pools = listedPools;
export const poolSet = z.object({ name: z.string(), slots: z.int() });
export const poolDeleted = z.object({ name: z.string(), deleted: z.literal(true) });

export const assets = api.assets.omit({ next: true });
export const assetEvents = api.assetEvents.omit({ next: true });
export const assetUpdated = z.object({ id: z.int(), uri: z.string() });

export const eventSources = z.object({
  sources: z.array(
    z.object({
      dagId: z.string(),
      name: z.string(),
      subscriptionId: z.string(),
      connection: z.string(),
      schema: z.string(),
      table: z.string(),
      installedAt: when.nullable(),
      error: z.string().nullable(),
    }),
  ),
});
export const eventSourcesChanged = z.object({
  dagId: z.string(),
  sources: z.array(
    z.object({
      name: z.string(),
      connection: z.string(),
      table: z.string(),
      key: z.array(z.string()).nullable(),
      isNew: z.boolean(),
    }),
  ),
});
