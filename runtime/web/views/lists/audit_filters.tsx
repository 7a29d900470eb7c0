/** The audit with its filters. All filters are part of the address. */
import type { VNode } from "preact";
import { AuditList, type AuditListProps } from "./audit.tsx";
import { FilterBox, filteredAddress } from "./filters.tsx";

/** The filters as they were typed; an empty text: no filter. */
export interface AuditFilterTexts {
  readonly user: string;
  readonly action: string;
  readonly dagId: string;
  readonly from: string;
  readonly to: string;
}

export const AUDIT_FILTERS: readonly (keyof AuditFilterTexts)[] = [
  "user",
  "action",
  "dagId",
  "from",
  "to",
];

/** An address with the filters, and more. */
export function auditAddress(
  path: string,
  filters: AuditFilterTexts,
  more: Readonly<Record<string, string>> = {},
): string {
  return filteredAddress(path, AUDIT_FILTERS, filters, more);
}

export interface FilteredAuditProps extends AuditListProps {
  /** The address without filters: that of all entries, or of those of one DAG. */
  readonly path: string;
  readonly filters: AuditFilterTexts;
  /** Why the filters were refused; null when they were not. */
  readonly problem: string | null;
}

/** The address of all entries, which has an export. */
const ALL = "/audit";

export function FilteredAudit({ path, filters, problem, ...list }: FilteredAuditProps): VNode {
  return (
    <>
      <AuditFilters filters={filters} path={path} />
      {problem !== null && (
        <p class="refused" role="alert">
          {problem}
        </p>
      )}
      <AuditList
        {...list}
        hasDag={path === ALL}
        isFiltered={AUDIT_FILTERS.some((name) => (filters[name] ?? "") !== "")}
      />
    </>
  );
}

type FiltersProps = Pick<FilteredAuditProps, "path" | "filters">;

function AuditFilters({ filters, path }: FiltersProps): VNode {
  return (
    <form class="filters" method="get" action={path}>
      <FilterBox name="user" label="Who" value={filters.user} maxLength={100} />
      <FilterBox name="action" label="Action" value={filters.action} placeholder="trigger" />
      {path === ALL && <FilterBox name="dagId" label="DAG" value={filters.dagId} maxLength={200} />}
      <FilterBox name="from" label="From" value={filters.from} type="date" />
      <FilterBox name="to" label="to" value={filters.to} type="date" />
      <button type="submit" class="button">
        Filter
      </button>
      <a class="button ghost" href={path}>
        Reset
      </a>
      {path === ALL && <Exports filters={filters} />}
    </form>
  );
}

function Exports({ filters }: Pick<FilteredAuditProps, "filters">): VNode {
  return (
    <>
      <span class="grow" />
      <a class="button" href={auditAddress("/audit/export", filters, { format: "csv" })} download>
        CSV
      </a>
      <a class="button" href={auditAddress("/audit/export", filters, { format: "jsonl" })} download>
        JSON lines
      </a>
    </>
  );
}
