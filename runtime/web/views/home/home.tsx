/** The list of DAGs, with files that could not be imported on top. */
import type { VNode } from "preact";
import {
  DAG_FILTERS,
  type DagFilter,
  type DagOverview,
  type DagQuery,
} from "../../../store/reads/dags.ts";
import type { ImportErrorRow } from "../../../store/reads/import_errors.ts";
import { schedulesText } from "../../../timetable/schedule_text.ts";
import { PauseSwitch } from "../parts/form.tsx";
import { State } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { RunBars } from "./bars.tsx";

export interface HomeProps {
  readonly dags: readonly DagOverview[];
  readonly counts: Readonly<Record<DagFilter, number>>;
  readonly importErrors: readonly ImportErrorRow[];
  readonly query: DagQuery;
  /** Absent: the page only shows. */
  readonly token: string | undefined;
}

export function Home({ dags, counts, importErrors, query, token }: HomeProps): VNode {
  return (
    <>
      <div id="import-errors" data-live>
        {importErrors.length > 0 && <ImportErrors errors={importErrors} />}
      </div>
      <div class="title">
        <h1>DAGs</h1>
        <Filters counts={counts} query={query} />
        <Search query={query} />
      </div>
      <div id="dags" data-live>
        {dags.length === 0 ? (
          <Nothing isFresh={counts.all === 0} />
        ) : (
          <DagTable dags={dags} token={token} />
        )}
        {dags.length === query.limit && (
          <p class="pages">
            <a class="button" href={address(query, { after: dags.at(-1)?.dagId ?? "" })}>
              Next {query.limit}
            </a>
          </p>
        )}
      </div>
    </>
  );
}

function ImportErrors({ errors }: { readonly errors: readonly ImportErrorRow[] }): VNode {
  return (
    <section class="errors" aria-label="Import errors">
      <h2>
        <i class="glyph" aria-hidden="true" />
        {errors.length === 1
          ? "1 file cannot be imported"
          : `${errors.length} files cannot be imported`}
      </h2>
      {errors.map((error) => (
        <details>
          <summary>
            <code>{error.line === null ? error.file : `${error.file}:${error.line}`}</code>{" "}
            <span>{error.message.split("\n")[0]}</span>
          </summary>
          <pre>{error.stack === "" ? error.message : `${error.message}\n\n${error.stack}`}</pre>
          <p class="faint">
            {error.code} · <Time at={error.happenedAt} /> · the last version that could be imported
            goes on
          </p>
        </details>
      ))}
    </section>
  );
}

function Filters({
  counts,
  query,
}: {
  readonly counts: HomeProps["counts"];
  readonly query: DagQuery;
}): VNode {
  return (
    <nav class="chips" aria-label="Filter">
      {DAG_FILTERS.map((filter) => (
        <a
          class={filter}
          href={address(query, { filter, after: "" })}
          aria-current={filter === query.filter ? "page" : undefined}
        >
          {filter} <b>{counts[filter]}</b>
        </a>
      ))}
      {query.tag !== null && (
        <a
          href={address(query, { tag: null, after: "" })}
          title="Show all tags"
          aria-current="page"
        >
          tag: {query.tag} <b aria-hidden="true">×</b>
        </a>
      )}
    </nav>
  );
}

function Search({ query }: { readonly query: DagQuery }): VNode {
  return (
    <search>
      <form class="search" method="get" action="/">
        {query.filter !== "all" && <input type="hidden" name="filter" value={query.filter} />}
        {query.tag !== null && <input type="hidden" name="tag" value={query.tag} />}
        <input
          type="search"
          name="q"
          value={query.search ?? ""}
          placeholder="Find a DAG"
          aria-label="Find a DAG"
          maxLength={200}
          data-search
        />
      </form>
    </search>
  );
}

function DagTable({
  dags,
  token,
}: {
  readonly dags: readonly DagOverview[];
  readonly token: string | undefined;
}): VNode {
  return (
    <table class="list dags">
      <thead>
        <tr>
          <th>Schedule on</th>
          <th>DAG</th>
          <th>Last 14 runs</th>
          <th>Last run</th>
          <th>Schedule</th>
          <th>Next run</th>
          <th>
            <span class="hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {dags.map((dag) => (
          <DagRow dag={dag} token={token} />
        ))}
      </tbody>
    </table>
  );
}

function DagRow({
  dag,
  token,
}: {
  readonly dag: DagOverview;
  readonly token: string | undefined;
}): VNode {
  const last = dag.runs.at(-1);
  return (
    <tr>
      <td>
        <PauseSwitch dagId={dag.dagId} isPaused={dag.isPaused} token={token} />
      </td>
      <th scope="row">
        <a href={`/dags/${dag.dagId}`}>{dag.dagId}</a>
        {dag.tags.map((tag) => (
          <a class="tag" href={`/?tag=${encodeURIComponent(tag)}`}>
            {tag}
          </a>
        ))}
        {dag.description !== null && <p>{dag.description}</p>}
      </th>
      <td>
        <RunBars dagId={dag.dagId} runs={dag.runs} />
      </td>
      <td>
        {last ? (
          <a class="plain" href={`/runs/${last.id}`}>
            <State state={last.state} />
          </a>
        ) : (
          <span class="faint">no runs yet</span>
        )}
      </td>
      <td>
        <code>{schedulesText(dag.schedules, dag.assets, dag.on)}</code>
        {dag.scheduleError !== null && <p class="bad">{dag.scheduleError}</p>}
      </td>
      <td>
        {dag.isPaused ? <span class="faint">paused</span> : <Time at={dag.nextRunAfter} ahead />}
        {dag.pauseReason !== null && <p class="bad">{dag.pauseReason}</p>}
      </td>
      <td>
        {token !== undefined && (
          <a class="button small" href={`/dags/${dag.dagId}/trigger`}>
            Trigger
          </a>
        )}
      </td>
    </tr>
  );
}

function Nothing({ isFresh }: { readonly isFresh: boolean }): VNode {
  if (!isFresh) return <p class="nothing">No DAG matches.</p>;
  return (
    <p class="nothing">
      No DAGs are deployed yet. Deploy a folder of them with <code>dag deploy</code>, or run{" "}
      <code>dag dev</code> in it.
    </p>
  );
}

/** The address of the list with something changed. */
function address(query: DagQuery, change: Partial<DagQuery>): string {
  const { filter, tag, search, after } = { ...query, ...change };
  const found = new URLSearchParams();
  if (filter !== "all") found.set("filter", filter);
  if (tag !== null) found.set("tag", tag);
  if (search !== null) found.set("q", search);
  if (after !== "") found.set("after", after);
  return found.size === 0 ? "/" : `/?${found}`;
}
