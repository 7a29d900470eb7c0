/** What must hold after a chaos run, by the rows of the database and by the journal. */
import { Plans } from "../../runtime/store/dags/plans.ts";
import type { Database } from "../../runtime/store/database/database.ts";
import { expectCountsHold } from "../support/counts.ts";
import { HUNGRY, POISONED, SCHEDULED } from "./dags.ts";
import { type Note, tryKey } from "./journal.ts";

/** A promise, with each place where it is broken, in words. */
export interface Check {
  readonly name: string;
  readonly problems: readonly string[];
}

/** Rows that a query finds are problems; each row has one column `problem`. */
const QUERIES: Readonly<Record<string, string>> = {
  "every run ended": `
    select dag_id || '/' || run_id || ' is ' || state as problem from dagsmith.dag_run
    where state not in ('success', 'failed')`,
  "no instance of an ended run is open": `
    select r.dag_id || '/' || r.run_id || ' ' || t.task_id || ' is ' || t.state as problem
    from dagsmith.task_instance t join dagsmith.dag_run r on r.id = t.run_id
    where t.finished_at is null and t.state <> 'none'`,
  "every failed or lost try has a reason": `
    select t.task_id || ' try ' || y.try_number || ' is ' || y.state as problem
    from dagsmith.task_try y join dagsmith.task_instance t on t.id = y.task_instance_id
    where y.state in ('failed', 'lost') and y.reason is null
    union all
    select task_id || ' is failed' from dagsmith.task_instance
    where state = 'failed' and reason is null`,
  // By their own code on purpose, by a kill of their process, by a cancel, or by many
  // dead workers.
  "a task fails by nothing that another did": `
    select dag_id || '/' || task_id || ' failed: ' || ends.reason as problem from (
      select t.run_id, t.task_id, t.state, t.reason from dagsmith.task_instance t
      union all
      select t.run_id, t.task_id, y.state, y.reason
      from dagsmith.task_try y join dagsmith.task_instance t on t.id = y.task_instance_id
    ) ends join dagsmith.dag_run r on r.id = ends.run_id
    where r.dag_id <> '${POISONED}' and ends.state = 'failed'
      and ends.reason !~ 'fails on purpose|killed by SIGKILL|cancelled|worker died'
      and not (r.dag_id = '${HUNGRY}'
        and ends.reason ~ 'ran out of memory|killed by SIG(ABRT|TRAP|SEGV)')`,
  "no instance succeeded twice": `
    select t.task_id || ' of run ' || t.run_id as problem
    from dagsmith.task_try y join dagsmith.task_instance t on t.id = y.task_instance_id
    join dagsmith.dag_run r on r.id = t.run_id
    where y.state = 'success' and r.generation = 0`,
  "slots and pools are free": `
    select t.task_id || ' of run ' || t.run_id || ' holds slots' as problem
    from dagsmith.slot_request p join dagsmith.task_instance t on t.id = p.instance_id
    where t.state in ('scheduled', 'queued', 'running')`,
  "nothing waits": `
    select kind || ' of run ' || run_id as problem from dagsmith.task_wait
    union all select task_id || ' of run ' || run_id from dagsmith.depends_on_past_wait`,
  "the queue is empty": `
    select task_identifier || ' ' || coalesce(locked_by, 'not locked') as problem
    from dagsmith_queue.jobs`,
  "every callback ended": `
    select event || ' of run ' || run_id || ' is ' || state as problem from dagsmith.callback
    where state not in ('success', 'failed')`,
  "every end of a run is called back once": `
    select r.dag_id || '/' || r.run_id || ' has ' || count(c.id) || ' callbacks' as problem
    from dagsmith.dag_run r
    left join dagsmith.callback c on c.run_id = r.id and c.task_instance_id is null
    where r.generation = 0 group by r.id having count(c.id) <> 1`,
  "a schedule makes each interval once": `
    select dag_id || ' has ' || count(*) || ' runs of ' || logical_date as problem
    from dagsmith.dag_run where run_type = 'scheduled'
    group by dag_id, logical_date having count(*) > 1`,
};

/** All checks of a database and a journal. */
export async function checkAll(
  db: Database,
  journal: readonly Note[],
  intervals: { readonly everyMs: number },
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const [name, text] of Object.entries(QUERIES))
    checks.push({ name, problems: await problemsOf(db, name, text) });
  return [
    ...checks,
    { name: "no interval is skipped", problems: await skippedIntervals(db, intervals.everyMs) },
    { name: "every try started once", problems: startedTwice(journal) },
    { name: "every started try is known", problems: await unknownTries(db, journal) },
    { name: "every success has its end", problems: await successWithoutEnd(db, journal) },
    { name: "callbacks ran as often as counted", problems: await callbacks(db, journal) },
    { name: "counters equal a recount", problems: await recounted(db) },
  ];
}

async function problemsOf(db: Database, name: string, text: string): Promise<readonly string[]> {
  const statement = { name: `chaos_${name.replaceAll(/\W/g, "_")}`, text };
  return (await db.query<{ problem: string }>(statement)).map(({ problem }) => problem);
}

