/**
 * One run: its dates and params, its graph, and its tasks with their times drawn to one
 * scale.
 */
import type { ComponentChildren, VNode } from "preact";
import type { RunTrigger } from "../../../../sdk/sources/trigger.ts";
import type { DagSpec } from "../../../../sdk/spec/index.ts";
import type { CallingTask } from "../../../store/reads/calls.ts";
import type { RunNeighbours } from "../../../store/reads/run_neighbours.ts";
import type { RunDetail } from "../../../store/reads/runs.ts";
import type { GraphLayout } from "../../graph/graph_layout.ts";
import type { Folds } from "../../groups/folded_groups.ts";
import type { CallbackPage } from "../../read/read_callbacks.ts";
import type { RunTask } from "../../read/run_tasks.ts";
import { DagCrumbs } from "../frame/crumbs.tsx";
import { Graph } from "../graph/graph.tsx";
import { Callbacks } from "../lists/callbacks.tsx";
import { Fact } from "../parts/fact.tsx";
import { PostButton } from "../parts/form.tsx";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";
import { State, Warnings } from "../parts/state.tsx";
import { Time, Took } from "../parts/time.tsx";
import { codeAddress } from "../values/code_link.tsx";
import { JsonValue } from "../values/json_value.tsx";
import { Annotations } from "./annotations.tsx";
import { MadeBy } from "./made_by.tsx";
import { RunButtons } from "./run_buttons.tsx";
import { TaskTable } from "./task_table.tsx";

export interface RunProps {
  readonly run: RunDetail;
  readonly spec: DagSpec;
  readonly tasks: readonly RunTask[];
  readonly trigger: RunTrigger | null;
  readonly caller: CallingTask | null;
  readonly neighbours: RunNeighbours;
  /** Whether the reader may open the pages of assets. */
  readonly linksAssets: boolean;
  readonly layout: GraphLayout | null;
  readonly folds: Folds;
  readonly callbacks: CallbackPage;
  /** JSON text. */
  readonly params: string;
  readonly token: string | undefined;
  readonly now: Date;
}

export function RunPage({
  run,
  spec,
  tasks,
  trigger,
  caller,
  neighbours,
  linksAssets,
  layout,
  folds,
  callbacks,
  params,
  token,
  now,
}: RunProps): VNode {
  const states = new Map(tasks.map((task) => [task.taskId, task.state]));
  return (
    <>
      <DagCrumbs dagId={run.dagId} />
      <div class="title" id="run-head" data-live>
        <h1>
          <RunTitle run={run} />
        </h1>
        <State state={run.state} />
        <Warnings count={run.warnings} />
        <Neighbours {...neighbours} run={run.id} />
        <span class="grow" />
        {token !== undefined && <RunButtons run={run} token={token} />}{" "}
        {token !== undefined && run.finishedAt === null && (
          <PostButton
            action={`/runs/${run.id}/cancel`}
            token={token}
            class="button danger"
            confirm="Cancel this run? Running tasks are stopped and fail; tasks that have not started are skipped."
          >
            Cancel
          </PostButton>
        )}
      </div>
      <RunFacts run={run} params={params}>
        {trigger !== null && (
          <Fact name="Created by">
            <MadeBy trigger={trigger} caller={caller} linksAssets={linksAssets} />
          </Fact>
        )}
      </RunFacts>
      <Annotations run={run} token={token} />
      <div id="graph" data-live>
        <Graph
          layout={layout}
          spec={spec}
          stateOf={(taskId) => states.get(taskId) ?? "none"}
          hrefOf={(taskId) => `/runs/${run.id}/tasks/${taskId}`}
        />
      </div>
      <section id="tasks" data-live aria-label="Tasks">
        <TaskTable run={run} spec={spec} tasks={tasks} folds={folds} now={now} />
      </section>
      <Callbacks {...callbacks} runId={run.id} />
    </>
  );
}

/** The runs of the DAG before and after this one. */
function Neighbours({
  run,
  previous,
  next,
}: RunNeighbours & { readonly run: number }): VNode | null {
  if (previous === null && next === null) return null;
  return (
    <nav class="neighbours" aria-label="Other runs">
      {previous !== null && (
        <>
          <a rel="prev" href={`/runs/${previous}`}>
            Previous run
          </a>
          <a href={`/runs/${run}/compare`}>Compare</a>
        </>
      )}
      {next !== null && (
        <a rel="next" href={`/runs/${next}`}>
          Next run
        </a>
      )}
    </nav>
  );
}

interface RunFactsProps {
  readonly run: RunDetail;
  readonly params: string;
  /** What created it. */
  readonly children: ComponentChildren;
}

function RunFacts({ run, params, children }: RunFactsProps): VNode {
  return (
    <dl class="facts" id="run-facts" data-live>
      <Fact name="Run">
        <code>
          <Id text={run.runId} />
        </code>
      </Fact>
      {children}
      <Fact name="Logical date">
        <Time at={run.logicalDate} />
      </Fact>
      <Fact name="Data interval">
        <Time at={run.dataIntervalStart} /> → <Time at={run.dataIntervalEnd} />
      </Fact>
      {run.partitionKey !== null && (
        <Fact name="Partition">
          <code>{run.partitionKey}</code>
        </Fact>
      )}
      <Fact name="Started">
        <Time at={run.startedAt} />
      </Fact>
      <Fact name="Duration">
        <Took from={run.startedAt} to={run.finishedAt} />
      </Fact>
      <Fact name="Version">
        <a href={codeAddress(run.dagId, run.version)} title="The code that ran">
          {run.version}
        </a>
      </Fact>
      {run.reason !== null && <Fact name="Reason">{run.reason}</Fact>}
      {params !== "{}" && (
        <Fact name="Params">
          <JsonValue text={params} />
        </Fact>
      )}
    </dl>
  );
}
