/**
 * Ends of runs that other DAGs wait for. A trigger on dagsmith.dag_run writes them; they are read,
 * and deleted once they are used.
 */

import type { RunTrigger } from "../../../sdk/sources/trigger.ts";
import type { DagSpec, EventSpec } from "../../../sdk/spec/index.ts";
import type { WaitingEnd } from "../../timetable/pair_ends.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { columns } from "../database/unnest.ts";
import { dagsWithNews } from "./event_run.ts";

/** Ends read at once of a source that pairs nothing: each is taken, so the rest is read next. Where ends wait for partners, all are read. */
const MOST_ENDS = 1_000;

const PUT_LISTENERS: Statement = {
  name: "run_listener_put",
  text: `
insert into dagsmith.run_listener (version_id, dag_id, source, source_dag_id, states)
select v.id, l.dag_id, l.source, l.source_dag_id, string_to_array(l.states, ',')
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as l (dag_id, hash, source, source_dag_id, states)
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

/** An event source of a DAG that listens to ends of runs. */
export type RunSource = Extract<EventSpec, { type: "dagRun" }>;

/** An end that waits to be used by a DAG that listens. */
export interface End extends WaitingEnd {
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
    runSourcesOf(spec).flatMap(({ name, runs }) =>
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

/** The sources of a DAG that listen to ends of runs. */
export function runSourcesOf({ on }: DagSpec): readonly RunSource[] {
  return on.filter((event) => event.type === "dagRun");
}

/** DAGs for which new ends wait. */
export async function dagsWithRunEnds(db: Queryable): Promise<readonly string[]> {
  return (await db.query<{ dag_id: string }>(NEWS)).map((row) => row.dag_id);
}

/** Deletes ends that wait for sources which the DAGs no longer have. */
export async function deleteForeignEnds(
  tx: Queryable,
  dags: readonly { readonly dagId: string; readonly heard: readonly RunSource[] }[],
): Promise<void> {
  await tx.query(
    FORGET,
    columns(dags, ({ dagId, heard }) => [dagId, heard.map(({ name }) => name).join()]),
  );
}

/** Deletes ends that were used. */
export async function deleteEnds(tx: Queryable, ids: readonly number[]): Promise<void> {
  await tx.query(DELETE, [ids]);
}

/** Reads the ends that wait for these sources, oldest first. They count as seen from then on. */
export async function readEnds(
  tx: Queryable,
  sources: readonly { readonly dagId: string; readonly heard: RunSource }[],
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
