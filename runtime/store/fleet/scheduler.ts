/** Heartbeats of schedulers, for the health page only. */
import { hostname } from "node:os";
import type { Queryable, Statement } from "../database/database.ts";

const HEARTBEAT: Statement = {
  name: "scheduler_heartbeat",
  text: `
insert into dagsmith.scheduler (id, hostname, pid) values ($1, $2, $3)
on conflict (id) do update set heartbeat_at = now()`,
};

const REMOVE: Statement = {
  name: "scheduler_remove",
  text: "delete from dagsmith.scheduler where id = $1 or heartbeat_at < now() - interval '1 day'",
};

export async function recordSchedulerHeartbeat(db: Queryable, id: string): Promise<void> {
  await db.query(HEARTBEAT, [id, hostname(), process.pid]);
}

export async function removeScheduler(db: Queryable, id: string): Promise<void> {
  await db.query(REMOVE, [id]);
}