const DATES = {
  name: "chaos_dates",
  text: `
select logical_date as date from dagsmith.dag_run
where dag_id = $1 and run_type = 'scheduled' order by 1`,
};
const SKIPS = {
  name: "chaos_skips",
  text: `
select logical_date as "from", last_logical_date as "to" from dagsmith.schedule_decision
where dag_id = $1 and decision = 'skipped'`,
};

/**
 * Intervals between the first run and the last that have neither a run nor a decision.
 */
async function skippedIntervals(db: Database, everyMs: number): Promise<readonly string[]> {
  const dates = await db.query<{ date: Date }>(DATES, [SCHEDULED]);
  const skips = await db.query<{ from: Date; to: Date }>(SKIPS, [SCHEDULED]);
  const times = new Set(dates.map(({ date }) => date.getTime()));
  const [first = 0, last = 0] = [Math.min(...times), Math.max(...times)];
  const problems: string[] = [];
  for (let at = first; at < last; at += everyMs)
    if (!times.has(at) && !skips.some(({ from, to }) => from.getTime() <= at && at <= to.getTime()))
      problems.push(new Date(at).toISOString());
  return problems;
}

function startedTwice(journal: readonly Note[]): readonly string[] {
  const starts = Map.groupBy(
    journal.filter(({ what }) => what === "start"),
    tryKey,
  );
  return [...starts].flatMap(([key, notes]) => (notes.length > 1 ? [key] : []));
}

/** A try as the database knows it, with the state in which it ended. */
interface KnownTry extends Record<string, unknown> {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly state: string;
}

const TRIES = {
  name: "chaos_tries",
  text: `
select r.dag_id as "dagId", r.run_id as "runId", t.task_id as "taskId", t.map_index as "mapIndex",
  y.try_number as "tryNumber", y.state
from dagsmith.dag_run r join dagsmith.task_instance t on t.run_id = r.id
cross join lateral (
  select t.try_number, t.state
  union all
  select try_number, state from dagsmith.task_try where task_instance_id = t.id) y`,
};

const knownTries = (db: Database): Promise<readonly KnownTry[]> => db.query<KnownTry>(TRIES);

async function unknownTries(db: Database, journal: readonly Note[]): Promise<readonly string[]> {
  const known = new Set((await knownTries(db)).map(tryKey));
  const started = journal.filter(({ what }) => what === "start").map(tryKey);
  return started.filter((key) => !known.has(key));
}

/** Tasks with a journal: those of groups and sensors write none. */
async function successWithoutEnd(
  db: Database,
  journal: readonly Note[],
): Promise<readonly string[]> {
  const keysOf = (what: Note["what"]): ReadonlySet<string> =>
    new Set(journal.filter((note) => note.what === what).map(tryKey));
  const [started, ended] = [keysOf("start"), keysOf("end")];
  const succeeded = (await knownTries(db)).filter(({ state }) => state === "success").map(tryKey);
  return succeeded.filter((key) => started.has(key) && !ended.has(key));
}

interface CalledBack extends Record<string, unknown> {
  readonly key: string;
  readonly attempts: number;
  readonly isSuccess: boolean;
}

// A run that was cleared has a callback for each of its ends.
const CALLBACKS = {
  name: "chaos_callbacks",
  text: `
select concat_ws(' ', r.dag_id, r.run_id, t.task_id, t.map_index, c.try_number, c.event) as key,
  sum(c.attempts)::int as attempts, bool_or(c.state = 'success') as "isSuccess"
from dagsmith.callback c join dagsmith.dag_run r on r.id = c.run_id
left join dagsmith.task_instance t on t.id = c.task_instance_id
group by 1`,
};

async function callbacks(db: Database, journal: readonly Note[]): Promise<readonly string[]> {
  const called = Map.groupBy(
    journal.filter(({ what }) => what === "callback"),
    ({ dagId, runId, taskId, mapIndex, tryNumber, event }) =>
      [dagId, runId, ...(taskId === "" ? [] : [taskId, mapIndex, tryNumber]), event].join(" "),
  );
  const stored = await db.query<CalledBack>(CALLBACKS);
  const keys = new Set(stored.map(({ key }) => key));
  const unknown = [...called.keys()].filter((key) => !keys.has(key));
  const wrong = stored.flatMap(({ key, attempts, isSuccess }) => {
    const times = called.get(key)?.length ?? 0;
    return times > attempts || (isSuccess && times === 0)
      ? [`${key}: ran ${times} times in ${attempts} attempts`]
      : [];
  });
  return [...unknown.map((key) => `${key}: nothing in the database`), ...wrong];
}

// A run that was stopped from outside has tasks without an instance, which a recount
// takes for open.
const RUNS = {
  name: "chaos_runs",
  text: `
select id, version_id as "versionId" from dagsmith.dag_run where reason is null order by id`,
};

async function recounted(db: Database): Promise<readonly string[]> {
  const runs = await db.query<{ id: number; versionId: number }>(RUNS);
  const versions = await new Plans().get(db, [...new Set(runs.map((run) => run.versionId))]);
  const problems: string[] = [];
  for (const { id, versionId } of runs) {
    const spec = versions.get(versionId)?.spec;
    await (spec ? expectCountsHold(db, id, spec) : Promise.reject(new Error("has no version")))
      // The check of the tests throws what differs.
      .catch((error: Error) => problems.push(`run ${id}: ${error.message.split("\n")[0]}`));
  }
  return problems;
}
