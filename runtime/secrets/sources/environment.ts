/** DAG_CONN_<ID> and DAG_VAR_<KEY> of the environment. */
import { type Connection, parseConnection } from "../../../sdk/connection.ts";
import type { EnvironmentSecrets } from "../../config/environment_secrets.ts";
import type { SecretSource } from "./source.ts";

export function environmentSource(environment: EnvironmentSecrets): SecretSource {
  return {
    name: "environment",
    connection: async (id): Promise<Connection | null> => {
      const text = environment.connection(id);
      return text === null ? null : parseConnection(id, text);
    },
    variable: async (key) => environment.variable(key),
    names: async () => ({
      connections: [...environment.connections.keys()].map((name) => name.toLowerCase()),
      variables: [...environment.variables.keys()].map((name) => name.toLowerCase()),
    }),
  };
}
