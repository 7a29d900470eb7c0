/**
 * One file for each secret, as Docker, Kubernetes and systemd mount them. A file is named
 * like the environment variable: `/run/secrets/DAG_CONN_LAKE`.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Connection, parseConnection } from "../../../sdk/connection.ts";
import {
  CONNECTION_PREFIX,
  connectionVariable,
  VARIABLE_PREFIX,
  variableVariable,
} from "../../config/environment_secrets.ts";
import { type SecretSource, sourceFailed } from "./source.ts";

const MAX_BYTES = 1024 * 1024;

/** The secrets in a folder. It may appear later, and its files may change. */
export function fileSource(folder: string): SecretSource {
  const connection = async (id: string, name: string): Promise<Connection | null> => {
    const text = await readSecret(folder, name, { kind: "connection", id });
    return text === null ? null : parseConnection(id, text);
  };
  const variable = (key: string, name: string): Promise<string | null> =>
    readSecret(folder, name, { kind: "variable", id: key });
  return {
    name: "files",
    connection: (id) => connection(id, connectionVariable(id)),
    variable: (key) => variable(key, variableVariable(key)),
    names: async () => {
      const names = await readdir(folder).catch(() => []);
      const after = (prefix: string): readonly string[] =>
        names
          .filter((name) => name.startsWith(prefix))
          .map((name) => name.slice(prefix.length).toLowerCase());
      return { connections: after(CONNECTION_PREFIX), variables: after(VARIABLE_PREFIX) };
    },
    readable: async () => {
      const names = await readdir(folder).catch(() => []);
      const connections = names
        .filter((name) => name.startsWith(CONNECTION_PREFIX))
        .map((name) => connection(name, name).catch(() => null));
      const variables = names
        .filter((name) => name.startsWith(VARIABLE_PREFIX))
        .map(async (name) => [name, await variable(name, name).catch(() => null)] as const);
      return {
        connections: (await Promise.all(connections)).filter((one) => one !== null),
        variables: new Map(
          (await Promise.all(variables)).flatMap(([name, value]) =>
            value === null ? [] : [[name, value] as const],
          ),
        ),
      };
    },
  };
}

/** Without the line end at its end, which editors and `echo` add. */
async function readSecret(
  folder: string,
  name: string,
  owner: Parameters<typeof sourceFailed>[1],
): Promise<string | null> {
  const file = join(folder, name);
  try {
    if ((await stat(file)).size > MAX_BYTES)
      throw sourceFailed("files", owner, `${file} is larger than ${MAX_BYTES} bytes`);
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    if (code === "SECRET_SOURCE_FAILED") throw error;
    throw sourceFailed("files", owner, `${file} cannot be read (${code})`);
  }
}
