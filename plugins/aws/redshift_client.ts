/**
 * The client of the Redshift hook, on the AWS SDK. Apart from the hook, so that a DAG
 * file does not load the SDK.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  type DescribeStatementResponse,
  ExecuteStatementCommand,
  type Field,
  paginateGetStatementResult,
  RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import { FailTask, type Json, type Sql } from "dagsmith";
import { awsError } from "./aws_error.ts";
import type { AwsConfig } from "./config.ts";
import { lateSignal } from "./late_signal.ts";
import type { Redshift, RedshiftTarget } from "./redshift.ts";
import { renderStatements } from "./redshift_statement.ts";

const MAX_ATTEMPTS = 5;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
const MAX_BATCH = 40;
/** Opens a client. `signal` cancels what runs. */
export function openRedshift(
  config: AwsConfig,
  target: RedshiftTarget,
  signal: AbortSignal,
): Redshift {
  return new DataApiRedshift(
    new RedshiftDataClient({ ...config, maxAttempts: MAX_ATTEMPTS }),
    target,
    signal,
  );
}

class DataApiRedshift implements Redshift {
  readonly client: RedshiftDataClient;
  readonly #target: RedshiftTarget;
  readonly #signal: AbortSignal;
  readonly #late: AbortSignal;

  constructor(client: RedshiftDataClient, target: RedshiftTarget, signal: AbortSignal) {
    this.client = client;
    this.#target = target;
    this.#signal = signal;
    this.#late = lateSignal(signal);
  }

  async query<Row extends object>(statement: Sql): Promise<readonly Row[]> {
    const { Id, HasResultSet } = await this.#run(statement);
    if (!HasResultSet) return [];
    const rows: Row[] = [];
    for await (const { Records = [], ColumnMetadata = [] } of paginateGetStatementResult(
      { client: this.client },
      { Id },
    )) {
      for (const record of Records)
        rows.push(
          Object.fromEntries(
            record.map((field, index) => [nameOf(ColumnMetadata[index]), jsonOf(field)]),
          ) as Row,
        );
    }
    return rows;
  }

  async execute(statement: Sql): Promise<{ readonly rowCount: number }> {
    return { rowCount: rowCount(await this.#run(statement)) };
  }

  async batch(statements: readonly Sql[]): Promise<readonly { readonly rowCount: number }[]> {
    if (statements.length === 0) return [];
    if (statements.length > MAX_BATCH)
      throw new FailTask(
        `Redshift takes ${MAX_BATCH} statements in one transaction; these are ${statements.length}`,
      );
    const { texts, parameters } = renderStatements(statements);
    const { SubStatements = [] } = await this.#finished(() =>
      this.client.send(
        new BatchExecuteStatementCommand({
          ...this.#target,
          Sqls: [...texts],
          ...(parameters.length > 0 && { Parameters: [...parameters] }),
        }),
        { abortSignal: this.#late },
      ),
    );
    return statements.map((_, index) => ({ rowCount: rowCount(SubStatements[index] ?? {}) }));
  }

  #run(statement: Sql): Promise<DescribeStatementResponse> {
    const { texts, parameters } = renderStatements([statement]);
    return this.#finished(() =>
      this.client.send(
        new ExecuteStatementCommand({
          ...this.#target,
          Sql: texts[0],
          ...(parameters.length > 0 && { Parameters: [...parameters] }),
        }),
        { abortSignal: this.#late },
      ),
    );
  }

  async #finished(
    submit: () => Promise<{ readonly Id?: string | undefined }>,
  ): Promise<DescribeStatementResponse> {
    this.#signal.throwIfAborted();
    try {
      // Not cut short at once by an abort: without its id, a statement that was submitted
      // could not be cancelled.
      const { Id } = await submit();
      return await this.#wait(Id);
    } catch (error) {
      throw this.#signal.aborted
        ? this.#signal.reason
        : awsError("Redshift", systemOf(this.#target), error);
    }
  }

  async #wait(Id: string | undefined): Promise<DescribeStatementResponse> {
    try {
      for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 1.5, LONGEST_WAIT_MS)) {
        const statement = await this.client.send(new DescribeStatementCommand({ Id }), {
          abortSignal: this.#signal,
        });
        if (statement.Status === "FINISHED") return statement;
        if (statement.Status === "FAILED" || statement.Status === "ABORTED")
          throw new Error(failureOf(statement));
        await sleep(wait, undefined, { signal: this.#signal });
      }
    } catch (error) {
      if (this.#signal.aborted)
        await this.client
          .send(new CancelStatementCommand({ Id }), { abortSignal: this.#late })
          .catch(() => {});
      throw error;
    }
  }
}

function systemOf({ Database, ClusterIdentifier, WorkgroupName }: RedshiftTarget): string {
  return `the Redshift Data API (${ClusterIdentifier ?? WorkgroupName}, database ${Database})`;
}

/** The statement itself is left out: it may hold the credentials of a COPY. */
function failureOf({
  Status,
  Error: reason,
  SubStatements = [],
}: DescribeStatementResponse): string {
  const index = SubStatements.findIndex(({ Status }) => Status === "FAILED");
  const which = index < 0 ? "the statement" : `statement ${index + 1} of ${SubStatements.length}`;
  return Status === "ABORTED"
    ? `Redshift: ${which} was cancelled`
    : `Redshift: ${which} failed: ${reason ?? SubStatements[index]?.Error ?? "no reason given"}`;
}

function rowCount({ ResultRows }: { readonly ResultRows?: number | undefined }): number {
  return Math.max(0, ResultRows ?? 0);
}

function nameOf(
  column: { readonly label?: string | undefined; readonly name?: string | undefined } | undefined,
): string {
  return column?.label ?? column?.name ?? "?";
}

function jsonOf(field: Field): Json {
  if (field.isNull) return null;
  const { stringValue, longValue, doubleValue, booleanValue, blobValue } = field;
  return (
    stringValue ??
    longValue ??
    doubleValue ??
    booleanValue ??
    (blobValue ? Buffer.from(blobValue).toString("base64") : null)
  );
}
