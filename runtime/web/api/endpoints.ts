/**
 * The API as a table: each endpoint with its input, its answer and its function. Routes
 * and OpenAPI are both made from it.
 */
import { ASSET_ENDPOINTS } from "./assets.ts";
import { AUDIT_ENDPOINTS } from "./audit.ts";
import { BACKFILL_ENDPOINTS } from "./backfills.ts";
import { CLEAR_ENDPOINTS } from "./clear.ts";
import { DAG_ENDPOINTS } from "./dags.ts";
import { DEPLOYMENT_ENDPOINTS } from "./deployments.ts";
import type { Endpoint } from "./endpoint.ts";
import { MARK_ENDPOINTS } from "./marks.ts";
import { NOTE_ENDPOINTS } from "./notes.ts";
import { POOL_ENDPOINTS } from "./pools.ts";
import { QUESTION_ENDPOINTS } from "./questions.ts";
import { RUN_ENDPOINTS } from "./runs.ts";
import { SECRET_ENDPOINTS } from "./secrets.ts";
import { STATE_ENDPOINTS } from "./state.ts";
import { SYSTEM_ENDPOINTS } from "./system.ts";
import { TASK_ENDPOINTS } from "./tasks.ts";
import { USER_ENDPOINTS } from "./users.ts";

export const ENDPOINTS: readonly Endpoint[] = [
  ...DAG_ENDPOINTS,
  ...DEPLOYMENT_ENDPOINTS,
  ...RUN_ENDPOINTS,
  // Before tasks: `steps` would be read as a map index.
  ...STATE_ENDPOINTS,
  ...TASK_ENDPOINTS,
  ...QUESTION_ENDPOINTS,
  ...ASSET_ENDPOINTS,
  ...POOL_ENDPOINTS,
  ...SECRET_ENDPOINTS,
  ...BACKFILL_ENDPOINTS,
  ...CLEAR_ENDPOINTS,
  ...MARK_ENDPOINTS,
  ...NOTE_ENDPOINTS,
  ...AUDIT_ENDPOINTS,
  ...SYSTEM_ENDPOINTS,
  ...USER_ENDPOINTS,
];
