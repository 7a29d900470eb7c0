/** The audit log of the whole deployment. */
import type { VNode } from "preact";
import { AuditList, type AuditListProps } from "../parts/audit.tsx";

export interface AuditPageProps extends AuditListProps {
  /** The DAG that the entries are filtered by; empty: all. */
  readonly dag: string;
}

export function AuditPage({ dag, ...list }: AuditPageProps): VNode {
  return (
    <>
      <div class="title">
        <h1>Audit</h1>
      </div>
      <form class="filters" method="get" action="/audit">
        <label>
          <span>DAG</span>
          <input type="text" name="dagId" value={dag} maxLength={200} />
        </label>
        <button type="submit" class="button">
          Filter
        </button>
        <a class="button ghost" href="/audit">
          Reset
        </a>
      </form>
      <AuditList {...list} hasDag />
    </>
  );
}
