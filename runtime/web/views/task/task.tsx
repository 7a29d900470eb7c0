/**
 * One task of one run: its state and reason, its tries, its XComs, its log; for a mapped
 * task its instances.
 */
import type { VNode } from "preact";
import type { TaskState } from "../../../state/task_state.ts";
import type { CalledRun } from "../../../store/reads/calls.ts";
import { INSTANCES_PER_PAGE, type InstanceRow } from "../../../store/reads/instances.ts";
import type { CallbackPage } from "../../read/read_callbacks.ts";
import type { ShownTry, TaskView } from "../../read/read_task.ts";
import { DagCrumbs } from "../frame/crumbs.tsx";
import { Callbacks } from "../lists/callbacks.tsx";
import { MappedProgress } from "../lists/mapped_progress.tsx";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";
import { State, Warnings } from "../parts/state.tsx";
import { StartedAndTook } from "../parts/time.tsx";
import { type CodePlace, codeAddress, Stack } from "../values/code_link.tsx";
import { Files } from "./files.tsx";
import { Log } from "./log.tsx";
import { Members } from "./members.tsx";
import { Question, type TaskQuestion } from "./question.tsx";
import { SetState, Steps } from "./remembered.tsx";
import { Rendered } from "./rendered.tsx";
import { TaskButtons } from "./task_buttons.tsx";
import { Inputs, Value } from "./values.tsx";

/** States by which instances are often filtered. */
const INSTANCE_FILTERS = ["failed", "running", "queued", "success"] as const;

export interface TaskProps extends TaskView {
  /** The state that the instances are filtered by; null: all. */
  readonly state: TaskState | null;
  /** Null without an instance. */
  readonly callbacks: CallbackPage | null;
  readonly token: string | undefined;
  /** Null for a task that asks no question. */
  readonly question: TaskQuestion | null;
}

export function TaskPage(props: TaskProps): VNode {
  const { run, task, instance, tries, shownTry, xcoms, log, instances } = props;
  const here = `/runs/${run.id}/tasks/${task.taskId}`;
  const mapIndex = instance && instance.mapIndex >= 0 ? instance.mapIndex : null;
  return (
    <>
      <DagCrumbs dagId={run.dagId}>
        <a href={`/runs/${run.id}`} title={run.runId}>
          <RunTitle run={run} />
        </a>
        {mapIndex !== null && (
          <a href={here}>
            <Id text={task.taskId} />
          </a>
        )}
      </DagCrumbs>
      <div id="task-head" data-live>
        <div class="title">
          <h1>
            <Id text={task.taskId} />
            {mapIndex !== null && ` [${mapIndex}]${instance?.label ? ` ${instance.label}` : ""}`}
          </h1>
          <State state={instance?.state ?? task.state} />
          <Warnings
            count={task.warning && (instance === null || instance.state === "failed") ? 1 : 0}
          />
          <span class="grow" />
          {props.token !== undefined && (
            <TaskButtons run={run} taskId={task.taskId} mapIndex={mapIndex} />
          )}
        </div>
        {mapIndex === null && <MappedProgress task={task} />}
        {props.waits.length === 0 && (instance?.reason ?? task.why) !== null && (
          <p class="why">{instance?.reason ?? task.why}</p>
        )}
        {props.waits.map((reason) => (
          <p class="why">{reason}</p>
        ))}
      </div>
      {props.doc !== null && <p class="doc">{props.doc}</p>}
      <p class="faint about">
        <code>{props.operator}</code> ·{" "}
        <a href={codeAddress(run.dagId, run.version, props.declared)} title="The code that ran">
          <code>{props.declared}</code>
        </a>{" "}
        · <a href={`/dags/${run.dagId}/tasks/${task.taskId}`}>Last runs</a>
        {instance?.item != null && (
          <>
            {" "}
            · item <code>{instance.item}</code>
          </>
        )}
      </p>
      {props.question && (
        <div id="question" data-live>
          <Question {...props.question} />
        </div>
      )}
      {props.called && <Called run={props.called} />}
      {tries.length > 0 && (
        <Tries
          tries={tries}
          shown={shownTry}
          here={mapIndex === null ? here : `${here}/${mapIndex}`}
          of={run}
        />
      )}
      <Rendered fields={props.rendered} />
      <Inputs inputs={props.inputs} runId={run.id} />
      <div id="xcoms" data-live>
        {xcoms.map((xcom) => (
          <Value name={xcom.key === "return_value" ? "Output" : xcom.key} value={xcom} />
        ))}
      </div>
      <Steps steps={props.steps} />
      <SetState values={props.setState} />
      {instance && <Files files={props.files} instanceId={instance.id} />}
      {props.members && <Members members={props.members} />}
      {log && <Log {...log} />}
      {props.callbacks && <Callbacks {...props.callbacks} runId={null} />}
      {task.mapped && mapIndex === null && (
        <Instances rows={instances} here={here} more={moreOf(props, here)} />
      )}
    </>
  );
}

