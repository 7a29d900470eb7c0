/** The XComs of one run in memory: by task and key, a value for each map index. */
import type { Json } from "../../../sdk/json.ts";

export class MemoryXComs {
  readonly #values = new Map<string, Map<number, Json>>();

  set(taskId: string, mapIndex: number, key: string, value: Json): void {
    const name = nameOf(taskId, key);
    const values = this.#values.get(name) ?? new Map<number, Json>();
    this.#values.set(name, values.set(mapIndex, value));
  }

  get(taskId: string, mapIndex: number, key: string): Json | undefined {
    return this.#values.get(nameOf(taskId, key))?.get(mapIndex);
  }

  /** The values of all instances of a task, in map order. */
  list(taskId: string, key: string): readonly Json[] {
    const values = [...(this.#values.get(nameOf(taskId, key)) ?? [])];
    return values.sort(([a], [b]) => a - b).map(([, value]) => value);
  }

  /** Deletes all values of one instance. */
  delete(taskId: string, mapIndex: number): void {
    for (const [name, values] of this.#values)
      if (name.startsWith(`${taskId} `)) values.delete(mapIndex);
  }
}

/** A task id has no space in it, so no two tasks share a name. */
function nameOf(taskId: string, key: string): string {
  return `${taskId} ${key}`;
}
