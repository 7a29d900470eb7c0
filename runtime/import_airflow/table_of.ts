/**
 * A table of what Airflow names. It has no prototype: a Python file may also name
 * `constructor` or `toString`, which every other object has.
 */
export function tableOf<Value>(
  entries: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  return Object.assign(Object.create(null), entries);
}
