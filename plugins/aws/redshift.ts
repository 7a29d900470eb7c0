/**
 * What tasks see of a Redshift warehouse: the contract between the hook and its client.
 */
import type { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import type { Sql } from "dagsmith";

/**
 * Runs statements and waits for their end, asking first after 100 ms and then every 2 s
 * at most. When the try is aborted, the statement is cancelled on the server and the call
 * rejects. A statement that fails rejects with the text of the server.
 *
 * Texts and dates are bound; numbers, booleans and null become literals. Lists cannot be
 * bound.
 */
export interface Redshift {
  /**
   * The rows of a statement, all pages of them. Whole numbers beyond 2^53 lose digits on
   * the way; cast them to varchar.
   */
  query<Row extends object = Readonly<Record<string, unknown>>>(
    statement: Sql,
  ): Promise<readonly Row[]>;
  /** How many rows a statement inserted, updated, deleted or read. */
  execute(statement: Sql): Promise<{ readonly rowCount: number }>;
  /** Runs up to 40 statements in one transaction. @returns the row count of each */
  batch(statements: readonly Sql[]): Promise<readonly { readonly rowCount: number }[]>;
  /** The SDK's client, for everything else. */
  readonly client: RedshiftDataClient;
}

/** Which database, and as whom: the fields that every request repeats. */
export interface RedshiftTarget {
  readonly Database: string;
  readonly ClusterIdentifier?: string;
  readonly WorkgroupName?: string;
  readonly DbUser?: string;
  readonly SecretArn?: string;
}
