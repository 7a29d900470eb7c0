/** Connections and variables that the environment gives, and how their names are made. */
import type { Environment } from "./environment.ts";

/** Connections and variables given by the environment; they win over stored ones. */
export interface EnvironmentSecrets {
  /** JSON or URI, as written. */
  connection(id: string): string | null;
  variable(key: string): string | null;
  /** Every DAG_CONN_* and DAG_VAR_*, by the part of the name behind the prefix. */
  readonly connections: ReadonlyMap<string, string>;
  readonly variables: ReadonlyMap<string, string>;
}

export const CONNECTION_PREFIX = "DAG_CONN_";
export const VARIABLE_PREFIX = "DAG_VAR_";

/** The variable that sets a connection: `DAG_CONN_MY_LAKE` for `my-lake`. */
export function connectionVariable(id: string): string {
  return `${CONNECTION_PREFIX}${suffix(id)}`;
}

/** The variable that sets a variable: `DAG_VAR_REGION` for `region`. */
export function variableVariable(key: string): string {
  return `${VARIABLE_PREFIX}${suffix(key)}`;
}

function suffix(id: string): string {
  return id.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}

export function environmentSecrets(environment: Environment): EnvironmentSecrets {
  const connections = withPrefix(environment, CONNECTION_PREFIX);
  const variables = withPrefix(environment, VARIABLE_PREFIX);
  return {
    connections,
    variables,
    connection: (id) => connections.get(suffix(id)) ?? null,
    variable: (key) => variables.get(suffix(key)) ?? null,
  };
}

function withPrefix(environment: Environment, prefix: string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(environment).flatMap(([name, value]) =>
      name.startsWith(prefix) && value ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}
