/** Wake-up tokens that nobody can reach. The queue itself would free them after four hours. */
import type { Queryable, Statement } from "../database/database.ts";

// A worker takes up a token as soon as it has it, and the instance is queued no more; one that it fetched ahead goes back within a second.
// So a token that has been held for long while its instance still waits was fetched by a statement whose answer was lost.
const FREE_STRANDED: Statement = {
  name: "job_unlock_orphaned",
  text: `
update dagsmith_queue._private_jobs j
set locked_by = null, locked_at = null, attempts = greatest(0, j.attempts - 1)
from dagsmith.task_instance t
where j.locked_at < now() - $1 * interval '1 millisecond'
  and t.id = (j.payload ->> 'ti')::bigint and t.try_number = (j.payload ->> 'try')::int and t.state in ('queued', 'up_for_retry')
returning j.id`,
};

const FREE_STRANDED_CALLBACKS: Statement = {
  name: "job_unlock_orphaned_callbacks",
  text: `
update dagsmith_queue._private_jobs j
set locked_by = null, locked_at = null, attempts = greatest(0, j.attempts - 1)
from dagsmith.callback c
where j.locked_at < now() - $1 * interval '1 millisecond' and c.id = (j.payload ->> 'callback')::bigint and c.state = 'queued'
returning j.id`,
};

const STRANDED_AFTER_MS = 15_000;

/** Lets workers have again the tokens that none of them has in hand. @returns how many there were */
export async function unlockOrphanedJobs(db: Queryable): Promise<number> {
  const [ofTries, ofCallbacks] = [
    await db.query(FREE_STRANDED, [STRANDED_AFTER_MS]),
    await db.query(FREE_STRANDED_CALLBACKS, [STRANDED_AFTER_MS]),
  ];
  return ofTries.length + ofCallbacks.length;
}
