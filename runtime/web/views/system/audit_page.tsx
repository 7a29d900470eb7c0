/** The audit log of the whole deployment. */
import type { VNode } from "preact";
import { AuditList, type AuditListProps } from "../parts/audit.tsx";
import { AuditFilters, type AuditFilterTexts } from "./audit_filters.tsx";

export interface AuditPageProps extends AuditListProps {
  readonly filters: AuditFilterTexts;
  /** Why the filters were refused; null when they were not. */
  readonly problem: string | null;
}

export function AuditPage({ filters, problem, ...list }: AuditPageProps): VNode {
  return (
    <>
      <div class="title">
        <h1>Audit</h1>
      </div>
      <AuditFilters filters={filters} />
      {problem !== null && (
        <p class="refused" role="alert">
          {problem}
        </p>
      )}
      <AuditList {...list} hasDag />
    </>
  );
}
