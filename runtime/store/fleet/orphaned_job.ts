/**
 * Jobs locked by a connection that no longer exists. The job queue frees them after four
 * hours.
 */
import type { Queryable, Statement } from "../database/database.ts";

// A job that a frozen transaction holds must not hold up the others.
const LOCKED = `
  select id from dagsmith_queue._private_jobs
  where locked_at < now() - $1 * interval '1 millisecond'
  for update skip locked`;

// A worker claims the instance as soon as it has the job; a job fetched ahead goes back
// within a second. A job that is locked for longer, while its instance is still queued,
// was fetched by a statement whose answer was lost.
const UNLOCK: Statement = {
  name: "job_unlock_orphaned",
  text: `
update dagsmith_queue._private_jobs j
set locked_by = null, locked_at = null, attempts = greatest(0, j.attempts - 1)
from (${LOCKED}) late, dagsmith.task_instance t
where j.id = late.id
  and t.id = (j.payload ->> 'ti')::bigint and t.try_number = (j.payload ->> 'try')::int
  and t.state in ('queued', 'up_for_retry')
returning j.id`,
};

const UNLOCK_CALLBACKS: Statement = {
  name: "job_unlock_orphaned_callbacks",
  text: `
update dagsmith_queue._private_jobs j
set locked_by = null, locked_at = null, attempts = greatest(0, j.attempts - 1)
from (${LOCKED}) late
where j.id = late.id
  -- "offset 0" keeps this a look into the primary key, whatever statistics say.
  and exists (
    select from dagsmith.callback c
    where c.id = (j.payload ->> 'callback')::bigint and c.state = 'queued'
    offset 0
  )
returning j.id`,
};

const ORPHANED_AFTER_MS = 15_000;

/** Unlocks the jobs that no worker has. @returns how many */
export async function unlockOrphanedJobs(db: Queryable): Promise<number> {
  const [ofTries, ofCallbacks] = [
    await db.query(UNLOCK, [ORPHANED_AFTER_MS]),
    await db.query(UNLOCK_CALLBACKS, [ORPHANED_AFTER_MS]),
  ];
  return ofTries.length + ofCallbacks.length;
}
