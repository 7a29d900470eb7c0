/** The version of a row that an editor has read, so that no change is lost. */

/** Null: any version. 0: the row must not exist yet. */
export type ExpectedVersion = number | null;

/**
 * The condition of an insert: a row that another editor has deleted is not made again.
 * @param parameter the number of the parameter with the expected version
 */
export function isExpected(table: string, key: string, parameter: number): string {
  const version = `$${parameter}::int`;
  return `(${version} is null or ${version} = 0 or exists (
  select from dagsmith.${table} where ${key} = $1 and version = ${version}))`;
}
