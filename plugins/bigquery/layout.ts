/** How tables are stored: their partitions, and the order of their rows. Pure. */
import { FailTask } from "dagsmith";
import type { BigqueryColumn, TableLayout } from "./session.ts";

/** A table that is there, as the API describes it. */
export interface StoredTable extends StoredLayout {
  readonly schema?: { readonly fields?: readonly BigqueryColumn[] };
}

interface StoredLayout {
  readonly timePartitioning?: { readonly type: string; readonly field?: string };
  readonly rangePartitioning?: { readonly field?: string };
  readonly clustering?: { readonly fields: readonly string[] };
}

/** A layout as the API takes it. */
export function layoutOf({ partitionBy, clusterBy = [] }: TableLayout): StoredLayout {
  return {
    ...(partitionBy && { timePartitioning: { type: "DAY", field: partitionBy } }),
    ...(clusterBy.length > 0 && { clustering: { fields: clusterBy } }),
  };
}

/**
 * BigQuery changes no layout, not even for a load that replaces the table.
 * @throws FailTask when a layout is wanted that the table does not have
 */
export function refuseOtherLayout(table: string, stored: StoredTable, wanted: TableLayout): void {
  const [found, given] = [inWords(stored), inWords(layoutOf(wanted))];
  if (given === NO_LAYOUT || found === given) return;
  throw new FailTask(
    `BigQuery load: the table ${table} has ${found}, the load asks for ${given}, and BigQuery changes no layout: drop the table first, or leave out partitionBy and clusterBy`,
  );
}

const NO_LAYOUT = "no layout";

function inWords({ timePartitioning, rangePartitioning, clustering }: StoredLayout): string {
  const { type = "DAY", field = "_PARTITIONTIME" } = timePartitioning ?? {};
  const words = [
    ...(timePartitioning ? [`partitions by ${type} of ${field}`] : []),
    ...(rangePartitioning ? [`partitions by ranges of ${rangePartitioning.field}`] : []),
    ...(clustering ? [`clusters by ${clustering.fields.join(", ")}`] : []),
  ];
  return words.join(" and ") || NO_LAYOUT;
}
