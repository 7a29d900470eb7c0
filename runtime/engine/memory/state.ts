/** State in memory, for one run of `dag test`. */
import type { Json } from "../../../sdk/json.ts";
import type { StateEntry } from "../../../sdk/task/state_store.ts";

interface Change {
  /** As it is stored: `dag:orders`. */
  readonly scope: string;
  readonly key: string;
  /** Null for a value that was deleted. */
  readonly json: string | null;
}

/** Values by scope and key. */
export class MemoryState {
  readonly #entries = new Map<string, Map<string, StateEntry>>();

  get(scope: string, key: string): string | null {
    const entry = this.#entries.get(scope)?.get(key);
    return entry === undefined ? null : JSON.stringify(entry.value);
  }

  list(scope: string, prefix: string): readonly StateEntry[] {
    return [...(this.#entries.get(scope)?.values() ?? [])]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Every value, with its scope as it is stored. */
  all(): readonly (StateEntry & { readonly scope: string })[] {
    return [...this.#entries].flatMap(([scope, entries]) =>
      [...entries.values()].map((entry) => ({ ...entry, scope })),
    );
  }

  /** @param at when it changes, ISO 8601 */
  change({ scope, key, json }: Change, at: string): void {
    const entries = this.#entries.get(scope) ?? new Map<string, StateEntry>();
    this.#entries.set(scope, entries);
    const revision = (entries.get(key)?.revision ?? 0) + 1;
    if (json === null) entries.delete(key);
    else entries.set(key, { key, value: JSON.parse(json) as Json, revision, updatedAt: at });
  }
}
