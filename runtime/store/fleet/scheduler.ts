/** Heartbeats of schedulers, for the health page only. */
import { hostname } from "node:os";
import type { Queryable, Statement } from "../database/database.ts";

const HEARTBEAT: Statement = {
  name: "scheduler_heartbeat",
  text: `
insert into dagsmith.scheduler (id, hostname, pid, late_loops) values ($1, $2, $3, $4)
on conflict (id) do update set heartbeat_at = now(), late_loops = excluded.late_loops`,
};

const REMOVE: Statement = {
  name: "scheduler_remove",
  text: "delete from dagsmith.scheduler where id = $1",
};

const REMOVE_SILENT: Statement = {
  name: "scheduler_remove_silent",
  text: `
delete from dagsmith.scheduler where id in (
  select id from dagsmith.scheduler where heartbeat_at < now() - interval '1 day'
  for update skip locked)`,
};

/** @param lateLoops the names of its loops that are late now */
export async function recordSchedulerHeartbeat(
  db: Queryable,
  id: string,
  lateLoops: readonly string[],
): Promise<void> {
  await db.query(HEARTBEAT, [id, hostname(), process.pid, lateLoops]);
}

/** Schedulers that were killed leave their rows. */
export async function removeSilentSchedulers(db: Queryable): Promise<void> {
  await db.query(REMOVE_SILENT);
}

export async function removeScheduler(db: Queryable, id: string): Promise<void> {
  await db.query(REMOVE, [id]);
}
