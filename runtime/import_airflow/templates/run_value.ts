/** Values that are known only in a run, as TypeScript over the context of a task. */

export interface RunValue {
  readonly text: string;
  readonly type: "text" | "number" | "date" | "json";
  /** Names of the task's context that it uses. */
  readonly uses: readonly string[];
  readonly isAsync: boolean;
}

export function runValue(
  text: string,
  type: RunValue["type"],
  uses: readonly string[],
  isAsync = false,
): RunValue {
  return { text, type, uses, isAsync };
}

/** The same value through more code. */
export function changed(
  value: RunValue,
  text: string,
  type: RunValue["type"] = value.type,
): RunValue {
  return { ...value, text, type };
}

/** The value as a text. */
export function asText(value: RunValue): string {
  if (value.type === "text") return value.text;
  return value.type === "date" ? `${value.text}.toISO()` : `String(${value.text})`;
}

/** A function of the context: `({ params }) => …`. */
export function contextFunction(body: string, values: readonly RunValue[]): string {
  const uses = [...new Set(values.flatMap((value) => value.uses))].sort();
  const isAsync = values.some((value) => value.isAsync);
  const argument = uses.length === 0 ? "()" : `({ ${uses.join(", ")} })`;
  return `${isAsync ? "async " : ""}${argument} => ${body}`;
}