function Called({ run: { run, dagId, runId, state } }: { readonly run: CalledRun }): VNode {
  return (
    <p id="called" data-live>
      {"Called run "}
      <a href={`/runs/${run}`}>
        <Id text={runId} />
      </a>
      {" of "}
      <Id text={dagId} /> <State state={state} />
    </p>
  );
}

/** The address of the next page of instances; null on the last. */
function moreOf({ next, state }: TaskProps, here: string): string | null {
  if (next === null) return null;
  return `${here}?after=${next}${state === null ? "" : `&state=${state}`}`;
}

function Tries({
  tries,
  shown,
  here,
  of,
}: {
  readonly tries: readonly ShownTry[];
  readonly shown: number;
  readonly here: string;
  readonly of: CodePlace;
}): VNode {
  const error = tries.find((one) => one.tryNumber === shown)?.error;
  return (
    <section id="tries" data-live aria-label="Tries">
      <table class="list tries">
        <thead>
          <tr>
            <th>Try</th>
            <th>State</th>
            <th>Started</th>
            <th>Duration</th>
            <th>Worker</th>
            <th>Reason</th>
          </tr>
        </thead>
        <tbody>
          {tries.map((one) => (
            <tr aria-current={one.tryNumber === shown ? "true" : undefined}>
              <th scope="row">
                <a href={`${here}?try=${one.tryNumber}`}>{one.tryNumber}</a>
              </th>
              <td>
                <State state={one.state} />
              </td>
              <StartedAndTook startedAt={one.startedAt} finishedAt={one.finishedAt} />
              <td class="faint">{one.workerId}</td>
              <td>{one.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {error && (
        <div class="errors">
          <h2>
            <i class="glyph" aria-hidden="true" />
            {error.name}: {error.message.split("\n")[0]}
          </h2>
          <Stack text={error.stack || error.message} of={of} />
        </div>
      )}
    </section>
  );
}

function Instances({
  rows,
  here,
  more,
}: {
  readonly rows: readonly InstanceRow[];
  readonly here: string;
  readonly more: string | null;
}): VNode {
  return (
    <section id="instances" data-live aria-label="Instances">
      <nav class="chips" aria-label="Filter">
        <a href={here}>all</a>
        {INSTANCE_FILTERS.map((state) => (
          <a href={`${here}?state=${state}`}>{state}</a>
        ))}
      </nav>
      <table class="list">
        <thead>
          <tr>
            <th>Index</th>
            <th>State</th>
            <th>Item</th>
            <th>Try</th>
            <th>Started</th>
            <th>Duration</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr data-key={String(row.mapIndex)}>
              <th scope="row">
                <a href={`${here}/${row.mapIndex}`}>{row.mapIndex}</a>
                {row.label !== null && <p>{row.label}</p>}
              </th>
              <td>
                <State state={row.state} />
                {row.reason !== null && <p>{row.reason}</p>}
              </td>
              <td>
                <code class="item">{row.item}</code>
              </td>
              <td>{row.tryNumber}</td>
              <StartedAndTook startedAt={row.startedAt} finishedAt={row.finishedAt} />
            </tr>
          ))}
        </tbody>
      </table>
      {more !== null && (
        <p class="pages">
          <a class="button" href={more}>
            Next {INSTANCES_PER_PAGE}
          </a>
        </p>
      )}
    </section>
  );
}
