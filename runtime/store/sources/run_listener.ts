/**
 * Ends of runs that other DAGs wait for. A trigger on dagsmith.dag_run writes them; they
 * are read, and deleted once they are used.
 */
import type { WhenRunEnd } from "../../../sdk/sources/dag_run.ts";
import type { RunTrigger } from "../../../sdk/sources/trigger.ts";
import type { DagSpec, EventSpec } from "../../../sdk/spec/index.ts";
import type { WaitingEnd } from "../../timetable/sources/pair_ends.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";
import { dagsWithNews } from "./event_run.ts";

/**
 * Ends read at once of a source with one DAG. All of them are used, so the next read gets
 * the rest. A source with several DAGs pairs their ends, so all are read.
 */
const MOST_ENDS = 1_000;

interface Listener {
  readonly dagId: string;
  readonly versionHash: string;
  readonly source: string;
  readonly run: RunSource["runs"][number];
  /** Of a listener to any DAG. */
  readonly tags: readonly string[];
  readonly exclude: readonly string[];
}

/** The source of a listener to any DAG. No DAG has this id. */
const ANY_DAG = "*";

// unnest() cannot take a list for each row, so lists are texts.
const LISTENERS = rowsOf<Listener>({
  dag_id: ["text", ({ dagId }) => dagId],
  hash: ["text", ({ versionHash }) => versionHash],
  source: ["text", ({ source }) => source],
  source_dag_id: ["text", ({ run }) => run.dagId],
  states: ["text", ({ run }) => run.states.join()],
  tags: ["json", ({ tags }) => JSON.stringify(tags)],
  exclude: ["json", ({ exclude }) => JSON.stringify(exclude)],
});

const PUT_LISTENERS: Statement = {
  name: "run_listener_put",
  text: `
insert into dagsmith.run_listener
  (version_id, dag_id, source, source_dag_id, states, tags, exclude)
select v.id, l.dag_id, l.source, l.source_dag_id, string_to_array(l.states, ','),
  array(select json_array_elements_text(l.tags)), array(select json_array_elements_text(l.exclude))
from ${LISTENERS.as("l")}
join dagsmith.dag_version v on v.dag_id = l.dag_id and v.hash = l.hash
on conflict do nothing`,
};

const NEWS: Statement = { name: "run_end_news", text: dagsWithNews("dagsmith.run_end") };

/** A source of a DAG, to be read. */
interface DagSource {
  readonly dagId: string;
  readonly source: RunSource;
}

const SOURCES = rowsOf<DagSource>({
  dag_id: ["text", ({ dagId }) => dagId],
  source: ["text", ({ source }) => source.name],
  most: ["int", ({ source }) => (source.runs.length <= 1 ? MOST_ENDS : null)],
});

// A read marks its ends as seen, so the new ends of a later read came after it.
const READ: Statement = {
  name: "run_end_read",
  text: `
update dagsmith.run_end e set is_new = false
from (
  select e.id from ${SOURCES.as("w")}, lateral (
    select id from dagsmith.run_end e
    where e.dag_id = w.dag_id and e.source = w.source order by id limit w.most
  ) e
) picked, dagsmith.dag_run r
where e.id = picked.id and r.id = e.run_id
returning e.id, e.dag_id as listener, e.source, e.state, e.at, r.dag_id, r.run_id, r.trigger`,
};

const FACTS: Statement = {
  name: "run_end_facts",
  text: `
select e.id, r.dag_id as "dagId", r.run_id as "runId", r.run_type as "runType", e.state,
  r.params, coalesce(
    (select json_object_agg(l.key, l.value) from dagsmith.dag_run_label l where l.run_id = r.id),
    '{}') as labels
from dagsmith.run_end e join dagsmith.dag_run r on r.id = e.run_id where e.id = any($1)`,
};

const DELETE: Statement = {
  name: "run_end_delete",
  text: "delete from dagsmith.run_end where id = any($1)",
};

/** A DAG with its sources. */
interface DagSources {
  readonly dagId: string;
  readonly sources: readonly RunSource[];
}

const DAGS = rowsOf<DagSources>({
  dag_id: ["text", ({ dagId }) => dagId],
  sources: ["text", ({ sources }) => sources.map(({ name }) => name).join()],
});

const DELETE_FOREIGN: Statement = {
  name: "run_end_delete_foreign",
  text: `
delete from dagsmith.run_end e using ${DAGS.as("w")}
where e.dag_id = w.dag_id and e.source <> all(string_to_array(w.sources, ','))`,
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

/** Records the DAGs whose run ends new versions wait for. */
export async function registerListeners(
  tx: Queryable,
  versions: readonly {
    readonly dagId: string;
    readonly versionHash: string;
    readonly spec: DagSpec;
  }[],
): Promise<void> {
  const listeners = versions.flatMap(({ dagId, versionHash, spec }) =>
    runSourcesOf(spec).flatMap((source) =>
      listenersOf(source).map((one) => ({ dagId, versionHash, source: source.name, ...one })),
    ),
  );
  if (listeners.length > 0) await tx.query(PUT_LISTENERS, LISTENERS.values(listeners));
}

function listenersOf({
  runs,
  any,
}: RunSource): readonly Pick<Listener, "run" | "tags" | "exclude">[] {
  if (!any) return runs.map((run) => ({ run, tags: [], exclude: [] }));
  const { states, tags, exclude } = any;
  return [{ run: { dagId: ANY_DAG, states }, tags, exclude }];
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
export async function deleteForeignEnds(tx: Queryable, dags: readonly DagSources[]): Promise<void> {
  await tx.query(DELETE_FOREIGN, DAGS.values(dags));
}

/** Deletes ends that were used. */
export async function deleteEnds(tx: Queryable, ids: readonly number[]): Promise<void> {
  await tx.query(DELETE, [ids]);
}

/** What `when` of a source sees of each end, by the id of the end. */
export async function endFacts(
  tx: Queryable,
  ends: readonly End[],
): Promise<ReadonlyMap<number, WhenRunEnd>> {
  type Row = WhenRunEnd & { id: number };
  const rows = await tx.query<Row & Record<string, unknown>>(FACTS, [ends.map(({ id }) => id)]);
  return new Map(rows.map(({ id, ...facts }) => [id, facts]));
}

/**
 * Reads the ends that wait for these sources, oldest first. They count as seen from then
 * on.
 */
export async function readEnds(
  tx: Queryable,
  sources: readonly DagSource[],
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
  const rows = await tx.query<Row>(READ, SOURCES.values(sources));
  return rows
    .map(({ dag_id: dagId, run_id: runId, ...row }) => ({ ...row, dagId, runId }))
    .toSorted((a, b) => a.id - b.id);
}
