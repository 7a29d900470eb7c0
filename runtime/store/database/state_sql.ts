/** SQL about states: lists of states, and columns whose value depends on a state. */

/** Columns of a row and their values, as SQL. */
export type ColumnValues<Column extends string = string> = Readonly<Record<Column, string>>;

/** The condition that a state is one of these. */
export function isOneOf(state: string, states: readonly string[]): string {
  const names = states.map((name) => `'${name}'`);
  return names.length === 1 ? `${state} = ${names}` : `${state} in (${names.join(", ")})`;
}

/**
 * The columns of a row whose state the statement knows only when it runs.
 * @param state the state as SQL
 * @param states those that it may be
 * @param columnsFor the columns of one state
 */
export function columnsByState<State extends string, Column extends string>(
  state: string,
  states: readonly State[],
  columnsFor: (state: State) => ColumnValues<Column>,
): ColumnValues<Column> {
  const all = states.map((one) => ({ one, columns: columnsFor(one) }));
  const names = Object.keys(all[0]?.columns ?? {}) as Column[];
  const values = names.map((name) => {
    const statesOf = Map.groupBy(all, ({ columns }) => columns[name]);
    return [name, caseOf(state, statesOf)] as const;
  });
  return Object.fromEntries(values) as ColumnValues<Column>;
}

/** The value that most states have comes last, as the `else`. */
function caseOf<State extends string>(
  state: string,
  statesOf: ReadonlyMap<string, readonly { readonly one: State }[]>,
): string {
  const values = [...statesOf].toSorted(([, some], [, more]) => some.length - more.length);
  const [usual] = values.pop() ?? ["null"];
  if (values.length === 0) return usual;
  const cases = values.map(
    ([value, of]) =>
      `when ${isOneOf(
        state,
        of.map(({ one }) => one),
      )} then ${value}`,
  );
  return `case ${cases.join(" ")} else ${usual} end`;
}

/**
 * The set list of an update. Columns that keep their values are not in it.
 * @param row the alias of the row that is updated
 */
export function setList(row: string, columns: ColumnValues): string {
  return Object.entries(columns)
    .filter(([name, value]) => value !== `${row}.${name}`)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ");
}
