/** The client of the BigQuery hook. Apart from the hook, so that a DAG file loads none. */
import type { BigQuery } from "@google-cloud/bigquery";
import { FailTask, type Sql } from "dagsmith";
import { type GoogleRequest, jsonBody } from "dagsmith/plugins/google";
import { type BigqueryJobs, type Job, type JobWork, placeOf } from "./jobs.ts";
import { layoutOf, type StoredTable } from "./layout.ts";
import { datasetOf, type TableReference, tableOf } from "./names.ts";
import { boundStatement } from "./parameters.ts";
import { type FieldSchema, type Row, rowOf } from "./rows.ts";
import type {
  Bigquery,
  BigqueryColumn,
  QueryOptions,
  StatementResult,
  TableLayout,
} from "./session.ts";

const JSON_TYPE = { "content-type": "application/json" };
/** It is there already. */
const EXISTS = 409;

interface ResultPage {
  readonly schema?: { readonly fields?: readonly FieldSchema[] };
  readonly rows?: readonly Row[];
  readonly pageToken?: string;
}

/** A {@link Bigquery} as the operators of this plugin use it. */
export class BigqueryClient implements Bigquery {
  readonly client: BigQuery;
  readonly jobs: BigqueryJobs;

  constructor(client: BigQuery, jobs: BigqueryJobs) {
    this.client = client;
    this.jobs = jobs;
  }

  async query<RowType extends object>(
    statement: Sql,
    options?: QueryOptions,
  ): Promise<readonly RowType[]> {
    const { jobReference } = await this.jobs.run(queryOf(statement, options), options);
    const rows: object[] = [];
    for await (const page of this.#pages(jobReference))
      for (const row of page.rows ?? []) rows.push(rowOf(row, page.schema?.fields ?? []));
    return rows as RowType[];
  }

  async execute(statement: Sql, options?: QueryOptions): Promise<StatementResult> {
    const job = await this.jobs.run(queryOf(statement, options), options);
    const { dmlStats, numDmlAffectedRows } = job.statistics?.query ?? {};
    return {
      rowCount: Number(numDmlAffectedRows ?? (await this.#resultSize(job))),
      inserted: Number(dmlStats?.insertedRowCount ?? 0),
      updated: Number(dmlStats?.updatedRowCount ?? 0),
      bytes: bytesOf(job),
    };
  }

  async dryRun(statement: Sql, options?: QueryOptions): Promise<{ readonly bytes: number }> {
    const { configuration } = queryOf(statement, options);
    const { location } = options ?? {};
    const answer = await this.#post(`BigQuery dry run`, "jobs", {
      configuration: { ...configuration, dryRun: true },
      ...(location && { jobReference: { projectId: this.jobs.project, location } }),
    });
    return { bytes: bytesOf(jsonBody(answer)) };
  }

  async createDataset(name: string, { location }: { readonly location?: string } = {}) {
    const datasetReference = datasetOf(name, this.jobs.project);
    const body = { datasetReference, ...(location && { location }) };
    const place = `BigQuery create dataset ${name}`;
    await this.#post(place, "datasets", body, datasetReference.projectId);
  }

  async createTable(name: string, columns: readonly BigqueryColumn[], layout: TableLayout = {}) {
    await this.createTableWith(name, { schema: { fields: columns }, ...layoutOf(layout) });
  }

  /** @param body the table as the API describes it */
  async createTableWith(name: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    const tableReference = this.reference(name);
    const { projectId, datasetId } = tableReference;
    const path = `datasets/${datasetId}/tables`;
    const place = `BigQuery create table ${name}`;
    await this.#post(place, path, { tableReference, ...body }, projectId);
  }

  async columns(table: string): Promise<readonly BigqueryColumn[] | null> {
    const stored = await this.stored(table);
    return stored && (stored.schema?.fields ?? []);
  }

  /** Null when there is no such table. */
  async stored(table: string): Promise<StoredTable | null> {
    const request = { path: this.#tablePath(table), expected: [404] };
    const answer = await this.jobs.session.send(`BigQuery read table ${table}`, request);
    return answer.status === 404 ? null : jsonBody<StoredTable>(answer);
  }

  async dropTable(table: string): Promise<void> {
    const request = { method: "DELETE", path: this.#tablePath(table), expected: [404] };
    await this.jobs.session.send(`BigQuery drop table ${table}`, request);
  }

  /** The table as the API names it. */
  reference(table: string): TableReference {
    return tableOf(table, this.jobs.project);
  }

  close(): void {
    this.jobs.session.close();
  }

  #tablePath(table: string): string {
    const { projectId, datasetId, tableId } = this.reference(table);
    return `bigquery/v2/projects/${projectId}/datasets/${datasetId}/tables/${tableId}`;
  }

  #post(place: string, path: string, body: object, project = this.jobs.project) {
    const request: GoogleRequest = {
      ...{ method: "POST", path: `bigquery/v2/projects/${project}/${path}`, headers: JSON_TYPE },
      ...{ body: JSON.stringify(body), expected: [EXISTS] },
    };
    return this.jobs.session.send(place, request);
  }

  async #resultSize({ jobReference }: Job): Promise<number> {
    const query = { maxResults: "0", ...locationOf(jobReference) };
    const request = { path: this.#resultPath(jobReference.jobId), query };
    const answer = await this.jobs.session.send(placeOf("query"), request);
    return Number(jsonBody<{ totalRows?: string }>(answer).totalRows ?? 0);
  }

  async *#pages(reference: Job["jobReference"]): AsyncGenerator<ResultPage> {
    const format = { "formatOptions.useInt64Timestamp": "true" };
    let pageToken: string | undefined;
    do {
      const query = { ...format, ...locationOf(reference), ...(pageToken && { pageToken }) };
      const request = { path: this.#resultPath(reference.jobId), query };
      const page: ResultPage = jsonBody(await this.jobs.session.send(placeOf("query"), request));
      yield page;
      pageToken = page.pageToken;
    } while (pageToken);
  }

  #resultPath(jobId: string): string {
    return `bigquery/v2/projects/${this.jobs.project}/queries/${jobId}`;
  }
}

function queryOf(statement: Sql, { maxBytesBilled }: QueryOptions = {}): JobWork {
  const { text, parameters } = boundStatement(statement);
  if (maxBytesBilled !== undefined && !(Number.isSafeInteger(maxBytesBilled) && maxBytesBilled > 0))
    throw new FailTask(
      `BigQuery: maxBytesBilled is ${maxBytesBilled}: give a whole number above 0, or none`,
    );
  const query = {
    ...{ query: text, useLegacySql: false },
    ...(parameters.length > 0 && { parameterMode: "POSITIONAL", queryParameters: parameters }),
    ...(maxBytesBilled !== undefined && { maximumBytesBilled: String(maxBytesBilled) }),
  };
  return { verb: "query", configuration: { query } };
}

const locationOf = ({ location }: Job["jobReference"]): { readonly location?: string } =>
  location ? { location } : {};

function bytesOf({ statistics }: Job): number {
  return Number(statistics?.query?.totalBytesProcessed ?? statistics?.totalBytesProcessed ?? 0);
}
