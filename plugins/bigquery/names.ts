/** Names of tables, datasets and labels. Pure. */
import { FailTask, identifier, type Sql } from "dagsmith";

/** A table as the API names it. */
export interface TableReference extends DatasetReference {
  readonly tableId: string;
}

export interface DatasetReference {
  readonly projectId: string;
  readonly datasetId: string;
}

const MAX_LABEL = 63;

/**
 * @param name `dataset.table` or `project.dataset.table`
 * @param project the default
 */
export function tableOf(name: string, project: string): TableReference {
  const [tableId = "", datasetId = "", projectId = project] = name.split(".").reverse();
  if (!tableId || !datasetId || name.split(".").length > 3)
    throw new FailTask(
      `BigQuery: "${name}" names no table: write dataset.table or project.dataset.table`,
    );
  return { projectId, datasetId, tableId };
}

/** @param name `dataset` or `project.dataset` */
export function datasetOf(name: string, project: string): DatasetReference {
  const [datasetId = "", projectId = project] = name.split(".").reverse();
  if (!datasetId || name.split(".").length > 2)
    throw new FailTask(`BigQuery: "${name}" names no dataset: write dataset or project.dataset`);
  return { projectId, datasetId };
}

/** The name of a table in a statement. */
export const tableName = (name: string): Sql => identifier(...name.split("."));

/** Backslashes begin escapes within backticks. */
export const quoteName = (part: string): string => `\`${part.replace(/[\\`]/g, "\\$&")}\``;

/** Labels with the characters and lengths that BigQuery takes. */
export function labelsOf(given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [labelText(name), labelText(value)]),
  );
}

const labelText = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{Ll}\p{Lo}\p{N}_-]/gu, "_")
    .slice(0, MAX_LABEL);
