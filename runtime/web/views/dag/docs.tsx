/** What the DAG file says in `doc`: of the DAG, of its groups and of its tasks. */
import type { VNode } from "preact";
import type { DagSpec } from "../../../../sdk/spec/index.ts";
import { Id } from "../parts/id.tsx";
import { Markdown } from "../values/markdown.tsx";

export function Docs({ spec: { doc, groups = [], tasks } }: { readonly spec: DagSpec }): VNode {
  const parts = [
    ...groups.map((group) => ({ id: group.groupId, doc: group.doc })),
    ...tasks.map((task) => ({ id: task.taskId, doc: task.doc })),
  ].filter((part): part is Part => part.doc !== null);
  if (doc === undefined && parts.length === 0)
    return (
      <p class="nothing">
        This DAG has no docs. Write Markdown in <code>doc</code> of the DAG or of a task.
      </p>
    );
  return (
    <article class="docs">
      {doc !== undefined && <Markdown text={doc} />}
      {parts.map((part) => (
        <PartDoc {...part} />
      ))}
    </article>
  );
}

interface Part {
  readonly id: string;
  readonly doc: string;
}

function PartDoc({ id, doc }: Part): VNode {
  return (
    <section>
      <h2>
        <Id text={id} />
      </h2>
      <Markdown text={doc} />
    </section>
  );
}
