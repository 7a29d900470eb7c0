/** The connection type `docker`: a registry of images, and how to log in to it. */
import { type Connection, connectionType, DagsmithError } from "dagsmith";
import { z } from "zod";

/** A login as engines take it. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
  /** The registry, with its port where it has one. */
  readonly serveraddress: string;
}

const fields = z.object({
  host: z
    .string("is missing: write the name of the registry")
    .meta({ title: "Registry", description: "Such as ghcr.io." }),
  port: z.int().min(1).max(65_535).optional().meta({ title: "Port" }),
  login: z.string("is missing: write the name of the user").meta({ title: "Login" }),
  password: z
    .string("is missing: write the password or the token")
    .meta({ title: "Password or token", writeOnly: true }),
});

/** The connection type `docker`. Its test asks the container engine to log in. */
export const dockerConnection = connectionType({
  id: "docker",
  title: "Registry of container images",
  example: "docker://robot:secret@ghcr.io",
  fields: fields.transform(
    ({ host, port, login, password }): RegistryLogin => ({
      ...{ username: login, password },
      serveraddress: port === undefined ? host : `${host}:${port}`,
    }),
  ),
  test: async (login, { signal }) => {
    const { openEngine, reasonOf } = await import("./engine.ts");
    const { client } = await openEngine(signal);
    await client.checkAuth(login).catch((error: unknown) => {
      throw new Error(
        `The engine cannot log in to the registry ${login.serveraddress}: ${reasonOf(error)}`,
      );
    });
    return `Registry ${login.serveraddress}, logged in as ${login.username}`;
  },
});

/**
 * The login that a connection holds.
 * @throws DagsmithError WRONG_CONNECTION_TYPE, INVALID_CONNECTION
 */
export function loginOf(connection: Connection): RegistryLogin {
  const { id, type: found } = connection;
  if (dockerConnection.ids.includes(found)) return dockerConnection.read(connection);
  throw new DagsmithError("WRONG_CONNECTION_TYPE", { id, found, expected: "docker" });
}
