/**
 * Queues jobs in the statement that made them due, so that the state and the queue always
 * agree.
 */

/**
 * The end of a statement with `rows (id, try_number, queue, weight)`: queues a job for
 * each row. The job queue takes low priorities first, so a high weight becomes a low
 * priority of 16 bits. A queue of workers is a task name of jobs that only its workers
 * take.
 */
export const enqueue = (rows: string, { runAt = "null::timestamptz", order = "" } = {}): string => `
select count(*) from (
  select array_agg((
    'run_task' || coalesce(':' || queue, ''), json_build_object('ti', id, 'try', try_number), null, ${runAt}, null, null,
    greatest(-32767, least(32767, -weight::bigint)), null
  )::dagsmith_queue.job_spec ${order}) as specs from ${rows}
) job, lateral dagsmith_queue.add_jobs(job.specs) where job.specs is not null`;
