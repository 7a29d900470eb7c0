/** The actions of people and of the scheduler, newest first, each in a sentence. */
import type { VNode } from "preact";
import type { AuditRow } from "../../../store/reads/audit.ts";
import { auditText } from "../../../words/audit_text.ts";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";
import { PagedTable } from "./paged_table.tsx";

/** Most characters of an entry's detail that the page shows. */
const SHOWN_DETAIL = 300;

export interface AuditListProps {
  readonly entries: readonly AuditRow[];
  /** The address of older entries; null when there are none. */
  readonly older: string | null;
  /** Whether the DAG of each entry is shown. */
  readonly hasDag?: boolean;
  /**
   * Whether the reader may see details: they hold values of events and answers, which
   * tasks have as outputs.
   */
  readonly hasDetail: boolean;
  /** Whether filters leave entries out. Default: false. */
  readonly isFiltered?: boolean;
}

export function AuditList(props: AuditListProps): VNode {
  const { entries, older, hasDag = false, hasDetail, isFiltered = false } = props;
  if (entries.length === 0)
    return <p class="nothing">{isFiltered ? "The filters find no action." : "No actions yet."}</p>;
  return (
    <PagedTable columns={["At", "Who", "What", hasDag && "DAG", "Run"]} next={older}>
      {entries.map((entry) => (
        <Row entry={entry} hasDag={hasDag} hasDetail={hasDetail} />
      ))}
    </PagedTable>
  );
}

interface RowProps {
  readonly entry: AuditRow;
  readonly hasDag: boolean;
  readonly hasDetail: boolean;
}

function Row({ entry, hasDag, hasDetail }: RowProps): VNode {
  const { at, actor, dagId, runId } = entry;
  const detail = hasDetail ? JSON.stringify(entry.detail) : "{}";
  return (
    <tr>
      <td>
        <Time at={at} />
      </td>
      <td>{actor}</td>
      <th scope="row" title={detail === "{}" ? undefined : detail.slice(0, SHOWN_DETAIL)}>
        {auditText(entry)}
      </th>
      {hasDag && (
        <td>
          {dagId !== null && (
            <a href={`/dags/${dagId}`}>
              <Id text={dagId} />
            </a>
          )}
        </td>
      )}
      <td>
        {dagId !== null && runId !== null && (
          <a href={`/dags/${dagId}/runs/${encodeURIComponent(runId)}`}>
            <Id text={runId} />
          </a>
        )}
      </td>
    </tr>
  );
}
