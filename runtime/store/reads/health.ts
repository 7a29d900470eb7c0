/** How the parts of a deployment are, from the heartbeats that they leave. */
import type { Queryable, Statement } from "../database/database.ts";

/** A scheduler or worker that was silent for longer is not counted as alive. */
const FRESH = "interval '30 seconds'";

export interface Health {
  /** Schedulers whose heartbeat is fresh. */
  readonly schedulers: number;
  readonly workers: number;
  /** Tries that the live workers can run at once, together. */
  readonly slots: number;
  /** Age of the newest scheduler's heartbeat; null when there never was one. */
  readonly schedulerAgeSeconds: number | null;
}

const HEALTH: Statement = {
  name: "page_health",
  text: `
select
  (select count(*)::int from dagsmith.scheduler where heartbeat_at > now() - ${FRESH}) as schedulers,
  (select count(*)::int from dagsmith.worker where state = 'active' and heartbeat_at > now() - ${FRESH}) as workers,
  (select coalesce(sum(slots), 0)::int from dagsmith.worker where state = 'active' and heartbeat_at > now() - ${FRESH}) as slots,
  (select extract(epoch from now() - max(heartbeat_at))::float8 from dagsmith.scheduler) as "schedulerAgeSeconds"`,
};

export async function getHealth(db: Queryable): Promise<Health> {
  const [row] = await db.query<Health & Record<string, unknown>>(HEALTH);
  return row ?? { schedulers: 0, workers: 0, slots: 0, schedulerAgeSeconds: null };
}
