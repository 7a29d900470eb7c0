/** What is known of a source of messages: its fault, its last message, its unreadable ones. */
import type { VNode } from "preact";
import type { DagDetail } from "../../../store/reads/dags.ts";
import { Fact } from "../parts/fact.tsx";
import { Time } from "../parts/time.tsx";

export interface MessageSourceProps {
  readonly dag: DagDetail;
  readonly name: string;
}

export function MessageSource({ dag, name }: MessageSourceProps): VNode {
  const state = dag.messageSources.find((one) => one.name === name);
  const unreadable = state?.unreadable ?? 0;
  return (
    <Fact name={`Messages of ${name}`}>
      {state?.error ? <span class="bad">{state.error}</span> : <Reading dag={dag} />}
      {state?.receivedAt && (
        <>
          {" · last message "}
          <Time at={new Date(state.receivedAt)} />
        </>
      )}
      {unreadable > 0 && (
        <div class="bad">
          {`${unreadable} could not be read, last ${state?.lastUnreadable ?? ""}`}
        </div>
      )}
    </Fact>
  );
}

function Reading({ dag: { isPaused, removedAt } }: Pick<MessageSourceProps, "dag">): VNode {
  return <>{isPaused || removedAt ? "wait in their queue while the DAG is paused" : "are read"}</>;
}
