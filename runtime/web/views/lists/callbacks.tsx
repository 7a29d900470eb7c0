/** The callbacks of a run, its deadlines and its tasks, and how they ended. */
import type { VNode } from "preact";
import type { CallbackPage, ShownCallback } from "../../read/read_callbacks.ts";
import { Id } from "../parts/id.tsx";
import { State } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { PagedTable } from "./paged_table.tsx";

export interface CallbacksProps extends CallbackPage {
  /**
   * The number of the run on the page of the run; null on the page of one instance, which
   * shows only its own callbacks.
   */
  readonly runId: number | null;
}

/** Empty without callbacks: most runs have none. */
export function Callbacks({ callbacks, older, runId }: CallbacksProps): VNode {
  return (
    <section id="callbacks" data-live aria-label="Callbacks">
      {callbacks.length > 0 && (
        <>
          <h2 class="above">Callbacks</h2>
          <PagedTable
            columns={[
              "Event",
              runId !== null && "Of",
              "Try",
              "State",
              "Attempts",
              "Queued",
              "Ended",
              "Remark",
            ]}
            next={older}
          >
            {callbacks.map((callback) => (
              <Row callback={callback} runId={runId} />
            ))}
          </PagedTable>
        </>
      )}
    </section>
  );
}

function Row({
  callback,
  runId,
}: {
  readonly callback: ShownCallback;
  readonly runId: number | null;
}): VNode {
  const { event, ordinal, tryNumber, state, attempts, createdAt, finishedAt, reason, failure } =
    callback;
  return (
    <tr>
      <th scope="row">{event === "deadline" ? `deadline ${ordinal + 1}` : event}</th>
      {runId !== null && (
        <td>
          <Of callback={callback} runId={runId} />
        </td>
      )}
      <td class="number">{tryNumber}</td>
      <td>
        <State state={state} />
      </td>
      <td class="number">{attempts}</td>
      <td>
        <Time at={createdAt} />
      </td>
      <td>
        <Time at={finishedAt} />
      </td>
      <td>
        {reason !== null && <p>{reason}</p>}
        {failure !== null && <p class="bad">{failure}</p>}
      </td>
    </tr>
  );
}

function Of({
  callback: { taskId, mapIndex },
  runId,
}: {
  readonly callback: ShownCallback;
  readonly runId: number;
}): VNode {
  if (taskId === null) return <>the run</>;
  const index = mapIndex === null || mapIndex < 0 ? null : mapIndex;
  const href = `/runs/${runId}/tasks/${taskId}${index === null ? "" : `/${index}`}`;
  return (
    <a href={href}>
      <Id text={index === null ? taskId : `${taskId} [${index}]`} />
    </a>
  );
}
