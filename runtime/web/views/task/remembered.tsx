/** What a task instance remembers: its steps, and the state that it set. */
import type { VNode } from "preact";
import type { StateRow, StepRow } from "../../read/read_state.ts";
import { Time, Took } from "../parts/time.tsx";
import { JsonFold } from "../values/json_fold.tsx";

export function Steps({ steps }: { readonly steps: readonly StepRow[] }): VNode {
  return (
    <section id="steps" data-live aria-label="Steps">
      {steps.length > 0 && (
        <table class="list">
          <thead>
            <tr>
              <th>Step</th>
              <th>Result</th>
              <th>Try</th>
              <th>Started</th>
              <th>Duration</th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step) => (
              <tr>
                <th scope="row">{step.name}</th>
                <td>
                  <JsonFold value={step.result} bytes={step.bytes} />
                </td>
                <td class="number">{step.tryNumber}</td>
                <td>
                  <Time at={step.startedAt} />
                </td>
                <td class="number">
                  <StepTook step={step} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function StepTook({ step: { state, startedAt, finishedAt } }: { readonly step: StepRow }): VNode {
  if (state === "unfinished") return <span>did not end</span>;
  if (state !== "sleeping") return <Took from={startedAt} to={finishedAt} />;
  return (
    <span>
      {"sleeps until "}
      <Time at={finishedAt} ahead />
    </span>
  );
}

export function SetState({ values }: { readonly values: readonly StateRow[] }): VNode {
  return (
    <section id="set-state" data-live aria-label="State">
      {values.length > 0 && (
        <table class="list">
          <thead>
            <tr>
              <th>State</th>
              <th>Value</th>
              <th>Of</th>
              <th>Set</th>
            </tr>
          </thead>
          <tbody>
            {values.map(({ scope, key, value, bytes, updatedAt }) => (
              <tr>
                <th scope="row">{key}</th>
                <td>
                  <JsonFold value={value} bytes={bytes} />
                </td>
                <td>
                  <code>{ownerOf(scope)}</code>
                </td>
                <td>
                  <Time at={updatedAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** `the DAG`, `the task`, or the name of a scope that DAGs share. */
function ownerOf(scope: string): string {
  if (scope.startsWith("dag:")) return "the DAG";
  return scope.startsWith("task:") ? "the task" : scope;
}
