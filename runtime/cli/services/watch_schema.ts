/**
 * Ends a service when a newer dagsmith has migrated the tables under it. During a rolling
 * deployment the old processes then make room, and none works for long on tables that it
 * does not know.
 */
import { type DagsmithError, isDagsmithError } from "../../../sdk/errors.ts";
import type { ServiceLog } from "../../service/log.ts";
import { Loop } from "../../service/loop.ts";
import type { Database } from "../../store/database/database.ts";
import { assertSchema } from "../../store/database/schema.ts";
import type { Service } from "./running.ts";

const LOOK_EVERY_MS = 5_000;

/** @param onNewer called with SCHEMA_NEWER */
export function watchSchema(
  db: Database,
  log: ServiceLog,
  onNewer: (error: DagsmithError) => void,
): Service {
  const look = async (): Promise<number> => {
    await assertSchema(db).catch((error: unknown) => {
      // An older schema is about to be migrated by this process itself.
      if (isDagsmithError(error) && error.code === "SCHEMA_NEWER") onNewer(error);
    });
    return 0;
  };
  const loop = new Loop({ name: "watch_schema", everyMs: LOOK_EVERY_MS, runOnce: look }, log);
  loop.start();
  return { stop: () => loop.stop() };
}
