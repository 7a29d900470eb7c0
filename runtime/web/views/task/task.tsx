/**
 * One task of one run: its state and reason, its tries, its XComs, its log; for a mapped
 * task its instances.
 */
import type { VNode } from "preact";
import type { TaskState } from "../../../state/task_state.ts";
import type { CalledRun } from "../../../store/reads/calls.ts";
import type { CallbackPage } from "../../read/read_callbacks.ts";
import type { TaskView } from "../../read/read_task.ts";
import { DagCrumbs } from "../frame/crumbs.tsx";
import { Callbacks } from "../lists/callbacks.tsx";
import { MappedProgress } from "../lists/mapped_progress.tsx";
import { Id } from "../parts/id.tsx";
import { RunTitle } from "../parts/run_title.tsx";
import { State, Warnings } from "../parts/state.tsx";
import { codeAddress } from "../values/code_link.tsx";
import { Files } from "./files.tsx";
import { Instances } from "./instances.tsx";
import { Log } from "./log.tsx";
import { Members } from "./members.tsx";
import { Question, type TaskQuestion } from "./question.tsx";
import { SetState, Steps } from "./remembered.tsx";
import { Rendered } from "./rendered.tsx";
import { TaskButtons } from "./task_buttons.tsx";
import { Tries } from "./tries.tsx";
import { Inputs, Value } from "./values.tsx";

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
  const { run, task, instance, tries, shownTry, log, instances } = props;
  const here = `/runs/${run.id}/tasks/${task.taskId}`;
  const mapIndex = instance && instance.mapIndex >= 0 ? instance.mapIndex : null;
  const logOf = log && <Log {...log} />;
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
      {isLogFirst(props) && logOf}
      <Values {...props} />
      {!isLogFirst(props) && logOf}
      {props.callbacks && <Callbacks {...props.callbacks} runId={null} />}
      {task.mapped && mapIndex === null && (
        <Instances rows={instances} here={here} next={props.next} state={props.state} />
      )}
    </>
  );
}

/** People look for the reason of a failure in the log, and for values after a success. */
function isLogFirst({ tries, shownTry }: TaskProps): boolean {
  return tries.find(({ tryNumber }) => tryNumber === shownTry)?.state !== "success";
}

/** What the try got, ran and left. */
function Values({ run, instance, xcoms, ...props }: TaskProps): VNode {
  return (
    <>
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
