/** The API as a table: each address with what it takes, what it answers and what it does. Routes and OpenAPI are both made from it. */
import { AGAIN_ENDPOINTS } from "./again.ts";
import { ASSET_ENDPOINTS } from "./assets.ts";
import { DAG_ENDPOINTS } from "./dags.ts";
import type { Endpoint } from "./endpoint.ts";
import { POOL_ENDPOINTS } from "./pools.ts";
import { RUN_ENDPOINTS } from "./runs.ts";
import { SYSTEM_ENDPOINTS } from "./system.ts";
import { TASK_ENDPOINTS } from "./tasks.ts";

export const ENDPOINTS: readonly Endpoint[] = [
  ...DAG_ENDPOINTS,
  ...RUN_ENDPOINTS,
  ...TASK_ENDPOINTS,
  ...ASSET_ENDPOINTS,
  ...POOL_ENDPOINTS,
  ...AGAIN_ENDPOINTS,
  ...SYSTEM_ENDPOINTS,
];
