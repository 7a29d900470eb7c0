/** What a word finds: one list of links, on a page of its own and in the palette. */
import type { ComponentChildren, VNode } from "preact";
import type { Found } from "../../read/read_search.ts";
import type { Place } from "../frame/places.ts";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";
import { State } from "../parts/state.tsx";

export interface SearchPageProps extends Found {
  readonly word: string;
  /** The DAGs that the reader may trigger. */
  readonly operates: ReadonlySet<string>;
  /** Those that the reader may open. */
  readonly places: readonly Place[];
}

export function SearchPage(props: SearchPageProps): VNode {
  return (
    <>
      <div class="title">
        <h1>Search</h1>
      </div>
      <form class="search" method="get" action="/search">
        <input
          type="search"
          name="q"
          value={props.word}
          aria-label="Name of a DAG, task, asset or run"
          placeholder="Name of a DAG, task, asset or run"
          maxLength={200}
          autofocus
        />
        <button type="submit" class="button primary">
          Search
        </button>
      </form>
      <ul id="found" class="found">
        <Results {...props} />
      </ul>
    </>
  );
}

function Results({ word, operates, dags, tasks, assets, runs, ...more }: SearchPageProps): VNode {
  const places = more.places.filter(({ label, words }) =>
    `${label} ${words}`.toLowerCase().includes(word.toLowerCase()),
  );
  const count = dags.length + tasks.length + assets.length + runs.length + places.length;
  return (
    <>
      {count === 0 && <li class="faint">Nothing has this name.</li>}
      {dags.map(({ dagId, description }) => (
        <Result href={`/dags/${dagId}`} kind="DAG" name={<Id text={dagId} />} more={description} />
      ))}
      {dags
        .filter(({ dagId }) => operates.has(dagId))
        .slice(0, 3)
        .map(({ dagId }) => (
          <Result
            href={`/dags/${dagId}/trigger`}
            kind="Action"
            name={
              <>
                Trigger <Id text={dagId} />
              </>
            }
          />
        ))}
      {runs.map((run) => (
        <li>
          <a href={`/runs/${run.id}`}>
            <span class="kind">Run</span>
            <b>
              <Id text={run.dagId} />
            </b>
            <span class="faint">
              <RunTitle run={run} />
            </span>
            <State state={run.state} />
          </a>
        </li>
      ))}
      {tasks.map(({ dagId, taskId }) => (
        <Result
          href={`/dags/${dagId}/graph#task-${taskId}`}
          kind="Task"
          name={<Id text={taskId} />}
          more={<Id text={dagId} />}
        />
      ))}
      {assets.map(({ uri }) => (
        <Result
          href={`/data/events?uri=${encodeURIComponent(uri)}`}
          kind="Asset"
          name={<Id text={uri} />}
        />
      ))}
      {places.map(({ href, label }) => (
        <Result href={href} kind="Go to" name={label} />
      ))}
    </>
  );
}

interface ResultProps {
  readonly href: string;
  readonly kind: string;
  readonly name: ComponentChildren;
  readonly more?: ComponentChildren;
}

function Result({ href, kind, name, more = null }: ResultProps): VNode {
  return (
    <li>
      <a href={href}>
        <span class="kind">{kind}</span>
        <b>{name}</b>
        {more !== null && <span class="faint">{more}</span>}
      </a>
    </li>
  );
}
