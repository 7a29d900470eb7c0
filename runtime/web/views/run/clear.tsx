/**
 * The form that clears tasks of a run: its first button shows the instances before they
 * are cleared.
 */
import type { VNode } from "preact";
import type { ClearedRun } from "../../../actions/index.ts";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { DagCrumbs } from "../frame/crumbs.tsx";
import { InstanceRows, instancesText } from "../lists/instance_rows.tsx";
import { Field } from "../parts/field.tsx";
import { RunTitle } from "../parts/run_title.tsx";

export interface ClearProps {
  readonly run: RunDetail;
  readonly taskIds: readonly string[];
  readonly sent: Readonly<Record<string, string>>;
  readonly error: string | null;
  readonly preview: readonly ClearedRun[] | null;
  readonly token: string;
}

const FLAGS = [
  { name: "downstream", label: "With downstream tasks" },
  { name: "upstream", label: "With upstream tasks" },
  { name: "onlyFailed", label: "Only failed" },
  { name: "latest", label: "With the latest version" },
] as const;

export function ClearPage({ run, taskIds, sent, error, preview, token }: ClearProps): VNode {
  const instances = (preview ?? []).flatMap((cleared) => cleared.instances);
  return (
    <>
      <DagCrumbs dagId={run.dagId}>
        <a href={`/runs/${run.id}`} title={run.runId}>
          <RunTitle run={run} />
        </a>
      </DagCrumbs>
      <form class="sheet" method="post" action={`/runs/${run.id}/clear`}>
        <input type="hidden" name="_form" value={token} />
        <h1>
          Clear tasks of <RunTitle run={run} />
        </h1>
        <p class="faint">
          They run again. Their earlier tries stay in the history; their outputs and XComs are
          deleted.
        </p>
        {error !== null && (
          <p class="refused" role="alert">
            {error}
          </p>
        )}
        <Field label="Task" hint={null}>
          <select name="taskId">
            <option value="">all tasks</option>
            {taskIds.map((taskId) => (
              <option value={taskId} selected={taskId === sent.taskId}>
                {taskId}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Item" hint="Map index of one instance. Empty for all.">
          <input
            type="text"
            inputMode="numeric"
            name="mapIndex"
            value={sent.mapIndex ?? ""}
            maxLength={10}
          />
        </Field>
        {FLAGS.map(({ name, label }) => (
          <p>
            <label>
              <input type="checkbox" name={name} value="on" checked={sent[name] === "on"} /> {label}
            </label>
          </p>
        ))}
        <p>
          <button type="submit" class="button primary" name="do" value="preview">
            Show the instances first
          </button>{" "}
          {preview !== null && (
            <button type="submit" class="button danger" name="do" value="clear">
              Clear
            </button>
          )}{" "}
          <a class="button" href={`/runs/${run.id}`}>
            Back
          </a>
        </p>
        {preview !== null && <p>{instancesText(instances.length)} would be cleared.</p>}
        <InstanceRows instances={instances} />
      </form>
    </>
  );
}
