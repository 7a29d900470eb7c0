/** The way from the list of DAGs to a page about a DAG. */
import type { ComponentChildren, VNode } from "preact";
import { Id } from "../parts/id.tsx";

export interface DagCrumbsProps {
  readonly dagId: string;
  /** Links behind the DAG. Default: none. */
  readonly children?: ComponentChildren;
}

export function DagCrumbs({ dagId, children }: DagCrumbsProps): VNode {
  return (
    <nav class="crumbs" aria-label="Breadcrumb">
      <a href="/">DAGs</a>
      <a href={`/dags/${dagId}`}>
        <Id text={dagId} />
      </a>
      {children}
    </nav>
  );
}
