/** How wake-up tokens come into the queue: always in the statement that made them due, so that state and queue cannot disagree. */

/**
 * The end of a statement that has `rows (id, try_number, queue, weight)`: a token for each. The queue hands out low numbers first, so a
 * heavy weight is a low number, within the 16 bits that it has; a queue of workers is a kind of job that only they take.
 */
export const enqueue = (rows: string, { runAt = "null::timestamptz", order = "" } = {}): string => `
select count(*) from (
  select array_agg((
    'run_task' || coalesce(':' || queue, ''), json_build_object('ti', id, 'try', try_number), null, ${runAt}, null, null,
    greatest(-32767, least(32767, -weight::bigint)), null
  )::dagsmith_queue.job_spec ${order}) as specs from ${rows}
) token, lateral dagsmith_queue.add_jobs(token.specs) where token.specs is not null`;
