/**
 * The environment of a process, and how a setting is read from it. An empty variable
 * counts as not set, but for DAG_SECRET_KEY.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

/** The text of the variable with this name. Null: it is not set, or empty. */
export type Setting = (name: string) => string | null;

export function settingOf(environment: Environment): Setting {
  return (name) => environment[name] || null;
}
