/**
 * Properties that the runtime reads and that no public type shows, so that authors of
 * DAGs see only what they may use. The key is shared by all copies of the package: a DAG
 * that another copy made can still be read.
 */

/** Writes and reads one hidden property. */
export interface Hidden<Owner extends object, Value> {
  /** Writes the property, once for an owner. */
  readonly set: (owner: Owner, value: Value) => void;
  /** Reads the property. */
  readonly of: (owner: Owner) => Value;
}

/**
 * Declares a hidden property.
 * @example const definition = hidden<TaskRef<unknown>, TaskDefinition>("definition");
 */
export function hidden<Owner extends object, Value>(name: string): Hidden<Owner, Value> {
  const key = Symbol.for(`dagsmith.${name}`);
  return {
    set: (owner, value) => void Object.defineProperty(owner, key, { value }),
    of: (owner) => (owner as { readonly [key]: Value })[key] as Value,
  };
}
