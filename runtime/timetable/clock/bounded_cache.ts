/**
 * A cache of fixed size, so that a process that runs for months does not grow with every
 * expression and year it has seen.
 */
export class BoundedCache<Value> {
  readonly #values = new Map<string, Value>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  /**
   * The value of `key`, made if it is missing. The oldest value makes room, and is made
   * again when it is needed.
   */
  get(key: string, make: () => Value): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = make();
    const oldest = this.#values.keys().next();
    if (this.#values.size >= this.#size && !oldest.done) this.#values.delete(oldest.value);
    this.#values.set(key, value);
    return value;
  }
}
