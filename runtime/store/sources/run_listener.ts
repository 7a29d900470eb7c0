/**
 * Ends of runs that other DAGs wait for. They are written by the row of the run itself (a trigger on dagsmith.dag_run); here they become runs,
 * each DAG's under the hold of its row, so that an end is taken once.
 */
import type { DagRunEnd } from "../../../sdk/event.ts";
import type { DagSpec, EventSpec } from "../../../sdk/spec.ts";
import type { RunTrigger } from "../../../sdk/trigger.ts";
import { pairEnds, type WaitingEnd } from "../../timetable/pair_ends.ts";
import { startQueuedRuns } from "../../transactions/start_runs.ts";
import { audit } from "../access/audit.ts";
import type { Plans } from "../dags/plans.ts";
import type { Database, Queryable, Statement } from "../database/database.ts";
import { columns } from "../database/unnest.ts";
import { createRuns, type NewRun } from "../runs/dag_run.ts";
import { dagsWithNews, eventRun, lockWaitingDags, type TriggeredDag } from "./event_run.ts";

/** DAGs looked at in one transaction. */
const BATCH = 200;
/** Ends read at once of a source that pairs nothing: each is taken, so the rest is read next. Where ends wait for partners, all are read. */
const MOST_ENDS = 1_000;

const PUT_LISTENERS: Statement = {
  name: "run_listener_put",
  text: `
insert into dagsmith.run_listener (version_id, dag_id, source, heard_dag_id, states)
select v.id, l.dag_id, l.source, l.heard_dag_id, string_to_array(l.states, ',')
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as l (dag_id, hash, source, heard_dag_id, states)
join dagsmith.dag_version v on v.dag_id = l.dag_id and v.hash = l.hash
on conflict do nothing`,
};

const NEWS: Statement = { name: "run_end_news", text: dagsWithNews("dagsmith.run_end") };

// The ends of one look: they stop being new with it, so what a later look finds came later.
const READ: Statement = {
  name: "run_end_read",
  text: `
update dagsmith.run_end e set is_new = false
from (
  select e.id from unnest($1::text[], $2::text[], $3::int[]) as w (dag_id, source, most), lateral (
    select id from dagsmith.run_end e where e.dag_id = w.dag_id and e.source = w.source order by id limit w.most
  ) e
) picked, dagsmith.dag_run r
where e.id = picked.id and r.id = e.run_id
returning e.id, e.dag_id as listener, e.source, e.state, e.at, r.dag_id, r.run_id, r.trigger`,
};

const DELETE: Statement = {
  name: "run_end_delete",
  text: "delete from dagsmith.run_end where id = any($1)",
};

// What waits for a source that the DAG no longer has.
const FORGET: Statement = {
  name: "run_end_forget",
  text: "delete from dagsmith.run_end e using unnest($1::text[], $2::text[]) as w (dag_id, sources) where e.dag_id = w.dag_id and e.source <> all(string_to_array(w.sources, ','))",
};

type Heard = Extract<EventSpec, { type: "dagRun" }>;

interface End extends WaitingEnd {
  readonly listener: string;
  readonly source: string;
  readonly runId: string;
  readonly trigger: RunTrigger | null;
}

/** Writes down whose runs new versions wait for. */
export async function registerListeners(
  tx: Queryable,
  versions: readonly {
    readonly dagId: string;
    readonly versionHash: string;
    readonly spec: DagSpec;
  }[],
): Promise<void> {
  const listeners = versions.flatMap(({ dagId, versionHash, spec }) =>
    heardBy(spec).flatMap(({ name, runs }) =>
      runs.map((run) => ({ dagId, versionHash, name, run })),
    ),
  );
  if (listeners.length === 0) return;
  await tx.query(
    PUT_LISTENERS,
    columns(listeners, ({ dagId, versionHash, name, run }) => [
      dagId,
      versionHash,
      name,
      run.dagId,
      run.states.join(),
    ]),
  );
}

function heardBy({ on }: DagSpec): readonly Heard[] {
  return on.filter((event) => event.type === "dagRun");
}

/** Makes the runs that ends of other runs ask for, and begins them if there is a place. @returns how many */
export async function createEndRuns(db: Database, plans: Plans): Promise<number> {
  let created = 0;
  for (;;) {
    const dagIds = (await db.query<{ dag_id: string }>(NEWS))
      .slice(0, BATCH)
      .map((row) => row.dag_id);
    if (dagIds.length === 0) return created;
    const made = await db.transaction((tx) => createBatch(tx, plans, dagIds));
    if (made.length > 0) await startQueuedRuns(db, plans, [...new Set(made)]);
    created += made.length;
  }
}

/** @returns the DAGs that got runs, one for each */
async function createBatch(
  tx: Queryable,
  plans: Plans,
  dagIds: readonly string[],
): Promise<readonly string[]> {
  const dags = (await lockWaitingDags(tx, plans, dagIds)).map((dag) => ({
    ...dag,
    heard: heardBy(dag.spec),
  }));
  if (dags.length === 0) return [];
  await tx.query(
    FORGET,
    columns(dags, ({ dagId, heard }) => [dagId, heard.map(({ name }) => name).join()]),
  );
  const sources = dags.flatMap((dag) => dag.heard.map((heard) => ({ ...dag, heard })));
  const ends = await readEnds(tx, sources);
  const runs: NewRun[] = [];
  const done: number[] = [];
  for (const { heard, ...dag } of sources) {
    const own = ends.filter((end) => end.listener === dag.dagId && end.source === heard.name);
    const { runs: pairs, waiting } = pairEnds(heard, own);
    const left = new Set(waiting.map(({ id }) => id));
    for (const { id } of own) if (!left.has(id)) done.push(id);
    for (const pair of pairs) {
      const run = endRun(dag, heard, pair);
      if (run) runs.push(run);
      else
        await audit(tx, {
          actor: "scheduler",
          action: "stop event loop",
          dagId: dag.dagId,
          detail: { source: heard.name, after: pair.map(({ runId }) => runId) },
        });
    }
  }
  await tx.query(DELETE, [done]);
  return (await createRuns(tx, runs)).map(({ dagId }) => dagId);
}

async function readEnds(
  tx: Queryable,
  sources: readonly { readonly dagId: string; readonly heard: Heard }[],
): Promise<readonly End[]> {
  if (sources.length === 0) return [];
  type Row = {
    id: number;
    listener: string;
    source: string;
    state: string;
    at: Date;
    dag_id: string;
    run_id: string;
    trigger: RunTrigger | null;
  };
  const rows = await tx.query<Row>(
    READ,
    columns(sources, ({ dagId, heard }) => [
      dagId,
      heard.name,
      heard.runs.length === 1 ? MOST_ENDS : null,
    ]),
  );
  return rows
    .map(({ dag_id: dagId, run_id: runId, ...row }) => ({ ...row, dagId, runId }))
    .toSorted((a, b) => a.id - b.id);
}

/** Null when the DAG is among those whose runs led here: it would go round for ever. */
function endRun(dag: TriggeredDag, heard: Heard, ends: readonly End[]): NewRun | null {
  const chain = [
    ...new Set(
      ends.flatMap(({ dagId, trigger }) => [
        ...(trigger?.type === "dagRun" ? trigger.chain : []),
        dagId,
      ]),
    ),
  ];
  if (chain.includes(dag.dagId)) return null;
  const events = ends.map(
    ({ dagId, runId, state, at }): DagRunEnd => ({
      dagId,
      runId,
      state: state as DagRunEnd["state"],
      at: at.toISOString(),
    }),
  );
  return eventRun(dag, { type: "dagRun", name: heard.name, events, chain });
}
